package dev.unreset.client;

import java.time.Duration;
import java.util.List;
import java.util.random.RandomGenerator;

/// How often a failed attempt is repeated, and after which waits.
///
/// By default 3 retries after 1 s, 2 s and 4 s, each times 0.5 to 1 by chance ("equal jitter"), so
/// that clients which failed together do not come back together.
///
/// @param delays the wait before each retry, before jitter; their number is the number of retries
/// @param maxRetryAfter the longest `Retry-After` that is waited for; a longer one ends the
///   exchange
public record RetryPolicy(List<Duration> delays, Duration maxRetryAfter) {

    private static final Duration DEFAULT_MAX_RETRY_AFTER = Duration.ofSeconds(60);

    public RetryPolicy {
        delays = List.copyOf(delays);
        for (Duration delay : delays) {
            if (delay.isNegative()) {
                throw new IllegalArgumentException("delay: " + delay + " (expected: >= 0)");
            }
        }
    }

    public static RetryPolicy defaults() {
        return exponential(3);
    }

    /// No retry that costs a wait. What was provably never processed is still sent again at once.
    public static RetryPolicy none() {
        return new RetryPolicy(List.of(), DEFAULT_MAX_RETRY_AFTER);
    }

    /// `retries` retries after 1 s, 2 s, 4 s … up to 30 s.
    ///
    /// @param retries 0 to 1000
    public static RetryPolicy exponential(int retries) {
        if (retries < 0 || retries > 1000) {
            throw new IllegalArgumentException("retries: " + retries + " (expected: 0 to 1000)");
        }
        List<Duration> delays = new java.util.ArrayList<>();
        for (int retry = 0; retry < retries; retry++) {
            delays.add(Duration.ofSeconds(Math.min(30, 1L << Math.min(retry, 5))));
        }
        return new RetryPolicy(delays, DEFAULT_MAX_RETRY_AFTER);
    }

    public int retries() {
        return delays.size();
    }

    /// The wait before retry `retry`, which is 1 for the first.
    Duration delay(int retry, RandomGenerator random) {
        Duration full = delays.get(Math.min(retry, delays.size()) - 1);
        return Duration.ofNanos((long) (full.toNanos() * (0.5 + random.nextDouble() / 2)));
    }
}
