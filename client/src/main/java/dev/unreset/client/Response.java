package dev.unreset.client;

import dev.unreset.Attempt;
import dev.unreset.Diagnosis;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/// What came back: the head at once, the body as it is read.
///
/// Close it, or read its body to the end; either gives the connection back.
public final class Response implements AutoCloseable {

    private final URI uri;
    private final int status;
    private final Headers headers;
    private final ResponseBody body;
    private final Supplier<List<Attempt>> attempts;
    private final Supplier<Optional<Diagnosis>> diagnosis;
    private final Runnable abort;

    Response(
            URI uri,
            int status,
            Headers headers,
            ResponseBody body,
            Supplier<List<Attempt>> attempts,
            Supplier<Optional<Diagnosis>> diagnosis,
            Runnable abort) {
        this.uri = uri;
        this.status = status;
        this.headers = headers;
        this.body = body;
        this.attempts = attempts;
        this.diagnosis = diagnosis;
        this.abort = abort;
    }

    /// Where it came from, after redirects.
    public URI uri() {
        return uri;
    }

    public int status() {
        return status;
    }

    public Headers headers() {
        return headers;
    }

    public ResponseBody body() {
        return body;
    }

    /// Every attempt so far, in order; grows when the body is resumed.
    public List<Attempt> attempts() {
        return attempts.get();
    }

    /// Why attempts before this answer failed, or why the server ended the connection with it;
    /// empty if nothing did.
    public Optional<Diagnosis> diagnosis() {
        return diagnosis.get();
    }

    /// The whole body. Blocks.
    public byte[] bytes() throws IOException {
        try (ResponseBody all = body) {
            return all.readAllBytes();
        }
    }

    /// The whole body as UTF-8. Blocks.
    public String text() throws IOException {
        return new String(bytes(), StandardCharsets.UTF_8);
    }

    /// Cuts the connection off, from any thread: whoever reads the body fails.
    void abort() {
        abort.run();
    }

    @Override
    public void close() {
        body.close();
    }
}
