package dev.unreset.client;

import java.time.Duration;
import java.time.Instant;

/// The clock and the sleep of a session, handed in so that a test can drive them.
interface Time {

    /// The machine's own.
    Time SYSTEM =
            new Time() {
                @Override
                public long nanos() {
                    return System.nanoTime();
                }

                @Override
                public Instant now() {
                    return Instant.now();
                }

                @Override
                public void sleep(Duration duration) throws InterruptedException {
                    Thread.sleep(duration);
                }
            };

    /// Monotonic; only differences mean something.
    long nanos();

    Instant now();

    void sleep(Duration duration) throws InterruptedException;
}
