package dev.unreset.client;

import dev.unreset.ConnectionFailure;
import dev.unreset.Diagnosis;
import dev.unreset.Origin;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// A download that goes to a stream: one exchange, whose body is resumed unseen.
///
/// What was written cannot be taken back, so content that changes on the way is a failure.
final class StreamedDownload {

    private final DownloadRequest request;
    private final Session session;
    private final Time time;
    private final OutputStream out;
    private final Tally tally = new Tally();
    private Optional<String> sha256 = Optional.empty();
    private Optional<Diagnosis> diagnosis = Optional.empty();
    private long received;

    StreamedDownload(DownloadRequest request, Session session, Time time, OutputStream out) {
        this.request = request;
        this.session = session;
        this.time = time;
        this.out = out;
    }

    DownloadResult run() throws InterruptedException {
        long started = time.nanos();
        Optional<String> failure = copied();
        return new DownloadResult(
                request.uri(),
                request.file().orElse(request.folder()),
                failure,
                received,
                tally.received(),
                Duration.ofNanos(time.nanos() - started),
                sha256,
                tally.connections(),
                tally.attempts(),
                diagnosis,
                session.profile(Origin.of(request.uri())));
    }

    private Optional<String> copied() throws InterruptedException {
        try (Response response = session.send(asked())) {
            if (response.status() != 200) {
                tally.answered(response.attempts(), Optional.empty(), 0, 0);
                return Optional.of(request.uri() + ": the server says " + response.status());
            }
            return copy(response);
        } catch (ConnectionFailure failure) {
            diagnosis = failure.diagnosis();
            tally.failed(failure, 0, 0);
            return Optional.of(request.uri() + ": " + failure.getMessage());
        } catch (IOException e) {
            return Optional.of("standard output: " + e.getMessage());
        }
    }

    private Request asked() {
        Request asked =
                Request.of("GET", request.uri())
                        .withHeaders(
                                request.headers()
                                        .set("Accept-Encoding", "identity")
                                        .set("Want-Repr-Digest", "sha-256=1"))
                        .withRetry(request.retry());
        return request.deadline().map(asked::withDeadline).orElse(asked);
    }

    private Optional<String> copy(Response response) throws IOException {
        List<Checksum> expected = Proof.offered(response.headers(), true);
        request.checksum().ifPresent(expected::addFirst);
        Proof proof = new Proof(expected, request.digest());
        try {
            byte[] block = new byte[64 << 10];
            ResponseBody body = response.body();
            for (ByteBuffer bytes = body.next(); bytes != null; bytes = body.next()) {
                proof.update(bytes);
                received += bytes.remaining();
                write(bytes, block);
            }
            out.flush();
        } finally {
            tally.answered(response.attempts(), Optional.empty(), 0, received);
            diagnosis = response.diagnosis();
        }
        proof.end();
        sha256 = proof.sha256();
        return proof.contradiction().map(how -> request.uri() + ": the content is damaged: " + how);
    }

    private void write(ByteBuffer bytes, byte[] block) throws IOException {
        while (bytes.hasRemaining()) {
            int count = Math.min(block.length, bytes.remaining());
            bytes.get(block, 0, count);
            out.write(block, 0, count);
        }
    }
}
