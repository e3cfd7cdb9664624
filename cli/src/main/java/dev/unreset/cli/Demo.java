package dev.unreset.cli;

import dev.unreset.Cause;
import dev.unreset.ConnectionFailure;
import dev.unreset.Diagnosis;
import dev.unreset.client.DownloadRequest;
import dev.unreset.client.DownloadResult;
import dev.unreset.client.Request;
import dev.unreset.client.RequestBody;
import dev.unreset.client.Response;
import dev.unreset.client.RetryPolicy;
import dev.unreset.client.Session;
import dev.unreset.lab.ConnectionRecord;
import dev.unreset.lab.Content;
import dev.unreset.lab.LabProxy;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;

/// The scenes of the demo: real connections on loopback, ended by the lab in each way.
final class Demo {

    private static final int MB = 1_000_000;

    private final Path folder;

    /// @param folder where downloads go; each is deleted again
    Demo(Path folder) {
        this.folder = folder;
    }

    /// The scenes, in order; each runs when it is called.
    List<Callable<DemoScene>> scenes() {
        return List.of(
                this::serverRestart,
                this::connectionLimit,
                this::idleTimeout,
                this::middlebox,
                this::protocolViolation,
                this::rateLimit,
                this::transferLimit,
                this::clientAbort,
                this::portClosed);
    }

    private DemoScene serverRestart() throws Exception {
        Rules rules =
                Rules.builder()
                        .restart(Duration.ofSeconds(1), Duration.ofMillis(300))
                        .bytesPerSecond(20L * MB)
                        .build();
        return download(
                Cause.SERVER_RESTART,
                "restarts every second: resets all connections, refuses new ones for 0.3 s",
                rules,
                20 * MB,
                OptionalInt.empty());
    }

    private DemoScene connectionLimit() throws Exception {
        Rules rules = Rules.builder().maxConnections(2).bytesPerSecond(40L * MB).build();
        try (LabServer lab = LabServer.start(rules)) {
            String plain;
            try (PlainClient first = new PlainClient(lab.port());
                    PlainClient second = new PlainClient(lab.port())) {
                first.exchange("GET", "/bytes/10", new byte[0]);
                second.exchange("GET", "/bytes/10", new byte[0]);
                plain = plainGet(lab.port(), "/bytes/10");
            }
            return download(
                    lab,
                    Cause.CONNECTION_LIMIT,
                    "resets every connection above two",
                    plain,
                    80 * MB,
                    OptionalInt.of(4));
        }
    }

    private DemoScene middlebox() throws Exception {
        Rules rules = Rules.builder().endProbability(0.25).seed(7).build();
        try (LabServer lab = LabServer.start(Rules.none());
                LabProxy proxy =
                        LabProxy.start(
                                new InetSocketAddress(InetAddress.getLoopbackAddress(), lab.port()),
                                rules);
                Session session = session()) {
            String plain = plainGet(proxy.port(), "/bytes/40000000");
            int before = ended(proxy.connections());
            DownloadResult result =
                    session.download(
                            request("http://127.0.0.1:" + proxy.port() + "/bytes/40000000"));
            return scene(
                    Cause.MIDDLEBOX,
                    "is fine, but something before it resets connections by chance",
                    plain,
                    result,
                    40L * MB,
                    ended(proxy.connections()) - before);
        }
    }

    private DemoScene transferLimit() throws Exception {
        return download(
                Cause.TRANSFER_LIMIT,
                "resets each connection after 4 MB",
                Rules.builder().endAfterBytes(4L * MB).build(),
                40 * MB,
                OptionalInt.empty());
    }

    private DemoScene idleTimeout() throws Exception {
        Duration limit = Duration.ofMillis(600);
        Duration pause = Duration.ofSeconds(1);
        byte[] order = "order".getBytes(java.nio.charset.StandardCharsets.UTF_8);
        try (LabServer lab = LabServer.start(Rules.builder().endWhenIdle(limit).build());
                Session session = session()) {
            String plain;
            try (PlainClient client = new PlainClient(lab.port())) {
                client.exchange("POST", "/echo", order);
                Thread.sleep(pause);
                plain = "POST after 1.0 s: " + client.exchange("POST", "/echo", order);
            } catch (IOException e) {
                plain = e + " (on the second POST)";
            }
            int executedBefore = executed(lab);
            int endedBefore = ended(lab.connections());
            Optional<Diagnosis> diagnosis = Optional.empty();
            for (int i = 0; i < 3; i++) {
                Thread.sleep(i == 0 ? Duration.ZERO : pause);
                Response response =
                        session.send(Request.post(lab.uri("/echo"), RequestBody.of("order " + i)));
                response.bytes();
                diagnosis = diagnosis.or(response::diagnosis);
            }
            return new DemoScene(
                    Cause.IDLE_TIMEOUT,
                    "resets connections that are idle for 0.6 s",
                    plain,
                    "3 POSTs answered, each executed once",
                    diagnosis,
                    ended(lab.connections()) - endedBefore,
                    0,
                    executed(lab) - executedBefore - 3);
        }
    }

    private DemoScene protocolViolation() throws Exception {
        byte[] upload = new byte[20 * MB];
        try (LabServer lab = LabServer.start(Rules.builder().early413().build());
                Session session = session()) {
            String plain;
            try (PlainClient client = new PlainClient(lab.port())) {
                plain = "status " + client.exchange("POST", "/echo", upload);
            } catch (IOException e) {
                plain = e + " (the 413 is lost)";
            }
            int before = ended(lab.connections());
            try (Response response =
                    session.send(Request.post(lab.uri("/echo"), RequestBody.of(upload)))) {
                return new DemoScene(
                        Cause.PROTOCOL_VIOLATION,
                        "answers a large upload with 413 at once and resets the connection",
                        plain,
                        "status "
                                + response.status()
                                + " is read before the connection is given up",
                        response.diagnosis(),
                        ended(lab.connections()) - before,
                        0,
                        executed(lab));
            }
        }
    }

    private DemoScene rateLimit() throws Exception {
        int requests = 12;
        try (LabServer lab = LabServer.start(Rules.builder().maxRequestRate(4).build());
                Session session = session()) {
            String plain = "12 answers";
            int plainAnswers = 0;
            try {
                for (; plainAnswers < requests; plainAnswers++) {
                    try (PlainClient client = new PlainClient(lab.port())) {
                        client.exchange("GET", "/bytes/10", new byte[0]);
                    }
                }
            } catch (IOException e) {
                plain = e + " (after " + plainAnswers + " of " + requests + " requests)";
            }
            Thread.sleep(Duration.ofSeconds(1));
            int before = ended(lab.connections());
            long lost = 0;
            Optional<Diagnosis> diagnosis = Optional.empty();
            for (int i = 0; i < requests; i++) {
                Response response = session.send(Request.get(lab.uri("/bytes/10")));
                lost += 10 - response.bytes().length;
                diagnosis = diagnosis.or(response::diagnosis);
            }
            return new DemoScene(
                    Cause.RATE_LIMIT,
                    "resets whoever makes more than 4 requests a second",
                    plain,
                    requests + " answers, at a pace that the server takes",
                    diagnosis,
                    ended(lab.connections()) - before,
                    lost,
                    0);
        }
    }

    private DemoScene clientAbort() throws Exception {
        Rules rules = Rules.builder().bytesPerSecond(MB).build();
        try (LabServer lab = LabServer.start(rules)) {
            String plain;
            try (PlainClient client = new PlainClient(lab.port())) {
                Thread closer = closeLater(client);
                plain = "status " + client.exchange("GET", "/bytes/10000000", new byte[0]);
                closer.join();
            } catch (IOException e) {
                plain = e.toString();
            }
            Session session = session();
            Response response =
                    session.send(Request.get(lab.uri("/bytes/10000000")).withoutResume());
            Thread closer = closeLater(session);
            try {
                long length = response.bytes().length;
                throw new CommandFailed("demo: " + length + " bytes came over a closed session");
            } catch (ConnectionFailure failure) {
                closer.join();
                return new DemoScene(
                        Cause.CLIENT_ABORT,
                        "is fine: the program itself closes the connection in mid-body",
                        plain,
                        firstLine(failure),
                        failure.diagnosis(),
                        0,
                        0,
                        0);
            }
        }
    }

    private DemoScene portClosed() throws Exception {
        int port;
        try (LabServer lab = LabServer.start(Rules.none())) {
            port = lab.port();
        }
        String plain = plainGet(port, "/");
        try (Session session = session();
                Response response =
                        session.send(
                                Request.get("http://127.0.0.1:" + port + "/")
                                        .withRetry(RetryPolicy.none()))) {
            throw new CommandFailed("demo: status " + response.status() + " from a closed port");
        } catch (ConnectionFailure failure) {
            return new DemoScene(
                    Cause.PORT_CLOSED,
                    "is not there",
                    plain,
                    firstLine(failure),
                    failure.diagnosis(),
                    0,
                    0,
                    0);
        }
    }

    private DemoScene download(
            Cause cause, String server, Rules rules, int length, OptionalInt segments)
            throws Exception {
        try (LabServer lab = LabServer.start(rules)) {
            String plain = plainGet(lab.port(), "/bytes/" + length);
            return download(lab, cause, server, plain, length, segments);
        }
    }

    private DemoScene download(
            LabServer lab,
            Cause cause,
            String server,
            String plain,
            int length,
            OptionalInt segments)
            throws Exception {
        awaitUp(lab.port());
        int before = ended(lab.connections());
        DownloadRequest request = request(lab.uri("/bytes/" + length));
        if (segments.isPresent()) {
            request = request.withSegments(segments.getAsInt());
        }
        try (Session session = session()) {
            DownloadResult result = session.download(request);
            return scene(cause, server, plain, result, length, ended(lab.connections()) - before);
        }
    }

    private DemoScene scene(
            Cause cause, String server, String plain, DownloadResult result, long length, int ended)
            throws IOException {
        Files.deleteIfExists(result.file());
        String expected = HexFormat.of().formatHex(Content.sha256(0, length));
        boolean right = result.sha256().filter(expected::equals).isPresent();
        String unreset =
                right
                        ? String.format(
                                Locale.ROOT,
                                "%s whole, SHA-256 right, over %d connections in %s",
                                Text.bytes(length),
                                result.connections(),
                                Text.duration(result.took()))
                        : result.failure().orElse("the content is not right");
        return new DemoScene(
                cause,
                server,
                plain,
                unreset,
                result.diagnosis(),
                ended,
                right ? 0 : length - result.bytes(),
                0);
    }

    private static String plainGet(int port, String path) {
        long received = 0;
        try (PlainClient client = new PlainClient(port)) {
            try {
                return "status " + client.exchange("GET", path, new byte[0]);
            } finally {
                received = client.received();
            }
        } catch (IOException e) {
            return received == 0 ? e.toString() : e + " (after " + Text.bytes(received) + ")";
        }
    }

    /// Waits, at most a second, until somebody listens.
    private static void awaitUp(int port) throws InterruptedException {
        for (int i = 0; i < 50 && !plainGet(port, "/bytes/0").startsWith("status"); i++) {
            Thread.sleep(Duration.ofMillis(20));
        }
    }

    private static Thread closeLater(AutoCloseable closeable) {
        return Thread.ofVirtual()
                .start(() -> {
                    try {
                        Thread.sleep(Duration.ofMillis(300));
                        closeable.close();
                    } catch (Exception e) {
                        throw new IllegalStateException("demo: cannot close: " + e, e);
                    }
                });
    }

    private DownloadRequest request(String uri) {
        return DownloadRequest.into(folder, uri).withDigest();
    }

    private static Session session() {
        return Session.builder().proxiesFrom(Map.of()).build();
    }

    private static int ended(List<ConnectionRecord> connections) {
        return (int) connections.stream().filter(each -> each.cause().isPresent()).count();
    }

    private static int executed(LabServer lab) {
        return (int) lab.requests().stream().filter(request -> request.executed()).count();
    }

    private static String firstLine(ConnectionFailure failure) {
        return String.valueOf(failure.getMessage()).lines().findFirst().orElse("");
    }
}
