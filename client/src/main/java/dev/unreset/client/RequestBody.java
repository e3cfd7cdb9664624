package dev.unreset.client;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.concurrent.atomic.AtomicBoolean;

/// The bytes of a request.
///
/// @param length in bytes; empty if not known, then it is sent chunked
/// @param replayable whether [Source#open] can be called again for another attempt
/// @param source where the bytes come from
public record RequestBody(OptionalLong length, boolean replayable, Source source) {

    /// Opens the bytes from the start.
    @FunctionalInterface
    public interface Source {
        /// The bytes; whoever calls this closes the stream.
        InputStream open() throws IOException;
    }

    public static RequestBody none() {
        return of(new byte[0]);
    }

    /// `bytes`, which must not be changed any more.
    public static RequestBody of(byte[] bytes) {
        return new RequestBody(
                OptionalLong.of(bytes.length), true, () -> new ByteArrayInputStream(bytes));
    }

    /// `text` in UTF-8.
    public static RequestBody of(String text) {
        return of(text.getBytes(StandardCharsets.UTF_8));
    }

    /// The content of `file`, read anew for each attempt.
    ///
    /// @throws UncheckedIOException if its size cannot be read
    public static RequestBody of(Path file) {
        try {
            return new RequestBody(
                    OptionalLong.of(Files.size(file)), true, () -> Files.newInputStream(file));
        } catch (IOException e) {
            throw new UncheckedIOException("request body " + file + ": cannot read its size", e);
        }
    }

    /// A stream that can be read only once: a request with it is never sent twice.
    public static RequestBody once(InputStream stream) {
        AtomicBoolean taken = new AtomicBoolean();
        return new RequestBody(
                OptionalLong.empty(),
                false,
                () -> {
                    if (taken.getAndSet(true)) {
                        throw new IOException(
                                "request body: already sent once, and it cannot be replayed");
                    }
                    return stream;
                });
    }

    boolean isEmpty() {
        return length.isPresent() && length.getAsLong() == 0;
    }
}
