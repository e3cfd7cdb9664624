package dev.unreset.lab;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.unreset.Cause;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LabServerTest {

    @Test
    void theWholeObjectHasTheAnnouncedDigest() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none())) {
            byte[] body = bodyOf(exchange(lab.port(), "GET /bytes/300000 HTTP/1.1\r\n"));
            byte[] digest = bodyOf(exchange(lab.port(), "GET /sha256/300000 HTTP/1.1\r\n"));

            assertThat(body).hasSize(300_000);
            assertThat(HexFormat.of().formatHex(Content.newSha256().digest(body)))
                    .isEqualTo(new String(digest, StandardCharsets.US_ASCII).strip());
        }
    }

    @ParameterizedTest(name = "offset {0}")
    @ValueSource(longs = {0, 1, 16_777_212, 16_777_213, 5_000_000_000L, 99_999_999_990L})
    void aRangeHoldsTheBytesOfItsOffset(long offset) throws Exception {
        try (LabServer lab = LabServer.start(Rules.none())) {
            byte[] response =
                    exchange(
                            lab.port(),
                            "GET /bytes/100000000000 HTTP/1.1\r\nRange: bytes="
                                    + offset
                                    + "-"
                                    + (offset + 9)
                                    + "\r\n");

            assertThat(headOf(response))
                    .startsWith("HTTP/1.1 206")
                    .contains(
                            "Content-Range: bytes "
                                    + offset
                                    + "-"
                                    + (offset + 9)
                                    + "/100000000000");
            byte[] body = bodyOf(response);
            assertThat(body).hasSize(10);
            for (int i = 0; i < 10; i++) {
                assertThat(body[i]).isEqualTo(Content.at(0, offset + i));
            }
        }
    }

    @Test
    void aConnectionIsResetAfterTheGivenBytes() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endAfterBytes(100_000).build());
                Socket socket = connect(lab.port())) {
            send(socket, "GET /bytes/1000000 HTTP/1.1\r\n\r\n");

            assertThatThrownBy(() -> socket.getInputStream().readAllBytes())
                    .isInstanceOf(SocketException.class)
                    .hasMessage("Connection reset");
        }
    }

    @Test
    void theLogSaysHowAndWhyAConnectionEnded() throws Exception {
        Rules rules = Rules.builder().endAfterBytes(100_000).build();
        LabServer lab = LabServer.start(rules);
        try (lab;
                Socket socket = connect(lab.port())) {
            send(socket, "GET /bytes/1000000 HTTP/1.1\r\n\r\n");
            assertThatThrownBy(() -> socket.getInputStream().readAllBytes())
                    .isInstanceOf(SocketException.class);
        }

        assertThat(lab.connections()).hasSize(1);
        ConnectionRecord connection = lab.connections().getFirst();
        assertThat(connection.bodyBytes()).isEqualTo(100_000);
        assertThat(connection.ending()).contains(Ending.RST);
        assertThat(connection.cause()).contains(Cause.TRANSFER_LIMIT);
    }

    @Test
    void aFinIsAnOrderlyEnd() throws Exception {
        try (LabServer lab =
                LabServer.start(Rules.builder().endAfterBytes(1000).ending(Ending.FIN).build())) {
            byte[] response = exchange(lab.port(), "GET /bytes/2000 HTTP/1.1\r\n");

            assertThat(bodyOf(response)).hasSize(1000);
        }
    }

    @Test
    void aConnectionAboveTheLimitIsResetAtOnce() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().maxConnections(1).build());
                Socket first = connect(lab.port())) {
            send(first, "GET /bytes/1 HTTP/1.1\r\n\r\n");
            assertThat(first.getInputStream().read()).isEqualTo('H');

            assertEnds(lab.port(), Optional.of(Ending.RST));
        }
    }

    @Test
    void requestsAboveTheRateAreReset() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().maxRequestRate(2).build())) {
            assertThat(exchange(lab.port(), "GET /bytes/1 HTTP/1.1\r\n")).isNotEmpty();
            assertThat(exchange(lab.port(), "GET /bytes/1 HTTP/1.1\r\n")).isNotEmpty();

            assertEnds(lab.port(), Optional.of(Ending.RST));
        }
    }

    @Test
    void anIdleConnectionIsReset() throws Exception {
        try (LabServer lab =
                        LabServer.start(
                                Rules.builder().endWhenIdle(Duration.ofMillis(100)).build());
                Socket socket = connect(lab.port())) {
            assertThatThrownBy(() -> socket.getInputStream().read())
                    .isInstanceOf(SocketException.class);
        }
    }

    @Test
    void theHeadIsCutOnce() throws Exception {
        try (LabServer lab =
                LabServer.start(Rules.builder().endInHead().ending(Ending.FIN).build())) {
            assertThat(exchange(lab.port(), "GET /bytes/5 HTTP/1.1\r\n")).hasSize(20);
            assertThat(bodyOf(exchange(lab.port(), "GET /bytes/5 HTTP/1.1\r\n"))).hasSize(5);
        }
    }

    @Test
    void chanceIsTheSameForTheSameSeed() throws Exception {
        assertThat(lengthsWithSeed(7))
                .isEqualTo(lengthsWithSeed(7))
                .isNotEqualTo(lengthsWithSeed(8));
    }

    private static java.util.List<Integer> lengthsWithSeed(long seed) throws Exception {
        Rules rules = Rules.builder().endProbability(0.5).seed(seed).ending(Ending.FIN).build();
        java.util.List<Integer> lengths = new java.util.ArrayList<>();
        try (LabServer lab = LabServer.start(rules)) {
            for (int i = 0; i < 4; i++) {
                lengths.add(bodyOf(exchange(lab.port(), "GET /bytes/8000000 HTTP/1.1\r\n")).length);
            }
        }
        return lengths;
    }

    @Test
    void theObjectChangesAfterTheGivenRequests() throws Exception {
        try (LabServer lab =
                LabServer.start(Rules.builder().changeAfterRequests(1, false).build())) {
            String before = headOf(exchange(lab.port(), "GET /bytes/10 HTTP/1.1\r\n"));
            byte[] after =
                    exchange(
                            lab.port(),
                            "GET /bytes/10 HTTP/1.1\r\nRange: bytes=5-\r\nIf-Range: \"v0-10\"\r\n");

            assertThat(before).contains("ETag: \"v0-10\"");
            assertThat(headOf(after)).startsWith("HTTP/1.1 200").contains("ETag: \"v1-10\"");
            assertThat(bodyOf(after)[0]).isEqualTo(Content.at(1, 0));
        }
    }

    @Test
    void aRefusalNamesItsWait() throws Exception {
        try (LabServer lab =
                LabServer.start(Rules.builder().refuse(429, 1, OptionalInt.of(2)).build())) {
            assertThat(headOf(exchange(lab.port(), "GET /bytes/1 HTTP/1.1\r\n")))
                    .startsWith("HTTP/1.1 429")
                    .contains("Retry-After: 2");
            assertThat(headOf(exchange(lab.port(), "GET /bytes/1 HTTP/1.1\r\n")))
                    .startsWith("HTTP/1.1 200");
        }
    }

    @Test
    void aRestartRefusesAndThenServesAgain() throws Exception {
        Rules rules =
                Rules.builder().restart(Duration.ofMillis(200), Duration.ofMillis(200)).build();
        try (LabServer lab = LabServer.start(rules);
                Socket open = connect(lab.port())) {
            assertThatThrownBy(() -> open.getInputStream().read())
                    .isInstanceOf(SocketException.class);

            assertThatThrownBy(() -> connect(lab.port()).close()).isInstanceOf(IOException.class);
            awaitServing(lab.port());
        }
    }

    @Test
    void aConnectionThatArrivesWhileTheLabClosesIsEnded() throws Exception {
        for (int round = 0; round < 200; round++) {
            LabServer lab = LabServer.start(Rules.none());
            int port = lab.port();
            List<Socket> arrived = new ArrayList<>();
            Thread client = Thread.ofVirtual().start(() -> connectUntilRefused(port, arrived));
            awaitServing(port);
            lab.close();
            client.join();

            for (Socket socket : arrived) {
                assertThat(isEnded(socket)).as("round %d", round).isTrue();
            }
        }
    }

    /// The second connection is one too many; of its end, the log is told while the first is open.
    @Test
    @Timeout(20)
    void aLogThatFailsKeepsNoConnectionOpen() throws Exception {
        CountDownLatch told = new CountDownLatch(1);
        LabServer lab =
                LabServer.start(
                        0,
                        Rules.builder().maxConnections(1).build(),
                        false,
                        connection -> {
                            told.countDown();
                            throw new IllegalStateException("a log that fails");
                        });
        try (Socket open = connect(lab.port());
                Socket oneTooMany = connect(lab.port())) {
            assertThat(isEnded(oneTooMany)).isTrue();
            told.await();
            lab.close();

            assertThat(isEnded(open)).isTrue();
        }
    }

    @Test
    @Timeout(20)
    void whoIsToldOfAnEndMayCloseTheLab() throws Exception {
        AtomicReference<LabServer> lab = new AtomicReference<>();
        lab.set(
                LabServer.start(
                        0,
                        Rules.builder().maxConnections(1).build(),
                        false,
                        connection -> lab.get().close()));
        try (Socket open = connect(lab.get().port());
                Socket oneTooMany = connect(lab.get().port())) {
            assertThat(isEnded(oneTooMany)).isTrue();
            assertThat(open.getInputStream().read()).isEqualTo(-1);
        }
    }

    @Test
    void severalRangesAreMultipart() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none())) {
            byte[] response =
                    exchange(lab.port(), "GET /bytes/100 HTTP/1.1\r\nRange: bytes=0-9,50-59\r\n");

            assertThat(headOf(response))
                    .startsWith("HTTP/1.1 206")
                    .contains("multipart/byteranges");
            String body = new String(bodyOf(response), StandardCharsets.ISO_8859_1);
            assertThat(body)
                    .contains("Content-Range: bytes 0-9/100")
                    .contains("Content-Range: bytes 50-59/100");
        }
    }

    @Test
    void anUnsatisfiableRangeNamesTheLength() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none())) {
            assertThat(
                            headOf(
                                    exchange(
                                            lab.port(),
                                            "GET /bytes/100 HTTP/1.1\r\nRange: bytes=100-\r\n")))
                    .startsWith("HTTP/1.1 416")
                    .contains("Content-Range: bytes */100");
        }
    }

    @Test
    void theProxyPutsTheRulesBeforeAnyServer() throws Exception {
        try (LabServer behind = LabServer.start(Rules.none());
                LabProxy proxy =
                        LabProxy.start(
                                new InetSocketAddress(
                                        InetAddress.getLoopbackAddress(), behind.port()),
                                Rules.builder().endAfterBytes(50_000).build());
                Socket socket = connect(proxy.port())) {
            send(socket, "GET /bytes/1000000 HTTP/1.1\r\n\r\n");

            assertThatThrownBy(() -> socket.getInputStream().readAllBytes())
                    .isInstanceOf(SocketException.class);
        }
    }

    private static void assertEnds(int port, Optional<Ending> how) throws IOException {
        try (Socket socket = connect(port)) {
            assertThat(how).contains(Ending.RST);
            assertThatThrownBy(
                            () -> {
                                send(socket, "GET /bytes/1 HTTP/1.1\r\n\r\n");
                                socket.getInputStream().readAllBytes();
                            })
                    .isInstanceOf(SocketException.class);
        }
    }

    private static void awaitServing(int port) throws IOException, InterruptedException {
        long giveUp = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        while (true) {
            try {
                connect(port).close();
                return;
            } catch (IOException e) {
                if (System.nanoTime() > giveUp) {
                    throw e;
                }
                Thread.onSpinWait();
            }
        }
    }

    private static void connectUntilRefused(int port, List<Socket> arrived) {
        try {
            while (true) {
                arrived.add(connect(port));
            }
        } catch (IOException _) {
            // Nobody listens any more.
        }
    }

    /// Closes `socket` after waiting for the server's end of it. A byte is sent first: Linux says
    /// nothing to a client whose handshake ends while the listening socket is being closed.
    private static boolean isEnded(Socket socket) throws IOException {
        try (socket) {
            send(socket, "G");
            return socket.getInputStream().read() == -1;
        } catch (SocketTimeoutException _) {
            return false;
        } catch (SocketException _) {
            return true;
        }
    }

    private static Socket connect(int port) throws IOException {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(10_000);
        return socket;
    }

    private static void send(Socket socket, String text) throws IOException {
        socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static byte[] exchange(int port, String requestWithoutEnd) throws IOException {
        try (Socket socket = connect(port)) {
            send(socket, requestWithoutEnd + "Connection: close\r\n\r\n");
            InputStream in = socket.getInputStream();
            return in.readAllBytes();
        }
    }

    private static String headOf(byte[] response) {
        return new String(response, 0, endOfHead(response), StandardCharsets.ISO_8859_1);
    }

    private static byte[] bodyOf(byte[] response) {
        return java.util.Arrays.copyOfRange(response, endOfHead(response), response.length);
    }

    private static int endOfHead(byte[] response) {
        String text = new String(response, StandardCharsets.ISO_8859_1);
        return text.indexOf("\r\n\r\n") + 4;
    }
}
