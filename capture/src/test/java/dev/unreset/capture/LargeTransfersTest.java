package dev.unreset.capture;

import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Sender;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Transfers whose sequence numbers come around, once and twice.
class LargeTransfersTest {

    private static final int PIECE = 64_000;
    private static final long GIB = 1L << 30;

    @ParameterizedTest(name = "{0} GiB")
    @ValueSource(ints = {1, 3, 5, 9})
    void aClientThatHasAllOfADownloadClosesAndResets(int gibibytes) throws Exception {
        TestCapture capture = new TestCapture(80);
        int end = download(capture, gibibytes * GIB, gibibytes * GIB);

        assertThat(read(leave(capture, end)).connections()).isEmpty();
    }

    @ParameterizedTest(name = "{0} GiB")
    @ValueSource(ints = {2, 3, 5, 9})
    void aClientThatLeavesBeforeTheEndOfADownload(int gibibytes) throws Exception {
        TestCapture capture = new TestCapture(80);
        int end = download(capture, gibibytes * GIB, (gibibytes - 1) * GIB);

        List<ConnectionReport> connections = read(leave(capture, end)).connections();

        assertThat(connections).hasSize(1);
        assertThat(connections.getFirst().traffic().server().bytes())
                .isGreaterThan((gibibytes - 1) * GIB);
        assertThat(connections.getFirst().diagnosis().orElseThrow().sender())
                .isEqualTo(Sender.CLIENT);
        assertThat(connections.getFirst().diagnosis().orElseThrow().leading().orElseThrow().cause())
                .isEqualTo(Cause.CLIENT_ABORT);
    }

    @ParameterizedTest(name = "{0} GiB")
    @ValueSource(ints = {1, 3, 5, 9})
    void aServerThatHasAllOfAnUploadClosesAndResets(int gibibytes) throws Exception {
        long bytes = gibibytes * GIB;
        String head = "PUT / HTTP/1.1\r\nContent-Length: " + bytes + "\r\n\r\n";
        String answer = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
        TestCapture capture = new TestCapture(80).handshake().client("PA", 1, 1, head);
        int asked = 1 + head.length();
        for (long sent = 0; sent < bytes; ) {
            int piece = (int) Math.min(PIECE, bytes - sent);
            capture.clientHeaders(asked + (int) sent, 1, piece);
            sent += piece;
        }
        asked += (int) bytes;
        int end = 1 + answer.length();
        capture.server("PA", 1, asked, answer)
                .client("A", asked, end, "")
                .server("FA", end, asked, "")
                .server("RA", end + 1, asked, "");

        assertThat(read(capture).connections()).isEmpty();
    }

    /// An answer of `bytes`, of which some are sent and acknowledged.
    ///
    /// @return the server's next number
    private static int download(TestCapture capture, long bytes, long sent) {
        String get = "GET / HTTP/1.1\r\n\r\n";
        String head = "HTTP/1.1 200 OK\r\nContent-Length: " + bytes + "\r\n\r\n";
        int asked = 1 + get.length();
        capture.handshake().client("PA", 1, 1, get).after(0.02).server("PA", 1, asked, head);
        int next = 1 + head.length();
        for (long left = sent; left > 0; left -= PIECE) {
            int piece = (int) Math.min(PIECE, left);
            capture.serverHeaders(next, asked, piece);
            next += piece;
            if (left % (64 * PIECE) < PIECE || left <= PIECE) {
                capture.client("A", asked, next, "");
            }
        }
        return next;
    }

    private static TestCapture leave(TestCapture capture, int end) {
        int asked = 1 + "GET / HTTP/1.1\r\n\r\n".length();
        return capture.client("FA", asked, end, "")
                .server("A", end, asked + 1, "")
                .client("RA", asked + 1, end, "");
    }
}
