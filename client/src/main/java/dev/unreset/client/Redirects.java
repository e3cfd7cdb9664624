package dev.unreset.client;

import dev.unreset.Origin;
import java.net.URI;
import java.util.List;
import java.util.Optional;

/// Follows redirects (RFC 9110, 15.4). Credentials stay with the origin they were meant for.
final class Redirects {

    private static final List<String> CREDENTIALS =
            List.of("Authorization", "Cookie", "Proxy-Authorization", "Idempotency-Key");

    private Redirects() {}

    /// The request that a redirect asks for; empty if the response is for the caller: it is no
    /// redirect, names no place, or would need a body that cannot be replayed.
    ///
    /// @throws IllegalArgumentException if the place is not an `http` or `https` URI
    static Optional<Request> next(Request request, int status, Headers headers) {
        Optional<String> location = headers.first("Location");
        if (location.isEmpty()) {
            return Optional.empty();
        }
        return switch (status) {
            case 301, 302 ->
                    Optional.of(
                            request.method().equals("POST")
                                    ? asGet(request, location.get())
                                    : same(request, location.get()));
            case 303 ->
                    Optional.of(
                            request.method().equals("HEAD")
                                    ? same(request, location.get())
                                    : asGet(request, location.get()));
            case 307, 308 ->
                    request.body().replayable()
                            ? Optional.of(same(request, location.get()))
                            : Optional.empty();
            default -> Optional.empty();
        };
    }

    private static Request asGet(Request request, String location) {
        Headers headers =
                request.headers()
                        .without("Content-Type")
                        .without("Content-Length")
                        .without("Content-Encoding");
        return to(request, "GET", location, headers, RequestBody.none());
    }

    private static Request same(Request request, String location) {
        return to(request, request.method(), location, request.headers(), request.body());
    }

    private static Request to(
            Request request, String method, String location, Headers headers, RequestBody body) {
        URI target = request.uri().resolve(location);
        Headers kept = headers;
        if (!Origin.of(target).equals(Origin.of(request.uri()))) {
            for (String name : CREDENTIALS) {
                kept = kept.without(name);
            }
            kept = kept.without("Host");
        }
        return request.to(method, target, kept, body);
    }
}
