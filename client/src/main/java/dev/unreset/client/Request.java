package dev.unreset.client;

import dev.unreset.Origin;
import java.net.URI;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;

/// What to send.
///
/// @param method upper case
/// @param uri absolute, `http` or `https`
/// @param deadline how long the whole exchange may take, all attempts and the body included; empty:
///   the session's own
/// @param retry the retry policy; empty: the session's own
/// @param repeatable whether the caller says that this request may be executed more than once,
///   whatever its method
/// @param resume whether a broken response body is continued by Range, unseen by the caller
/// @param expectContinue whether the body waits for `100 Continue` (RFC 9110, 10.1.1)
public record Request(
        String method,
        URI uri,
        Headers headers,
        RequestBody body,
        Optional<Duration> deadline,
        Optional<RetryPolicy> retry,
        boolean repeatable,
        boolean resume,
        boolean expectContinue) {

    /// RFC 9110, 9.2.2.
    private static final Set<String> IDEMPOTENT =
            Set.of("GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE");

    public Request {
        if (method.isEmpty() || !method.chars().allMatch(c -> c > ' ' && c < 127)) {
            throw new IllegalArgumentException(
                    "method: '" + method + "' (expected: a token such as GET)");
        }
        method = method.toUpperCase(Locale.ROOT);
        // Refuses other schemes and URIs without a host at once.
        Origin.of(uri);
    }

    public static Request of(String method, URI uri) {
        return new Request(
                method,
                uri,
                Headers.none(),
                RequestBody.none(),
                Optional.empty(),
                Optional.empty(),
                false,
                true,
                false);
    }

    public static Request get(String uri) {
        return of("GET", URI.create(uri));
    }

    public static Request head(String uri) {
        return of("HEAD", URI.create(uri));
    }

    public static Request post(String uri, RequestBody body) {
        return of("POST", URI.create(uri)).withBody(body);
    }

    public static Request put(String uri, RequestBody body) {
        return of("PUT", URI.create(uri)).withBody(body);
    }

    /// This request with one more header field.
    public Request header(String name, String value) {
        return withHeaders(headers.with(name, value));
    }

    public Request withHeaders(Headers newHeaders) {
        return new Request(
                method, uri, newHeaders, body, deadline, retry, repeatable, resume, expectContinue);
    }

    public Request withBody(RequestBody newBody) {
        return new Request(
                method, uri, headers, newBody, deadline, retry, repeatable, resume, expectContinue);
    }

    public Request withDeadline(Duration newDeadline) {
        return new Request(
                method,
                uri,
                headers,
                body,
                Optional.of(newDeadline),
                retry,
                repeatable,
                resume,
                expectContinue);
    }

    public Request withRetry(RetryPolicy policy) {
        return new Request(
                method,
                uri,
                headers,
                body,
                deadline,
                Optional.of(policy),
                repeatable,
                resume,
                expectContinue);
    }

    /// This request, declared safe to execute more than once.
    public Request asRepeatable() {
        return new Request(
                method, uri, headers, body, deadline, retry, true, resume, expectContinue);
    }

    /// This request, whose response body fails when its connection does.
    public Request withoutResume() {
        return new Request(
                method, uri, headers, body, deadline, retry, repeatable, false, expectContinue);
    }

    public Request expectingContinue() {
        return new Request(method, uri, headers, body, deadline, retry, repeatable, resume, true);
    }

    Request to(String newMethod, URI newUri, Headers newHeaders, RequestBody newBody) {
        return new Request(
                newMethod,
                newUri,
                newHeaders,
                newBody,
                deadline,
                retry,
                repeatable,
                resume,
                expectContinue);
    }

    /// Whether executing the request twice is as good as once: by its method, by an
    /// `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header), or because the caller says
    /// so.
    boolean isIdempotent() {
        return repeatable || IDEMPOTENT.contains(method) || headers.contains("Idempotency-Key");
    }

    /// Method and URI without user info and query, which may be secret.
    @Override
    public String toString() {
        return method + " " + Origin.of(uri) + uri.getRawPath();
    }
}
