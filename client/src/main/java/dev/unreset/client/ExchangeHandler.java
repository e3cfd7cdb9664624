package dev.unreset.client;

import dev.unreset.End;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.util.ReferenceCountUtil;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import org.jspecify.annotations.Nullable;

/// Last in the pipeline: gives what arrives to the running exchange, or to the pool when none runs.
///
/// Event-loop confined.
final class ExchangeHandler extends ChannelInboundHandlerAdapter {

    private final Wire wire;
    private @Nullable WireExchange running;
    private boolean informational;
    private boolean closeDelimited;
    private boolean closeNotified;

    ExchangeHandler(Wire wire) {
        this.wire = wire;
    }

    void begin(WireExchange exchange) {
        running = exchange;
    }

    Optional<WireExchange> running() {
        return Optional.ofNullable(running);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            if (running == null) {
                // An answer to no request, such as a 408 before the server closes.
                wire.endIdle(WireEnd.local());
            } else if (message instanceof HttpObject object && object.decoderResult().isFailure()) {
                broken(new MalformedResponse(object.decoderResult().cause()));
            } else {
                read(running, message);
            }
        } finally {
            ReferenceCountUtil.release(message);
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        if (running != null) {
            running.onReadComplete();
        }
        ctx.fireChannelReadComplete();
    }

    private void read(WireExchange exchange, Object message) {
        if (message instanceof HttpResponse response) {
            readHead(exchange, response);
        }
        if (message instanceof HttpContent content && !informational) {
            if (content.content().isReadable()) {
                exchange.onChunk(content.content().retain());
            }
            if (message instanceof LastHttpContent) {
                readLast(exchange);
            }
        }
    }

    private void readHead(WireExchange exchange, HttpResponse response) {
        int status = response.status().code();
        informational = status < 200 && status != 101;
        if (status == 100) {
            exchange.onContinue();
        }
        if (!informational) {
            closeDelimited =
                    !HttpUtil.isContentLengthSet(response)
                            && !HttpUtil.isTransferEncodingChunked(response);
            exchange.onHead(
                    new WireExchange.Head(
                            status,
                            headers(response),
                            HttpUtil.isKeepAlive(response),
                            HttpUtil.isContentLengthSet(response)
                                    && !HttpUtil.isTransferEncodingChunked(response)));
        }
    }

    private void readLast(WireExchange exchange) {
        if (closeDelimited && wire.isTls() && wire.inputEnded() && !closeNotified) {
            // Whoever can cut the connection could have cut the body (RFC 8446, 6.1).
            return;
        }
        running = null;
        exchange.onComplete();
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext ctx, Object event) {
        if (event instanceof SslCloseCompletionEvent closed && closed.isSuccess()) {
            closeNotified = true;
        } else if (event instanceof WireEnd seen) {
            ended(closeNotified && seen.end() instanceof End.Fin ? asCloseNotify(seen) : seen);
        }
        ctx.fireUserEventTriggered(event);
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        if (running != null) {
            running.onWritable();
        }
        ctx.fireChannelWritabilityChanged();
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable thrown) {
        broken(thrown);
    }

    /// This side cannot go on: a response that is not HTTP, a TLS record that does not verify.
    private void broken(Throwable thrown) {
        ended(new WireEnd(new End.Local(), OptionalInt.empty(), OptionalLong.empty(), thrown));
    }

    private void ended(WireEnd seen) {
        WireExchange exchange = running;
        running = null;
        if (exchange == null) {
            wire.endIdle(seen);
        } else {
            exchange.onEnd(seen);
            wire.close();
        }
    }

    private static WireEnd asCloseNotify(WireEnd fin) {
        return new WireEnd(new End.CloseNotify(), fin.errno(), fin.ackedTotal(), fin.cause());
    }

    private static Headers headers(HttpResponse response) {
        Headers.Builder headers = Headers.builder();
        response.headers().forEach(field -> headers.received(field.getKey(), field.getValue()));
        return headers.build();
    }
}
