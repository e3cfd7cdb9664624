package dev.unreset.client;

import dev.unreset.ConnectionFailure;
import dev.unreset.End;
import dev.unreset.FailureKind;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPromise;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.channel.unix.Errors;
import java.io.IOException;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// First in the pipeline: counts bytes at the TCP level and sees how the connection ends.
///
/// The end is seen while the socket is still open, because Linux tells only then which bytes were
/// acknowledged. It is passed on as a [WireEnd] user event, once. Event-loop confined, but for the
/// counters, which any thread may read.
final class EndingHandler extends ChannelDuplexHandler {

    /// After a failed write, how long an answer that is already on its way may take.
    private static final long DRAIN_MILLIS = 1_000;

    private volatile long offered;
    private volatile long received;
    private volatile @Nullable WireEnd end;
    private volatile boolean inputEnded;
    private @Nullable Throwable writeFailure;
    private boolean told;

    /// Bytes given to the kernel since the connection began. A write counts in full as soon as it
    /// is offered: what may have left must not be taken for unsent.
    long offered() {
        return offered;
    }

    /// Bytes received since the connection began.
    long received() {
        return received;
    }

    /// Whether the peer sends no more.
    boolean inputEnded() {
        return inputEnded;
    }

    @Nullable WireEnd end() {
        return end;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        if (message instanceof ByteBuf bytes) {
            received(bytes.readableBytes());
        }
        ctx.fireChannelRead(message);
    }

    @Override
    public void write(ChannelHandlerContext ctx, Object message, ChannelPromise promise) {
        if (message instanceof ByteBuf bytes) {
            offered(bytes.readableBytes());
        }
        promise.addListener(written -> {
            if (!written.isSuccess()) {
                writeFailed(ctx, written.cause());
            }
        });
        ctx.write(message, promise);
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event == ChannelInputShutdownEvent.INSTANCE) {
            inputEnded = true;
            // The codec above ends a close-delimited body on this event, so it goes first.
            ctx.fireUserEventTriggered(event);
            sawInputShutdown(ctx);
        } else {
            ctx.fireUserEventTriggered(event);
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable thrown) {
        if (thrown instanceof IOException) {
            see(ctx, endOf(thrown), thrown);
        } else {
            ctx.fireExceptionCaught(thrown);
        }
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        WireEnd known = end;
        if (known != null && known.end() instanceof End.Local && !told) {
            // Whoever reads must learn that no more comes.
            told = true;
            ctx.fireUserEventTriggered(known);
        }
        // Some transports report a reset after a write only as a closed channel (netty#11251).
        see(ctx, new End.Rst(), writeFailure);
        ctx.fireChannelInactive();
    }

    /// Notes that this side closes, so that the end which follows is not taken for the peer's.
    void closeLocally(Channel channel) {
        if (end == null) {
            end = WireEnd.local();
        }
        channel.close();
    }

    /// The read side ended. An error that a write has already taken from the socket leaves a plain
    /// end of input behind: then it was a reset, not a FIN, unless the write met EPIPE while the
    /// kernel was in CLOSE_WAIT (net/ipv4/tcp_input.c, tcp_reset): there the FIN did come first.
    private void sawInputShutdown(ChannelHandlerContext ctx) {
        Throwable failed = writeFailure;
        if (failed == null || errno(failed).orElse(0) == EPIPE) {
            see(ctx, new End.Fin(), failed);
        } else {
            see(ctx, endOf(failed), failed);
        }
    }

    private void writeFailed(ChannelHandlerContext ctx, Throwable failure) {
        if (writeFailure != null || end != null) {
            return;
        }
        writeFailure = failure;
        // What is readable is read before the write error is believed: it may be the answer.
        ctx.executor()
                .schedule(
                        () -> see(ctx, endOf(failure), failure),
                        DRAIN_MILLIS,
                        TimeUnit.MILLISECONDS);
    }

    private void see(ChannelHandlerContext ctx, End seen, @Nullable Throwable cause) {
        if (end != null) {
            return;
        }
        OptionalLong acked =
                TcpInfo.read(ctx.channel())
                        .map(info -> OptionalLong.of(info.bytesAcked()))
                        .orElse(OptionalLong.empty());
        WireEnd now =
                new WireEnd(seen, cause == null ? OptionalInt.empty() : errno(cause), acked, cause);
        end = now;
        told = true;
        ctx.fireUserEventTriggered(now);
    }

    private static End endOf(Throwable failure) {
        Optional<FailureKind> kind = ConnectionFailure.from(failure).map(ConnectionFailure::kind);
        return switch (kind.orElse(FailureKind.RESET)) {
            case BROKEN_PIPE -> new End.Epipe();
            // ETIMEDOUT on an open connection: TCP_USER_TIMEOUT or keep-alive gave up.
            case CONNECT_TIMEOUT, READ_TIMEOUT -> new End.Timeout();
            default -> new End.Rst();
        };
    }

    private static final int EPIPE = 32;

    private static OptionalInt errno(Throwable failure) {
        return failure instanceof Errors.NativeIoException known
                ? OptionalInt.of(Math.abs(known.expectedErr()))
                : OptionalInt.empty();
    }

    // Written by the event loop alone; volatile so that others read whole values.
    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void received(int bytes) {
        received += bytes;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate")
    private void offered(int bytes) {
        offered += bytes;
    }
}
