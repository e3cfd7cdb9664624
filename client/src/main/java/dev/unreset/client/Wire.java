package dev.unreset.client;

import dev.unreset.End;
import dev.unreset.FailureKind;
import dev.unreset.Phase;
import dev.unreset.WireFacts;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.handler.codec.http.DefaultHttpContent;
import io.netty.handler.codec.http.DefaultHttpRequest;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// One connection to an origin, which carries one exchange at a time.
///
/// With [Connector] and the handlers, the only place that knows Netty.
final class Wire {

    private static final int CHUNK = 64 << 10;

    /// How long the body waits for `100 Continue` before it is sent all the same.
    private static final Duration CONTINUE_WAIT = Duration.ofSeconds(1);

    private final long number;
    private final boolean tls;
    private final Channel channel;
    private final EndingHandler ending;
    private final ExchangeHandler exchanges;
    private final Time time;
    private final long establishedNanos;
    private final BiConsumer<Wire, WireEnd> whenEndedIdle;

    private volatile int exchangeCount;
    private volatile long lastUsedNanos;
    private volatile boolean closed;

    /// Where the byte counters of a connection stood when an exchange began.
    record Mark(long offered, long received, int exchangeNumber, long idleNanos) {}

    /// What to write.
    ///
    /// @param target origin form, or absolute form towards a proxy (RFC 9112, 3.2)
    record Outgoing(
            String method,
            String target,
            Headers headers,
            RequestBody body,
            boolean expectContinue) {}

    Wire(
            long number,
            boolean tls,
            Channel channel,
            EndingHandler ending,
            Landing landing,
            Time time,
            BiConsumer<Wire, WireEnd> whenEndedIdle) {
        this.number = number;
        this.tls = tls;
        this.channel = channel;
        this.ending = ending;
        this.time = time;
        this.whenEndedIdle = whenEndedIdle;
        this.establishedNanos = time.nanos();
        this.lastUsedNanos = establishedNanos;
        this.exchanges = new ExchangeHandler(this);
        channel.pipeline().addLast("exchange", exchanges);
        if (!tls) {
            landing.serve(exchanges);
        }
    }

    /// Names this connection within its session.
    long number() {
        return number;
    }

    boolean isTls() {
        return tls;
    }

    /// How many exchanges it has begun.
    int exchangeCount() {
        return exchangeCount;
    }

    Duration idle() {
        return Duration.ofNanos(time.nanos() - lastUsedNanos);
    }

    boolean isOpen() {
        return !closed && channel.isActive() && ending.end() == null;
    }

    /// Begins an exchange: writes the head, and the body until it is written or there is no more
    /// point.
    ///
    /// @throws WireBroken if the connection was found dead before a byte of the request was written
    /// @throws IOException if the request's own body cannot be read
    WireExchange begin(Outgoing request, Duration timeout)
            throws IOException, InterruptedException {
        int exchange = exchangeCount + 1;
        exchangeCount = exchange;
        Mark mark =
                new Mark(
                        ending.offered(),
                        ending.received(),
                        exchange,
                        exchange == 1 ? 0 : idle().toNanos());
        WireExchange onWire = new WireExchange(this, mark, asksForClose(request));
        if (!join(onEventLoop(() -> start(onWire, mark, request)))) {
            throw deadBeforeUse(mark);
        }
        if (!request.body().isEmpty()) {
            sendBody(onWire, request, timeout);
        } else {
            onWire.requestSent();
        }
        return onWire;
    }

    private static boolean asksForClose(Outgoing request) {
        return request.headers().first("Connection").filter("close"::equalsIgnoreCase).isPresent();
    }

    /// On the event loop: writes the head if the connection still lives as far as the kernel knows.
    private boolean start(WireExchange exchange, Mark mark, Outgoing request) {
        boolean alive =
                isOpen()
                        && (mark.exchangeNumber() == 1
                                || TcpInfo.read(channel).map(TcpInfo::established).orElse(true));
        if (!alive) {
            return false;
        }
        exchanges.begin(exchange);
        channel.write(head(request));
        if (request.body().isEmpty()) {
            channel.write(LastHttpContent.EMPTY_LAST_CONTENT);
        }
        channel.flush();
        return true;
    }

    private static HttpRequest head(Outgoing request) {
        HttpRequest head =
                new DefaultHttpRequest(
                        HttpVersion.HTTP_1_1,
                        HttpMethod.valueOf(request.method()),
                        request.target());
        request.headers().forEach((name, value) -> head.headers().add(name, value));
        if (request.body().length().isEmpty()) {
            head.headers().set(HttpHeaderNames.TRANSFER_ENCODING, "chunked");
        } else if (!request.body().isEmpty() || request.method().matches("POST|PUT|PATCH")) {
            head.headers().set(HttpHeaderNames.CONTENT_LENGTH, request.body().length().getAsLong());
        }
        if (request.expectContinue() && !request.body().isEmpty()) {
            head.headers().set(HttpHeaderNames.EXPECT, "100-continue");
        }
        return head;
    }

    private void sendBody(WireExchange exchange, Outgoing request, Duration timeout)
            throws IOException, InterruptedException {
        if (request.expectContinue() && !exchange.awaitContinue(CONTINUE_WAIT)) {
            return;
        }
        try (InputStream body = request.body().source().open()) {
            byte[] chunk = body.readNBytes(CHUNK);
            while (chunk.length > 0) {
                if (!exchange.awaitWritable(timeout)) {
                    return;
                }
                ByteBuf bytes = Unpooled.wrappedBuffer(chunk);
                channel.writeAndFlush(new DefaultHttpContent(bytes));
                chunk = body.readNBytes(CHUNK);
            }
        }
        channel.writeAndFlush(LastHttpContent.EMPTY_LAST_CONTENT);
        exchange.requestSent();
    }

    private WireBroken deadBeforeUse(Mark mark) {
        WireEnd seen = ending.end();
        WireFacts facts =
                facts(
                        mark,
                        seen == null ? new End.Fin() : seen.end(),
                        seen == null ? OptionalInt.empty() : seen.errno(),
                        OptionalLong.empty());
        close();
        FailureKind kind =
                facts.end() instanceof End.Rst ? FailureKind.RESET : FailureKind.CLOSED_EARLY;
        return new WireBroken(
                new WireBroken.Loss(
                        kind,
                        Phase.IDLE,
                        facts,
                        number,
                        "it had ended before the request was sent"),
                null);
    }

    /// Marks the end of an exchange, from which the idle time counts.
    void touch() {
        lastUsedNanos = time.nanos();
    }

    /// Ends the connection in order once it has waited in `pool` for `usable`.
    void closeWhenIdleFor(Duration usable, ConnectionPool pool) {
        int served = exchangeCount;
        channel.eventLoop()
                .schedule(
                        () -> {
                            if (exchangeCount == served && pool.remove(this)) {
                                close();
                            }
                        },
                        usable.toNanos(),
                        TimeUnit.NANOSECONDS);
    }

    WireFacts facts(Mark mark, End end, OptionalInt errno, OptionalLong ackedTotal) {
        long written = Math.max(0, ending.offered() - mark.offered());
        OptionalLong acked =
                ackedTotal.isEmpty()
                        ? ackedTotal
                        : OptionalLong.of(
                                Math.clamp(ackedTotal.getAsLong() - mark.offered(), 0, written));
        return new WireFacts(
                written,
                acked,
                receivedSince(mark),
                Duration.ofNanos(time.nanos() - establishedNanos),
                Duration.ofNanos(mark.idleNanos()),
                mark.exchangeNumber(),
                end,
                errno);
    }

    long receivedSince(Mark mark) {
        return Math.max(0, ending.received() - mark.received());
    }

    boolean isWritable() {
        return channel.isWritable();
    }

    boolean inputEnded() {
        return ending.inputEnded();
    }

    void pauseReading() {
        channel.config().setAutoRead(false);
    }

    void resumeReading() {
        if (!channel.config().isAutoRead()) {
            channel.config().setAutoRead(true);
        }
    }

    /// On the event loop: the connection ended while no exchange was running.
    void endIdle(WireEnd seen) {
        boolean ours = closed;
        close();
        if (!ours) {
            whenEndedIdle.accept(this, seen);
        }
    }

    void close() {
        closed = true;
        ending.closeLocally(channel);
    }

    private CompletableFuture<Boolean> onEventLoop(java.util.function.BooleanSupplier task) {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        channel.eventLoop().execute(() -> done.complete(task.getAsBoolean()));
        return done;
    }

    private static boolean join(CompletableFuture<Boolean> future) throws InterruptedException {
        try {
            return future.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("event loop task failed", e.getCause());
        }
    }

    /// Waits for a Netty future without holding a platform thread, as Netty's own `await` would.
    static @Nullable Throwable failureOf(Future<?> future) throws InterruptedException {
        CompletableFuture<Boolean> done = new CompletableFuture<>();
        future.addListener(finished -> done.complete(true));
        join(done);
        return future.cause();
    }

    @Override
    public String toString() {
        return "connection " + number;
    }
}
