package dev.unreset;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.EOFException;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.net.URI;
import java.net.UnknownHostException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.ClosedByInterruptException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.concurrent.ExecutionException;
import javax.net.ssl.SSLException;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ConnectionFailureTest {

    @ParameterizedTest
    @EnumSource(FailureKind.class)
    void eachKindIsATypeOfItsOwn(FailureKind kind) {
        ConnectionFailure failure =
                ConnectionFailure.of(kind, ConnectionFailure.Details.in(Phase.AWAIT), null);

        assertThat(failure.kind()).isEqualTo(kind);
        assertThat(failure.getClass().getSimpleName().toUpperCase(java.util.Locale.ROOT))
                .isEqualTo(kind.name().replace("_", ""));
    }

    @Test
    void theMessageSaysWhatHappenedWhereAndWhyInThreeLines() {
        WireFacts facts =
                new WireFacts(
                        120,
                        OptionalLong.of(120),
                        0,
                        Duration.ofSeconds(70),
                        Duration.ofSeconds(61),
                        4,
                        new End.Rst(),
                        OptionalInt.of(104));
        Evidence idle =
                Evidence.of("idle for 61 s", new Place.OfAttempt(1)).weighs(Cause.IDLE_TIMEOUT, 30);
        ConnectionFailure failure =
                ConnectionFailure.of(
                        FailureKind.RESET,
                        new ConnectionFailure.Details(
                                Optional.of(new Origin("http", "example.org", 80)),
                                Phase.AWAIT,
                                facts,
                                "",
                                List.of(),
                                Optional.of(Diagnoser.diagnose(List.of(idle)))),
                        null);

        assertThat(String.valueOf(failure.getMessage()).lines())
                .satisfiesExactly(
                        line ->
                                assertThat(line)
                                        .contains("reset", "http://example.org", "await")
                                        .contains("120 bytes sent", "0 received")
                                        .contains("reused, exchange 4 after 61.0 s idle"),
                        line -> assertThat(line).startsWith("most probable cause: idle timeout (9"),
                        line -> assertThat(line).contains("idle limit"));
    }

    @Test
    void aFailureWithoutEvidenceNamesNoCause() {
        ConnectionFailure failure =
                ConnectionFailure.of(
                        FailureKind.RESET, ConnectionFailure.Details.in(Phase.RECEIVE), null);

        assertThat(String.valueOf(failure.getMessage()).lines()).hasSize(1);
    }

    @Test
    void whatIsNotAboutAConnectionIsNone() {
        assertThat(ConnectionFailure.from(new IllegalStateException("connection reset"))).isEmpty();
        assertThat(ConnectionFailure.from(new IOException("No space left on device"))).isEmpty();
    }

    @Test
    void aFailureInsideOthersIsFoundAsItIs() {
        ConnectionFailure failure =
                ConnectionFailure.of(
                        FailureKind.STREAM_RESET, ConnectionFailure.Details.in(Phase.AWAIT), null);

        assertThat(ConnectionFailure.from(new ExecutionException(new IOException(failure))))
                .containsSame(failure);
    }

    @Test
    void aChainThatRunsInACircleIsReadOnce() {
        IOException first = new IOException("first");
        IOException second = new IOException("second", first);
        first.initCause(second);

        assertThat(ConnectionFailure.from(second)).isEmpty();
    }

    @Test
    void typesWithoutASocketToMakeThem() {
        assertThat(kind(new UnknownHostException("nowhere.invalid")))
                .contains(FailureKind.NAME_RESOLUTION);
        assertThat(kind(new ClosedByInterruptException())).contains(FailureKind.ABORTED);
        assertThat(kind(new EOFException())).contains(FailureKind.CLOSED_EARLY);
        assertThat(kind(new SSLException("Connection reset", new IOException("Connection reset"))))
                .contains(FailureKind.RESET);
        assertThat(kind(new SSLException("Received fatal alert: protocol_version")))
                .contains(FailureKind.TLS_FAILURE);
        assertThat(kind(new ConnectException("Connection timed out")))
                .contains(FailureKind.CONNECT_TIMEOUT);
        assertThat(kind(new IOException("An existing connection was forcibly closed by the host")))
                .contains(FailureKind.RESET);
    }

    @Test
    void realSockets() throws Exception {
        assertThat(kindOf(() -> new Socket(loopback(), closedPort()).close()))
                .contains(FailureKind.REFUSED);
        assertThat(
                        kindOf(() -> {
                            try (Resetting server = new Resetting();
                                    Socket socket = new Socket(loopback(), server.port())) {
                                server.reset();
                                socket.getInputStream().read();
                            }
                        }))
                .contains(FailureKind.RESET);
        assertThat(
                        kindOf(() -> {
                            try (Resetting server = new Resetting();
                                    Socket socket = new Socket(loopback(), server.port())) {
                                socket.setSoTimeout(10);
                                socket.getInputStream().read();
                            }
                        }))
                .contains(FailureKind.READ_TIMEOUT);
    }

    @Test
    void realChannels() {
        assertThat(
                        kindOf(() ->
                                SocketChannel.open(new InetSocketAddress(loopback(), closedPort()))
                                        .close()))
                .contains(FailureKind.REFUSED);
        assertThat(
                        kindOf(() -> {
                            try (Resetting server = new Resetting();
                                    SocketChannel channel =
                                            SocketChannel.open(
                                                    new InetSocketAddress(
                                                            loopback(), server.port()))) {
                                server.reset();
                                channel.read(ByteBuffer.allocate(1));
                            }
                        }))
                .contains(FailureKind.RESET);
    }

    @Test
    void theHttpClientOfTheJdk() throws Exception {
        try (HttpClient client = HttpClient.newHttpClient()) {
            assertThat(kindOf(() -> get(client, closedPort(), Duration.ofSeconds(5))))
                    .contains(FailureKind.REFUSED);
            try (Resetting server = new Resetting()) {
                Thread.startVirtualThread(server::resetRequests);
                assertThat(kindOf(() -> get(client, server.port(), Duration.ofSeconds(5))))
                        .contains(FailureKind.RESET);
            }
            try (Resetting server = new Resetting()) {
                assertThat(kindOf(() -> get(client, server.port(), Duration.ofMillis(100))))
                        .contains(FailureKind.READ_TIMEOUT);
            }
        }
    }

    @Test
    void aTimeoutOfTheConnectIsNotOneOfTheRead() {
        assertThat(kind(new SocketTimeoutException("Connect timed out")))
                .contains(FailureKind.CONNECT_TIMEOUT);
        assertThat(kind(new SocketTimeoutException("Read timed out")))
                .contains(FailureKind.READ_TIMEOUT);
    }

    private static void get(HttpClient client, int port, Duration timeout) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + port + "/");
        client.send(
                HttpRequest.newBuilder(uri).timeout(timeout).build(),
                HttpResponse.BodyHandlers.discarding());
    }

    private static Optional<FailureKind> kindOf(ThrowingCallable failing) {
        try {
            failing.call();
            return Optional.empty();
        } catch (Throwable thrown) {
            return kind(thrown);
        }
    }

    private static Optional<FailureKind> kind(Throwable thrown) {
        return ConnectionFailure.from(thrown).map(ConnectionFailure::kind);
    }

    private static InetAddress loopback() {
        return InetAddress.getLoopbackAddress();
    }

    private static int closedPort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, loopback())) {
            return socket.getLocalPort();
        }
    }

    /// A server that resets the connection that it accepts, when it is told to.
    private static final class Resetting implements AutoCloseable {
        private final ServerSocket socket = new ServerSocket(0, 1, loopback());

        Resetting() throws IOException {}

        int port() {
            return socket.getLocalPort();
        }

        void reset() throws IOException {
            Socket accepted = socket.accept();
            accepted.setSoLinger(true, 0);
            accepted.close();
        }

        /// Resets every connection once its request has begun, until it is closed: the JDK's client
        /// tries a GET again by itself.
        void resetRequests() {
            try {
                while (true) {
                    Socket accepted = socket.accept();
                    accepted.getInputStream().skipNBytes(1);
                    accepted.setSoLinger(true, 0);
                    accepted.close();
                }
            } catch (IOException closed) {
                // The test is over.
            }
        }

        @Override
        public void close() throws IOException {
            socket.close();
        }
    }
}
