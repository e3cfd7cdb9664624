package dev.unreset.client;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.IntSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/// The connections of one origin: the idle ones, newest on top, and how many are open.
///
/// A lease takes the newest idle connection that is still good; else it may open one, as soon as
/// there are fewer than the limit. Safe for threads.
final class ConnectionPool {

    private final ReentrantLock lock = new ReentrantLock();
    private final Condition freed = lock.newCondition();
    private final Deque<Wire> idle = new ArrayDeque<>();
    private final IntSupplier limit;
    private final Supplier<Duration> usableIdle;
    private int open;
    private boolean closed;

    /// What a lease got: a connection that was idle, or the right to open one.
    ///
    /// @param wire null: open one, and say [#lost] when it cannot be opened
    record Lease(@Nullable Wire wire) {}

    /// @param limit most connections open at once; asked at each lease
    /// @param usableIdle how long a connection may have been idle; asked at each lease
    ConnectionPool(IntSupplier limit, Supplier<Duration> usableIdle) {
        this.limit = limit;
        this.usableIdle = usableIdle;
    }

    /// Takes a connection, or the right to open one. Blocks while the limit is reached, at most
    /// `timeout`.
    ///
    /// @return null if none came free in time
    @Nullable Lease lease(Duration timeout) throws InterruptedException {
        lock.lock();
        try {
            long left = timeout.toNanos();
            while (true) {
                if (closed) {
                    throw new IllegalStateException("session: closed");
                }
                Wire newest = newestUsable();
                if (newest != null) {
                    return new Lease(newest);
                }
                if (open < Math.max(1, limit.getAsInt())) {
                    open++;
                    return new Lease(null);
                }
                if (left <= 0) {
                    return null;
                }
                left = freed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private @Nullable Wire newestUsable() {
        while (true) {
            Wire newest = idle.pollFirst();
            if (newest == null) {
                return null;
            }
            if (newest.isOpen() && newest.idle().compareTo(usableIdle.get()) < 0) {
                return newest;
            }
            newest.close();
            open--;
            freed.signalAll();
        }
    }

    /// Gives back a connection that can carry another exchange.
    void giveBack(Wire wire) {
        wire.touch();
        lock.lock();
        try {
            if (closed || !wire.isOpen()) {
                wire.close();
                open--;
            } else {
                idle.addFirst(wire);
            }
            freed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// A leased connection is gone, or could not be opened.
    void lost() {
        lock.lock();
        try {
            open--;
            freed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    /// A connection ended or grew too old in the pool. False if it was not there: it is leased, and
    /// its exchange will say so.
    boolean remove(Wire wire) {
        lock.lock();
        try {
            if (!idle.remove(wire)) {
                return false;
            }
            open--;
            freed.signalAll();
            return true;
        } finally {
            lock.unlock();
        }
    }

    /// How many connections are open, leased ones and those being opened included.
    int open() {
        lock.lock();
        try {
            return open;
        } finally {
            lock.unlock();
        }
    }

    void close() {
        lock.lock();
        try {
            closed = true;
            idle.forEach(Wire::close);
            open -= idle.size();
            idle.clear();
            freed.signalAll();
        } finally {
            lock.unlock();
        }
    }
}
