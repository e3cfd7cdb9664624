package dev.unreset.lab;

import dev.unreset.Cause;
import dev.unreset.Origin;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// An HTTP/1.1 server on loopback that serves known content and ends connections by its rules.
///
/// ```java
/// Rules rules = Rules.builder().endAfterBytes(10 << 20).build();
/// try (LabServer lab = LabServer.start(rules)) {
///     download(lab.uri("/bytes/200000000"));
/// }
/// ```
///
/// What it serves is in `HttpResponder`; what it can do wrong in [Rules].
public final class LabServer implements AutoCloseable {

    private final LabState state;
    private final Listener listener;
    private final Optional<SelfSigned> tls;

    private LabServer(
            int port, Rules rules, Optional<SelfSigned> tls, Consumer<ConnectionRecord> log)
            throws IOException {
        this.state = new LabState(rules);
        this.tls = tls;
        this.listener =
                new Listener(
                        port, state, this::serve, tls.map(SelfSigned::sockets).orElse(null), log);
    }

    /// A server on a free port of loopback.
    public static LabServer start(Rules rules) throws IOException {
        return start(0, rules, false, connection -> {});
    }

    /// A server on a free port of loopback, with TLS and a certificate of its own.
    public static LabServer startTls(Rules rules) throws IOException {
        return start(0, rules, true, connection -> {});
    }

    /// A server on `port` (0: a free one) of loopback. `log` is called as each connection ends,
    /// from the connection's thread.
    public static LabServer start(
            int port, Rules rules, boolean tls, Consumer<ConnectionRecord> log) throws IOException {
        return new LabServer(
                port, rules, tls ? Optional.of(SelfSigned.create()) : Optional.empty(), log);
    }

    public int port() {
        return listener.address().getPort();
    }

    public Origin origin() {
        return new Origin(tls.isPresent() ? "https" : "http", "127.0.0.1", port());
    }

    /// The URI of `path`, which begins with a slash.
    public String uri(String path) {
        return origin() + path;
    }

    /// The certificate to trust, as a PEM file.
    ///
    /// @throws IllegalStateException if this server has no TLS
    public Path certificate() {
        return tls.orElseThrow(() -> new IllegalStateException("lab: started without TLS")).pem();
    }

    /// Every connection that has ended, in the order of their ends.
    public List<ConnectionRecord> connections() {
        return state.connections();
    }

    /// Every request that was read, in order.
    public List<RequestRecord> requests() {
        return state.requestLog();
    }

    private void serve(Link link) throws IOException, InterruptedException {
        if (state.rules().silent()) {
            waitForClient(link);
            return;
        }
        RequestHead.Reader reader = new RequestHead.Reader(link);
        HttpResponder responder =
                new HttpResponder(link, new Meter(link, state.rules()), state, reader);
        boolean more = true;
        while (more) {
            Optional<RequestHead> head = reader.next();
            if (head.isEmpty()) {
                return;
            }
            link.countRequest();
            beforeAnswer(link);
            more = responder.answer(head.get());
        }
    }

    private void beforeAnswer(Link link) throws Ended {
        Rules rules = state.rules();
        int number = state.nextRequest();
        if (rules.endOnRequest().isPresent() && rules.endOnRequest().getAsInt() == number) {
            throw new Ended(rules.ending(), Cause.SERVER_RESTART);
        }
        if (state.tooFast(link.client())) {
            throw new Ended(rules.ending(), Cause.RATE_LIMIT);
        }
    }

    private static void waitForClient(Link link) throws IOException {
        byte[] ignored = new byte[4096];
        int count = 0;
        while (count >= 0) {
            count = link.read(ignored, 0, ignored.length);
        }
    }

    /// Stops listening, ends every connection, and waits for their threads.
    @Override
    public void close() {
        listener.close();
        tls.ifPresent(SelfSigned::close);
    }
}
