package dev.unreset;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/// What is known of one limit: the greatest value that worked and the least that failed.
///
/// The limit lies between the two. A value that works at or above one that failed proves that the
/// limit is gone or was never there: the failures are forgotten.
///
/// @param worked greatest value known to work; 0 if none
/// @param failed least value known to fail; positive infinity if none
/// @param failures how many failures stand behind `failed`
/// @param lastFailure when the last of them was seen; [Instant#EPOCH] if none
public record Bounds(double worked, double failed, int failures, Instant lastFailure) {

    /// Nothing known.
    public static final Bounds NONE = new Bounds(0, Double.POSITIVE_INFINITY, 0, Instant.EPOCH);

    public Bounds {
        if (!(worked >= 0)) {
            throw new IllegalArgumentException("worked: " + worked + " (expected: >= 0)");
        }
        if (!(failed >= 0)) {
            throw new IllegalArgumentException("failed: " + failed + " (expected: >= 0)");
        }
        if (failures < 0) {
            throw new IllegalArgumentException("failures: " + failures + " (expected: >= 0)");
        }
    }

    /// After `value` worked.
    public Bounds worked(double value) {
        return value >= failed
                ? new Bounds(value, Double.POSITIVE_INFINITY, 0, Instant.EPOCH)
                : new Bounds(Math.max(worked, value), failed, failures, lastFailure);
    }

    /// After `value` failed at `now`. A smaller value that was known to work is no longer trusted
    /// if it is not below `value`.
    public Bounds failed(double value, Instant now) {
        return new Bounds(worked < value ? worked : 0, Math.min(failed, value), failures + 1, now);
    }

    /// These bounds, without failures last seen longer than `age` ago.
    public Bounds aged(Instant now, Duration age) {
        return lastFailure.plus(age).isBefore(now)
                ? new Bounds(worked, Double.POSITIVE_INFINITY, 0, Instant.EPOCH)
                : this;
    }

    /// The least value known to fail; empty if none is.
    public Optional<Double> limit() {
        return failures == 0 ? Optional.empty() : Optional.of(failed);
    }
}
