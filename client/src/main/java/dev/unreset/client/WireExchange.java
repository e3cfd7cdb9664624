package dev.unreset.client;

import dev.unreset.End;
import dev.unreset.FailureKind;
import dev.unreset.Phase;
import dev.unreset.WireFacts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// One request and its response on one connection: where the event loop hands over to the caller.
///
/// ```
/// SENDING ─head─▶ RECEIVING ─last─▶ COMPLETE
///     └──────end──────┴──▶ BROKEN
/// ```
///
/// The event loop calls the `on…` methods; one caller at a time calls the others, which block.
final class WireExchange {

    /// Bytes waiting to be read, above which the connection is no longer read.
    private static final int HIGH_WATER = 1 << 20;

    private static final int LOW_WATER = HIGH_WATER / 4;

    private enum State {
        SENDING,
        RECEIVING,
        COMPLETE,
        BROKEN
    }

    /// The head of a response.
    ///
    /// @param plain whether every byte that follows is one of the body
    record Head(int status, Headers headers, boolean keepAlive, boolean plain) {}

    private final Wire wire;
    private final Wire.Mark mark;
    private final boolean last;
    private final ReentrantLock lock = new ReentrantLock();
    private final Condition changed = lock.newCondition();
    private final Deque<ByteBuf> chunks = new ArrayDeque<>();

    private State state = State.SENDING;
    private @Nullable Head head;
    private @Nullable WireEnd end;
    private @Nullable ByteBuf lent;
    private long queuedBytes;

    /// Memory that the caller offered for the body from byte `offeredFrom` on.
    private @Nullable ByteBuffer offered;

    private long offeredFrom;
    private long offeredAddress;
    private boolean landing;
    private boolean inPlace;

    /// Bytes of the body that the caller has been given.
    private long consumed;

    private boolean mayContinue;
    private boolean requestSent;
    private boolean discarding;

    /// @param last whether the request asks for the connection to end after it
    WireExchange(Wire wire, Wire.Mark mark, boolean last) {
        this.wire = wire;
        this.mark = mark;
        this.last = last;
    }

    // ---- the event loop's side

    void onContinue() {
        change(() -> mayContinue = true);
    }

    void onHead(Head received) {
        change(() -> {
            head = received;
            state = State.RECEIVING;
        });
    }

    /// Takes over the reference to `chunk`. Whoever waits is woken by [#onReadComplete]: waking it
    /// for each chunk costs more than the chunk.
    void onChunk(ByteBuf chunk) {
        lock.lock();
        try {
            if (discarding) {
                chunk.release();
                return;
            }
            chunks.add(chunk);
            queuedBytes += chunk.readableBytes();
            if (queuedBytes > HIGH_WATER) {
                wire.pauseReading();
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Where the next bytes of the body are to be put; empty: anywhere. Until [#landed], the memory
    /// is the event loop's.
    Optional<ByteBuf> land() {
        lock.lock();
        try {
            if (offered == null || state != State.RECEIVING) {
                return Optional.empty();
            }
            long at = consumed + queuedBytes - offeredFrom;
            if (at >= offered.capacity()) {
                return Optional.empty();
            }
            landing = true;
            int first = (int) at;
            return Optional.of(
                    Unpooled.wrappedBuffer(offered.slice(first, offered.capacity() - first))
                            .clear());
        } finally {
            lock.unlock();
        }
    }

    /// The event loop has put what there was.
    void landed() {
        lock.lock();
        try {
            if (landing) {
                landing = false;
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    /// The socket has been read empty.
    void onReadComplete() {
        lock.lock();
        try {
            if (!chunks.isEmpty()) {
                changed.signalAll();
            }
        } finally {
            lock.unlock();
        }
    }

    void onComplete() {
        change(() -> state = State.COMPLETE);
    }

    void onEnd(WireEnd seen) {
        change(() -> {
            if (state != State.COMPLETE) {
                state = State.BROKEN;
                end = seen;
            }
        });
    }

    void onWritable() {
        change(() -> {});
    }

    private void change(Runnable transition) {
        lock.lock();
        try {
            transition.run();
            changed.signalAll();
        } finally {
            lock.unlock();
        }
    }

    // ---- the caller's side

    /// Waits until more of the request may be written. False if there is no point: the response has
    /// begun or the connection has ended.
    boolean awaitWritable(Duration timeout) throws InterruptedException, WireBroken {
        await(
                () -> state != State.SENDING || wire.isWritable(),
                timeout,
                "the server took no more of the request");
        return state() == State.SENDING;
    }

    /// Waits for `100 Continue`, at most `timeout`. True if the body is to be sent: because it was
    /// asked for, or because nothing came in time (RFC 9110, 10.1.1).
    boolean awaitContinue(Duration timeout) throws InterruptedException {
        lock.lock();
        try {
            long left = timeout.toNanos();
            while (!mayContinue && state == State.SENDING && left > 0) {
                left = changed.awaitNanos(left);
            }
            return state == State.SENDING;
        } finally {
            lock.unlock();
        }
    }

    void requestSent() {
        change(() -> requestSent = true);
    }

    boolean isRequestSent() {
        lock.lock();
        try {
            return requestSent;
        } finally {
            lock.unlock();
        }
    }

    /// Waits for the head of the response.
    Head awaitHead(Duration timeout) throws InterruptedException, WireBroken {
        await(() -> head != null || state == State.BROKEN, timeout, "no answer");
        lock.lock();
        try {
            if (head == null) {
                throw broken(java.util.Objects.requireNonNull(end));
            }
            return head;
        } finally {
            lock.unlock();
        }
    }

    /// The next bytes of the body, valid until the next call; null at its end.
    @Nullable ByteBuffer next(Duration timeout) throws InterruptedException, WireBroken {
        releaseLent();
        await(
                () -> !chunks.isEmpty() || state == State.COMPLETE || state == State.BROKEN,
                timeout,
                "no more bytes came");
        lock.lock();
        try {
            ByteBuf chunk = chunks.poll();
            if (chunk == null) {
                if (state == State.BROKEN) {
                    throw broken(java.util.Objects.requireNonNull(end));
                }
                return null;
            }
            queuedBytes -= chunk.readableBytes();
            if (queuedBytes < LOW_WATER) {
                wire.resumeReading();
            }
            lent = chunk;
            return bytesOf(chunk);
        } finally {
            lock.unlock();
        }
    }

    /// What the caller sees of a chunk.
    private ByteBuffer bytesOf(ByteBuf chunk) {
        long at = consumed - offeredFrom;
        int length = chunk.readableBytes();
        consumed += length;
        inPlace =
                offered != null
                        && chunk.hasMemoryAddress()
                        && chunk.memoryAddress() + chunk.readerIndex() == offeredAddress + at;
        return offered != null && inPlace ? offered.slice((int) at, length) : chunk.nioBuffer();
    }

    /// Offers memory for the bytes that [#next] gives from now on: where they come as they are,
    /// they are put there and nowhere else. It must stay until [#withdraw].
    void offer(ByteBuffer memory) {
        lock.lock();
        try {
            awaitLanded();
            ByteBuf there = Unpooled.wrappedBuffer(memory);
            if (head != null && head.plain() && there.hasMemoryAddress()) {
                offered = memory;
                offeredFrom = consumed;
                offeredAddress = there.memoryAddress();
            }
        } finally {
            lock.unlock();
        }
    }

    /// Whether the bytes that [#next] gave last are in the memory that was offered, where they
    /// belong.
    boolean isInPlace() {
        return inPlace;
    }

    /// Takes the offer back: afterwards nobody writes to the memory.
    void withdraw() {
        lock.lock();
        try {
            offered = null;
            awaitLanded();
        } finally {
            lock.unlock();
        }
    }

    /// The event loop needs no more than one read for it.
    private void awaitLanded() {
        while (landing) {
            changed.awaitUninterruptibly();
        }
    }

    /// Whether the response was read whole and the connection can carry another exchange.
    boolean reusable() {
        lock.lock();
        try {
            return state == State.COMPLETE
                    && requestSent
                    && !last
                    && chunks.isEmpty()
                    && head != null
                    && head.keepAlive();
        } finally {
            lock.unlock();
        }
    }

    /// Lets go of what was received and not read.
    void discard() {
        releaseLent();
        lock.lock();
        try {
            discarding = true;
            chunks.forEach(ByteBuf::release);
            chunks.clear();
            queuedBytes = 0;
        } finally {
            lock.unlock();
        }
    }

    private void releaseLent() {
        if (lent != null) {
            lent.release();
            lent = null;
        }
    }

    /// What this attempt saw so far.
    WireFacts facts() {
        WireEnd seen = seenEnd();
        return wire.facts(
                mark,
                seen == null ? new End.Open() : seen.end(),
                seen == null ? OptionalInt.empty() : seen.errno(),
                seen == null ? OptionalLong.empty() : seen.ackedTotal());
    }

    private @Nullable WireEnd seenEnd() {
        lock.lock();
        try {
            return end;
        } finally {
            lock.unlock();
        }
    }

    /// Where the attempt is.
    Phase phase() {
        lock.lock();
        try {
            if (wire.receivedSince(mark) > 0) {
                return Phase.RECEIVE;
            }
            return requestSent ? Phase.AWAIT : Phase.SEND;
        } finally {
            lock.unlock();
        }
    }

    private State state() {
        lock.lock();
        try {
            return state;
        } finally {
            lock.unlock();
        }
    }

    private interface Wanted {
        boolean here();
    }

    private void await(Wanted wanted, Duration timeout, String what)
            throws InterruptedException, WireBroken {
        lock.lock();
        try {
            long left = timeout.toNanos();
            while (!wanted.here()) {
                if (left <= 0) {
                    end =
                            new WireEnd(
                                    new End.Timeout(),
                                    OptionalInt.empty(),
                                    OptionalLong.empty(),
                                    null);
                    state = State.BROKEN;
                    throw broken(end, what + " for " + timeout.toMillis() / 1000.0 + " s");
                }
                left = changed.awaitNanos(left);
            }
        } finally {
            lock.unlock();
        }
    }

    private WireBroken broken(WireEnd seen) {
        String what = seen.cause() instanceof MalformedResponse malformed ? malformed.detail() : "";
        return broken(seen, what);
    }

    private WireBroken broken(WireEnd seen, String what) {
        return new WireBroken(
                new WireBroken.Loss(kind(seen.end()), phase(), facts(), wire.number(), what),
                seen.cause());
    }

    static FailureKind kind(End end) {
        return switch (end) {
            case End.Rst rst -> FailureKind.RESET;
            case End.Epipe epipe -> FailureKind.BROKEN_PIPE;
            case End.Fin fin -> FailureKind.CLOSED_EARLY;
            case End.CloseNotify closeNotify -> FailureKind.CLOSED_EARLY;
            case End.Timeout timeout -> FailureKind.READ_TIMEOUT;
            case End.GoAway goAway -> FailureKind.STREAM_RESET;
            case End.RstStream rstStream -> FailureKind.STREAM_RESET;
            case End.Local local -> FailureKind.ABORTED;
            case End.Open open -> FailureKind.ABORTED;
            case End.NotConnected notConnected -> FailureKind.ABORTED;
        };
    }
}
