package dev.unreset.client;

import java.time.Duration;
import java.util.OptionalLong;

/// Keeps all connections of a download together below a number of bytes a second. Thread-safe.
final class ByteRate {

    private final OptionalLong bytesPerSecond;
    private long freeNanos;
    private boolean started;

    ByteRate(OptionalLong bytesPerSecond) {
        this.bytesPerSecond = bytesPerSecond;
    }

    /// Counts `bytes`; how long to wait after them, from `now`.
    synchronized Duration taken(int bytes, long now) {
        if (bytesPerSecond.isEmpty()) {
            return Duration.ZERO;
        }
        if (!started || freeNanos - now < 0) {
            started = true;
            freeNanos = now;
        }
        freeNanos += (long) (bytes * 1e9 / bytesPerSecond.getAsLong());
        return Duration.ofNanos(freeNanos - now);
    }
}
