package dev.unreset.client;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.OptionalDouble;

/// How fast requests go to an origin: one after the other at an even distance, once a rate is set.
///
/// Adaptive, it starts unlimited. A throttled request sets the rate to what was accepted during the
/// last seconds, a little less; each accepted one raises it slowly, but not up to a rate that
/// failed in the last minute. A fixed pace never changes. Safe for threads; it decides a wait and
/// never sleeps.
final class Pace {

    private static final long WINDOW_NANOS = Duration.ofSeconds(1).toNanos();
    private static final long FAILED_RATE_KEPT_NANOS = Duration.ofMinutes(1).toNanos();
    private static final double BELOW_ACCEPTED = 0.95;
    private static final double DECREASE = 0.85;
    private static final double INCREASE = 1.02;
    private static final double LEAST_RATE = 0.05;

    private final boolean fixed;
    private final Deque<Long> acceptedNanos = new ArrayDeque<>();
    private double rate;
    private double failedRate = Double.POSITIVE_INFINITY;
    private long failedNanos;
    private long nextNanos;
    private boolean started;
    private long heldUntilNanos;
    private boolean held;

    private Pace(double rate, boolean fixed) {
        this.rate = rate;
        this.fixed = fixed;
    }

    /// `rate` requests a second, whatever happens.
    static Pace fixed(double rate) {
        if (!(rate > 0)) {
            throw new IllegalArgumentException(
                    "pace: " + rate + " (expected: > 0 requests a second)");
        }
        return new Pace(rate, true);
    }

    /// As fast as the origin takes it; `learned` is a rate that failed before.
    static Pace adaptive(OptionalDouble learned) {
        return new Pace(
                learned.isPresent()
                        ? learned.getAsDouble() * BELOW_ACCEPTED
                        : Double.POSITIVE_INFINITY,
                false);
    }

    /// Takes the next request's turn: zero if it may go out now, else how long to wait before
    /// asking again. Turns are not handed out in advance, so that a rate that falls holds for those
    /// who wait already.
    synchronized Duration take(long now) {
        if (held && heldUntilNanos - now > 0) {
            return Duration.ofNanos(heldUntilNanos - now);
        }
        held = false;
        if (Double.isInfinite(rate)) {
            return Duration.ZERO;
        }
        if (started && nextNanos - now > 0) {
            return Duration.ofNanos(nextNanos - now);
        }
        // A turn that was missed by a little is made up for, an idle time is not.
        long from = started && now - nextNanos < interval() ? nextNanos : now;
        nextNanos = from + interval();
        started = true;
        return Duration.ZERO;
    }

    /// The origin says that nothing is left of its quota for `wait` from `now` on.
    synchronized void hold(Duration wait, long now) {
        long until = now + wait.toNanos();
        heldUntilNanos = held ? Math.max(heldUntilNanos, until) : until;
        held = true;
    }

    private long interval() {
        return (long) (1e9 / rate);
    }

    /// A request that was sent at `sentNanos` was answered, or the answer began.
    synchronized void accepted(long sentNanos, long now) {
        acceptedNanos.addLast(now);
        forgetBefore(now - WINDOW_NANOS);
        if (fixed || Double.isInfinite(rate)) {
            return;
        }
        if (sentNanos - failedNanos <= 0) {
            // It belongs to the burst that was cut: what of it was accepted is the first estimate.
            rate = Math.max(rate, Math.min(acceptedNanos.size() * BELOW_ACCEPTED, ceiling(now)));
        } else {
            rate = Math.max(rate, Math.min(rate * INCREASE, ceiling(now)));
        }
    }

    /// A request that was sent at `sentNanos` was turned away for its rate. Returns the rate that
    /// is kept to from now on, in requests a second.
    synchronized double throttled(long sentNanos, long now) {
        forgetBefore(now - WINDOW_NANOS);
        boolean sameBurst = started && sentNanos - failedNanos <= 0;
        if (fixed || sameBurst) {
            return rate;
        }
        if (Double.isInfinite(rate)) {
            rate = Math.max(acceptedNanos.size(), 1) * BELOW_ACCEPTED;
        } else {
            failedRate = Math.min(failedRate, rate);
            rate = Math.max(LEAST_RATE, rate * DECREASE);
        }
        failedNanos = now;
        nextNanos = now + interval();
        started = true;
        return rate;
    }

    /// The rate that is not raised above: a little below one that failed lately.
    private double ceiling(long now) {
        if (now - failedNanos > FAILED_RATE_KEPT_NANOS) {
            failedRate = Double.POSITIVE_INFINITY;
        }
        return failedRate * BELOW_ACCEPTED;
    }

    /// Requests that were accepted during the second before `now`.
    synchronized int acceptedLately(long now) {
        forgetBefore(now - WINDOW_NANOS);
        return acceptedNanos.size();
    }

    private void forgetBefore(long nanos) {
        while (!acceptedNanos.isEmpty() && acceptedNanos.peekFirst() - nanos < 0) {
            acceptedNanos.removeFirst();
        }
    }
}
