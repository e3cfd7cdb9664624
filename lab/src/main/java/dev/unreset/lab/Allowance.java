package dev.unreset.lab;

import java.util.HashMap;
import java.util.Map;

/// How many requests a second each client may make: a token bucket that holds one second's worth,
/// and at least one.
final class Allowance {

    private final double perSecond;
    private final Map<String, Bucket> buckets = new HashMap<>();

    private static final class Bucket {
        private double tokens;
        private long filledNanos;
    }

    Allowance(double perSecond) {
        this.perSecond = perSecond;
    }

    /// How many whole requests of `client` would be let through now.
    synchronized long left(String client, long nowNanos) {
        return (long) filled(client, nowNanos).tokens;
    }

    /// Takes one request of `client`; false if it comes too soon.
    synchronized boolean take(String client, long nowNanos) {
        Bucket bucket = filled(client, nowNanos);
        if (bucket.tokens < 1) {
            return false;
        }
        bucket.tokens -= 1;
        return true;
    }

    private Bucket filled(String client, long nowNanos) {
        double most = Math.max(1, perSecond);
        Bucket bucket =
                buckets.computeIfAbsent(
                        client,
                        key -> {
                            Bucket full = new Bucket();
                            full.tokens = most;
                            full.filledNanos = nowNanos;
                            return full;
                        });
        bucket.tokens =
                Math.min(most, bucket.tokens + (nowNanos - bucket.filledNanos) / 1e9 * perSecond);
        bucket.filledNanos = nowNanos;
        return bucket;
    }
}
