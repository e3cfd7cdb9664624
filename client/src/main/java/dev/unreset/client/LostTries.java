package dev.unreset.client;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// Counts the attempts in a row that brought nothing, and says how long to wait after each.
///
/// Progress anywhere in the download begins the count anew. Not thread-safe.
final class LostTries {

    private final RetryPolicy policy;
    private final RandomGenerator random;
    private int count;
    private long progressBefore;

    LostTries(RetryPolicy policy, RandomGenerator random) {
        this.policy = policy;
        this.random = random;
    }

    /// How long to wait after one more attempt without a byte; empty if it was the last one.
    ///
    /// @param progress how many bytes the whole download has got
    Optional<Duration> next(long progress) {
        if (progress > progressBefore) {
            progressBefore = progress;
            count = 0;
        }
        count++;
        return count > policy.retries()
                ? Optional.empty()
                : Optional.of(policy.delay(count, random));
    }
}
