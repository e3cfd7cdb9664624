package dev.unreset.client;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandler;
import io.netty.channel.embedded.EmbeddedChannel;
import io.netty.handler.codec.compression.Brotli;
import io.netty.handler.codec.compression.BrotliDecoder;
import io.netty.handler.codec.compression.ZlibCodecFactory;
import io.netty.handler.codec.compression.ZlibWrapper;
import io.netty.handler.codec.compression.Zstd;
import io.netty.handler.codec.compression.ZstdDecoder;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Undoes the `Content-Encoding` of a body (RFC 9110, 8.4), above the attempts: an encoded body is
/// resumed by its encoded offset, and decoded as one.
final class ContentDecoder extends ResponseBody {

    /// What this machine can decode, for `Accept-Encoding`.
    static final String ACCEPTED =
            "gzip, deflate"
                    + (Zstd.isAvailable() ? ", zstd" : "")
                    + (Brotli.isAvailable() ? ", br" : "");

    private final ResponseBody encoded;
    private final String encoding;
    private final EmbeddedChannel decoder;
    private @Nullable ByteBuf lent;
    private boolean finished;

    private ContentDecoder(ResponseBody encoded, String encoding, ChannelHandler decoder) {
        this.encoded = encoded;
        this.encoding = encoding;
        this.decoder = new EmbeddedChannel(decoder);
    }

    /// `body` decoded as `headers` say; `body` itself if they name no encoding that is known here.
    static ResponseBody decode(ResponseBody body, Headers headers) {
        String encoding =
                headers.first("Content-Encoding").orElse("identity").toLowerCase(Locale.ROOT);
        return handler(encoding)
                .<ResponseBody>map(handler -> new ContentDecoder(body, encoding, handler))
                .orElse(body);
    }

    private static Optional<ChannelHandler> handler(String encoding) {
        return switch (encoding) {
            case "gzip", "x-gzip" ->
                    Optional.of(ZlibCodecFactory.newZlibDecoder(ZlibWrapper.GZIP, 0));
            case "deflate" ->
                    Optional.of(ZlibCodecFactory.newZlibDecoder(ZlibWrapper.ZLIB_OR_NONE, 0));
            case "zstd" -> Zstd.isAvailable() ? Optional.of(new ZstdDecoder()) : Optional.empty();
            case "br" -> Brotli.isAvailable() ? Optional.of(new BrotliDecoder()) : Optional.empty();
            default -> Optional.empty();
        };
    }

    @Override
    public @Nullable ByteBuffer next() throws IOException {
        releaseLent();
        while (true) {
            ByteBuf decoded = decoder.readInbound();
            if (decoded != null && decoded.isReadable()) {
                lent = decoded;
                return decoded.nioBuffer();
            }
            if (decoded != null) {
                decoded.release();
            } else if (finished) {
                return null;
            } else {
                feed(encoded.next());
            }
        }
    }

    private void feed(@Nullable ByteBuffer bytes) throws IOException {
        try {
            if (bytes == null) {
                finished = true;
                decoder.finish();
            } else {
                decoder.writeInbound(Unpooled.copiedBuffer(bytes));
            }
        } catch (RuntimeException e) {
            throw new IOException(
                    "response body: not valid " + encoding + ": " + e.getMessage(), e);
        }
    }

    @Override
    public void close() {
        releaseLent();
        decoder.finishAndReleaseAll();
        encoded.close();
    }

    private void releaseLent() {
        if (lent != null) {
            lent.release();
            lent = null;
        }
    }
}
