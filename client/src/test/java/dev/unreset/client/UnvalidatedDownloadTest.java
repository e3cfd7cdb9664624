package dev.unreset.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A server that ignores Range and names no version, whose content changes after the first answer
/// was cut: what was digested of the old content must not speak for the new.
class UnvalidatedDownloadTest {

    private static final int SIZE = 8_000_000;
    private static final int CUT = 5_000_000;

    @TempDir private Path folder;

    /// The first answer is cut, all others are whole.
    private static void serve(ServerSocket server, byte[] first, byte[] then) {
        byte[] content = first;
        int length = CUT;
        while (!server.isClosed()) {
            try (Socket socket = server.accept()) {
                readRequest(socket);
                OutputStream out = socket.getOutputStream();
                out.write(
                        ("HTTP/1.1 200 OK\r\nContent-Length: " + SIZE + "\r\n\r\n")
                                .getBytes(StandardCharsets.US_ASCII));
                out.write(content, 0, length);
                content = then;
                length = SIZE;
            } catch (IOException _) {
                // The client had enough of this answer, or the test is over.
            }
        }
    }

    private static void readRequest(Socket socket) throws IOException {
        StringBuilder head = new StringBuilder();
        while (head.indexOf("\r\n\r\n") < 0) {
            int read = socket.getInputStream().read();
            if (read < 0) {
                throw new IOException("no request");
            }
            head.append((char) read);
        }
    }

    private static byte[] content() {
        byte[] content = new byte[SIZE];
        for (int i = 0; i < SIZE; i++) {
            content[i] = (byte) (i * 31 ^ i >>> 9);
        }
        return content;
    }

    /// As long as `content`, with the same end and another begin.
    private static byte[] changedAtTheBegin(byte[] content) {
        byte[] changed = content.clone();
        for (int i = 0; i < 1_000_000; i++) {
            changed[i] ^= 0x55;
        }
        return changed;
    }

    private static String sha256(byte[] content) {
        MessageDigest digest = Checksum.digest("SHA-256");
        return HexFormat.of().formatHex(digest.digest(content));
    }

    private DownloadResult download(byte[] first, byte[] then, String expected) throws Exception {
        try (ServerSocket server = new ServerSocket(0, 8, InetAddress.getLoopbackAddress());
                Session session = Session.builder().proxiesFrom(Map.of()).build()) {
            Thread.ofVirtual().start(() -> serve(server, first, then));
            String uri = "http://127.0.0.1:" + server.getLocalPort() + "/content";
            Duration wait = Duration.ofMillis(100);
            return session.download(
                    DownloadRequest.into(folder, uri)
                            .withRetry(new RetryPolicy(List.of(wait, wait, wait), wait))
                            .withDigest()
                            .withChecksum(Checksum.parse("sha256:" + expected)));
        }
    }

    @Test
    void theChecksumOfTheOldContentRefusesTheNew() throws Exception {
        byte[] old = content();
        byte[] changed = changedAtTheBegin(old);

        DownloadResult result = download(old, changed, sha256(old));

        assertThat(result.failure()).isPresent();
        assertThat(result.failure().orElseThrow()).contains(sha256(changed));
        assertThat(folder.resolve("content")).doesNotExist();
    }

    @Test
    void theChecksumOfTheNewContentAcceptsIt() throws Exception {
        byte[] old = content();
        byte[] changed = changedAtTheBegin(old);

        DownloadResult result = download(old, changed, sha256(changed));

        assertThat(result.failure()).isEmpty();
        assertThat(Files.readAllBytes(folder.resolve("content"))).isEqualTo(changed);
        assertThat(result.sha256()).hasValue(sha256(changed));
    }
}
