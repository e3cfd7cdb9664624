package dev.unreset.capture;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.function.BooleanSupplier;

/// The order in which several threads fill the batches of a capture and follow them.
///
/// ```
/// take ─▶ (copy) ─▶ awaitTurn ─▶ (walk) ─▶ passTurn ─▶ (decode) ─▶ filled ─▶ each thread follows it ─▶ free again
/// ```
///
/// Batches are numbered from 0 and filled into a ring of slots: number n is in slot n modulo the
/// ring's size. What is done in brackets is the caller's; only what is done in its turn is done by
/// one thread at a time, in the order of the numbers.
final class Relay {

    /// There is nothing to take: no slot is free, or the capture is over.
    static final long NONE = -1;

    /// To sleep and be woken takes as long, and turns are shorter.
    private static final long SPIN_NANOS = 50_000;

    private final int slots;
    private final AtomicLong taken = new AtomicLong();
    private final AtomicLongArray filled;
    private final AtomicLongArray followed;
    private volatile long turn;
    private volatile long end = Long.MAX_VALUE;
    private volatile boolean stopped;
    private volatile boolean interrupted;

    Relay(int slots, int threads) {
        this.slots = slots;
        this.filled = new AtomicLongArray(slots);
        this.followed = new AtomicLongArray(threads);
        for (int i = 0; i < slots; i++) {
            filled.set(i, NONE);
        }
    }

    int slot(long number) {
        return (int) (number % slots);
    }

    /// The next batch to fill, or [#NONE]; each is given to one thread.
    long take() {
        while (true) {
            long number = taken.get();
            if (stopped || number >= end || number >= followedByAll() + slots) {
                return NONE;
            }
            if (taken.compareAndSet(number, number + 1)) {
                return number;
            }
        }
    }

    private long followedByAll() {
        long least = followed.get(0);
        for (int i = 1; i < followed.length(); i++) {
            least = Math.min(least, followed.get(i));
        }
        return least;
    }

    /// Waits until all batches before `number` have had their turn; false if there is nothing more
    /// to do.
    boolean awaitTurn(long number) {
        await(() -> turn == number);
        return !stopped && number < end;
    }

    /// @param last whether nothing comes after `number`
    void passTurn(long number, boolean last) {
        if (last) {
            end = number + 1;
        }
        turn = number + 1;
        wake();
    }

    void filled(long number) {
        filled.set(slot(number), number);
        wake();
    }

    boolean isFilled(long number) {
        return filled.get(slot(number)) == number;
    }

    /// Waits until `number` is filled; false if it never will be.
    boolean awaitFilled(long number) {
        await(() -> isFilled(number) || number >= end);
        return !stopped && number < end;
    }

    /// The thread has done with all batches before `number`.
    void followed(int thread, long number) {
        followed.set(thread, number);
    }

    /// Nobody waits any more.
    void stop() {
        stopped = true;
        wake();
    }

    boolean isStopped() {
        return stopped;
    }

    /// Whether it was stopped because a waiting thread was interrupted.
    boolean wasInterrupted() {
        return interrupted;
    }

    private synchronized void wake() {
        notifyAll();
    }

    private void await(BooleanSupplier condition) {
        long started = System.nanoTime();
        while (!stopped && !condition.getAsBoolean()) {
            if (System.nanoTime() - started < SPIN_NANOS) {
                Thread.onSpinWait();
            } else {
                sleepUntil(condition);
            }
        }
    }

    private synchronized void sleepUntil(BooleanSupplier condition) {
        try {
            while (!stopped && !condition.getAsBoolean()) {
                wait();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            interrupted = true;
            stopped = true;
            notifyAll();
        }
    }
}
