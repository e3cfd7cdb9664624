package dev.unreset.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/// What the connections of one lab share: counters that rules depend on, and the log.
final class LabState {

    private final Rules rules;
    private final AtomicInteger requests = new AtomicInteger();
    private final AtomicInteger objectRequests = new AtomicInteger();
    private final AtomicInteger refused = new AtomicInteger();
    private final AtomicBoolean endedInHead = new AtomicBoolean();
    private final Optional<Allowance> allowance;
    private final List<ConnectionRecord> connections = new ArrayList<>();
    private final List<RequestRecord> requestLog = new ArrayList<>();

    LabState(Rules rules) {
        this.rules = rules;
        this.allowance =
                rules.maxRequestRate().isPresent()
                        ? Optional.of(new Allowance(rules.maxRequestRate().getAsDouble()))
                        : Optional.empty();
    }

    Rules rules() {
        return rules;
    }

    /// The number of the request that has just come, 1 for the server's first.
    int nextRequest() {
        return requests.incrementAndGet();
    }

    /// Whether a request (or connection) of this client comes too soon.
    boolean tooFast(String client) {
        return allowance.isPresent() && !allowance.get().take(client, System.nanoTime());
    }

    /// The version of the object, counting a request for it.
    int versionFor(Rules.HttpRules http) {
        int number = objectRequests.incrementAndGet();
        return http.changeAfterRequests().isPresent()
                        && number > http.changeAfterRequests().getAsInt()
                ? 1
                : 0;
    }

    /// The version of the object now.
    int version() {
        return rules.http().changeAfterRequests().isPresent()
                        && objectRequests.get() > rules.http().changeAfterRequests().getAsInt()
                ? 1
                : 0;
    }

    boolean refuses(Rules.HttpRules http) {
        return http.refuseTimes() > 0 && refused.incrementAndGet() <= http.refuseTimes();
    }

    boolean endsInHead() {
        return rules.endInHead() && endedInHead.compareAndSet(false, true);
    }

    /// What is left to `client`, as draft-ietf-httpapi-ratelimit-headers-10 says it.
    String rateLimitFields(String client) {
        long quota = (long) Math.max(1, rules.maxRequestRate().orElse(100));
        long left = allowance.map(known -> known.left(client, System.nanoTime())).orElse(quota);
        return String.format(
                Locale.ROOT,
                "RateLimit-Policy: \"lab\";q=%d;w=1\r\nRateLimit: \"lab\";r=%d;t=1\r\n",
                quota,
                left);
    }

    void note(Link link, RequestHead head, long bodyBytes, boolean executed) {
        synchronized (requestLog) {
            requestLog.add(
                    new RequestRecord(
                            link.number(),
                            head.method(),
                            head.target(),
                            head.header("Range").orElse(""),
                            head.header("If-Range").orElse(""),
                            bodyBytes,
                            executed));
        }
    }

    void note(ConnectionRecord connection) {
        synchronized (connections) {
            connections.add(connection);
        }
    }

    List<ConnectionRecord> connections() {
        synchronized (connections) {
            return List.copyOf(connections);
        }
    }

    List<RequestRecord> requestLog() {
        synchronized (requestLog) {
            return List.copyOf(requestLog);
        }
    }
}
