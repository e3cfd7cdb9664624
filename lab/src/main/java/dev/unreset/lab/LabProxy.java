package dev.unreset.lab;

import dev.unreset.Cause;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/// A TCP proxy on loopback that puts the rules of a connection in front of any server.
///
/// Bytes from the server count as body; a new connection counts as a request.
public final class LabProxy implements AutoCloseable {

    private static final int CONNECT_TIMEOUT_MILLIS = 5_000;

    private final InetSocketAddress upstream;
    private final LabState state;
    private final Listener listener;

    private LabProxy(
            int port, InetSocketAddress upstream, Rules rules, Consumer<ConnectionRecord> log)
            throws IOException {
        this.upstream = upstream;
        this.state = new LabState(rules);
        this.listener = new Listener(port, state, this::serve, null, log);
    }

    /// A proxy on a free port of loopback.
    public static LabProxy start(InetSocketAddress upstream, Rules rules) throws IOException {
        return start(0, upstream, rules, connection -> {});
    }

    /// A proxy on `port` (0: a free one) of loopback. `log` is called as each connection ends.
    public static LabProxy start(
            int port, InetSocketAddress upstream, Rules rules, Consumer<ConnectionRecord> log)
            throws IOException {
        return new LabProxy(port, upstream, rules, log);
    }

    public int port() {
        return listener.address().getPort();
    }

    /// Every connection that has ended, in the order of their ends.
    public List<ConnectionRecord> connections() {
        return state.connections();
    }

    private void serve(Link link) throws IOException, InterruptedException {
        link.countRequest();
        Rules rules = state.rules();
        int number = state.nextRequest();
        if (rules.endOnRequest().isPresent() && rules.endOnRequest().getAsInt() == number) {
            throw new Ended(rules.ending(), Cause.SERVER_RESTART);
        }
        if (state.tooFast(link.client())) {
            throw new Ended(rules.ending(), Cause.RATE_LIMIT);
        }
        try (Socket server = new Socket()) {
            server.connect(upstream, CONNECT_TIMEOUT_MILLIS);
            Thread forward =
                    Thread.ofVirtual()
                            .name("lab-forward-" + link.number())
                            .start(() -> forward(link, server));
            try {
                backward(link, server);
            } finally {
                link.close();
                forward.join();
            }
        }
    }

    private static void forward(Link link, Socket server) {
        byte[] block = new byte[64 << 10];
        try {
            OutputStream out = server.getOutputStream();
            for (int count = link.read(block, 0, block.length);
                    count >= 0;
                    count = link.read(block, 0, block.length)) {
                out.write(block, 0, count);
            }
            server.shutdownOutput();
        } catch (IOException _) {
            // Either side is gone; the other direction ends the connection.
        }
    }

    private void backward(Link link, Socket server) throws IOException, InterruptedException {
        Meter meter = new Meter(link, state.rules());
        byte[] block = new byte[64 << 10];
        try {
            for (int count = server.getInputStream().read(block);
                    count >= 0;
                    count = server.getInputStream().read(block)) {
                meter.send(ByteBuffer.wrap(block, 0, count));
            }
        } catch (Ended ended) {
            link.end(ended.how(), ended.why());
        }
    }

    /// Stops listening and ends every connection.
    @Override
    public void close() {
        listener.close();
    }
}
