package dev.unreset.lab;

import dev.unreset.Cause;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/// Accepts connections on a loopback port, gives each a virtual thread, and applies the rules that
/// need no knowledge of what is sent: limits on number, age and idle time, and restarts.
final class Listener implements AutoCloseable {

    private static final Duration TICK = Duration.ofMillis(5);
    private static final Duration PATIENCE = Duration.ofSeconds(5);

    /// Serves one connection until it ends.
    interface Service {
        void serve(Link link) throws IOException, InterruptedException;
    }

    private final LabState state;
    private final Service service;
    private final @Nullable SSLSocketFactory tls;
    private final Consumer<ConnectionRecord> log;
    private final InetSocketAddress address;
    private final AtomicInteger accepted = new AtomicInteger();
    private final Set<Link> open = ConcurrentHashMap.newKeySet();
    private final ExecutorService threads =
            Executors.newThreadPerTaskExecutor(Thread.ofVirtual().factory());
    private volatile ServerSocketChannel server;
    private volatile CompletableFuture<Void> accepting;
    private volatile boolean closed;

    Listener(
            int port,
            LabState state,
            Service service,
            @Nullable SSLSocketFactory tls,
            Consumer<ConnectionRecord> log)
            throws IOException {
        this.state = state;
        this.service = service;
        this.tls = tls;
        this.log = log;
        this.server = bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
        this.address = (InetSocketAddress) server.getLocalAddress();
        accept(server);
        Rules rules = state.rules();
        if (rules.endAfter().isPresent() || rules.endWhenIdle().isPresent()) {
            every("lab-clock", TICK, this::endOldAndIdle);
        }
        rules.restartEvery()
                .ifPresent(distance ->
                        every("lab-restart", distance, () -> restart(rules.restartFor())));
    }

    InetSocketAddress address() {
        return address;
    }

    private static ServerSocketChannel bind(InetSocketAddress address) throws IOException {
        ServerSocketChannel channel = ServerSocketChannel.open();
        channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
        channel.bind(address, 1024);
        return channel;
    }

    private void accept(ServerSocketChannel from) {
        CompletableFuture<Void> over = new CompletableFuture<>();
        accepting = over;
        start(
                "lab-accept",
                () -> {
                    try {
                        acceptUntilClosed(from);
                    } finally {
                        over.complete(null);
                    }
                });
    }

    private void acceptUntilClosed(ServerSocketChannel from) {
        while (from.isOpen()) {
            try {
                serve(from.accept());
            } catch (IOException _) {
                // Closed for a restart or for good; otherwise the next accept says more.
            }
        }
    }

    /// Closes the port and waits until whoever was accepted before is in `open`. The accepting
    /// thread must not be interrupted: a connection that was just accepted would be lost unclosed.
    private void stopAccepting() throws IOException {
        server.close();
        accepting.completeOnTimeout(null, PATIENCE.toMillis(), TimeUnit.MILLISECONDS).join();
    }

    private void serve(SocketChannel channel) throws IOException {
        Link link = new Link(accepted.incrementAndGet(), channel, tls);
        String name = "lab-connection-" + link.number();
        OptionalInt most = state.rules().maxConnections();
        if (most.isPresent() && open.size() >= most.getAsInt()) {
            link.end(state.rules().ending(), Cause.CONNECTION_LIMIT);
            // Whoever is told may take his time.
            start(name, () -> tell(link));
            return;
        }
        open.add(link);
        start(name, () -> run(link));
    }

    private void run(Link link) {
        try {
            service.serve(link);
            link.close();
        } catch (Ended ended) {
            link.end(ended.how(), ended.why());
        } catch (IOException | IllegalArgumentException _) {
            // The client ended it, or sent what is not HTTP.
            link.close();
        } catch (InterruptedException _) {
            // The lab is closing.
            link.close();
        } finally {
            finish(link);
        }
    }

    private void finish(Link link) {
        if (open.remove(link)) {
            tell(link);
        }
    }

    private void tell(Link link) {
        ConnectionRecord connection = link.toRecord();
        state.note(connection);
        log.accept(connection);
    }

    private void endOldAndIdle() {
        Rules rules = state.rules();
        for (Link link : open) {
            if (rules.endAfter().isPresent()
                    && link.ageNanos() > rules.endAfter().get().toNanos()) {
                link.end(rules.ending(), Cause.TRANSFER_LIMIT);
            } else if (rules.endWhenIdle().isPresent()
                    && link.idleNanos() > rules.endWhenIdle().get().toNanos()) {
                link.end(rules.ending(), Cause.IDLE_TIMEOUT);
            }
        }
    }

    /// Stops listening, resets what is open, and listens again.
    private void restart(Duration down) {
        try {
            stopAccepting();
            open.forEach(link -> link.end(state.rules().ending(), Cause.SERVER_RESTART));
            Thread.sleep(down);
            listenAgain();
        } catch (IOException e) {
            throw new IllegalStateException("lab: cannot listen again on " + address, e);
        } catch (InterruptedException _) {
            // The lab is closing.
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void listenAgain() throws IOException {
        if (!closed) {
            server = bind(address);
            accept(server);
        }
    }

    private void every(String name, Duration distance, Runnable task) {
        start(
                name,
                () -> {
                    try {
                        while (!closed) {
                            Thread.sleep(distance);
                            task.run();
                        }
                    } catch (InterruptedException _) {
                        // The lab is closing.
                    }
                });
    }

    private void start(String name, Runnable task) {
        threads.execute(() -> {
            Thread.currentThread().setName(name);
            task.run();
        });
    }

    @Override
    public void close() {
        noMoreRestarts();
        try {
            stopAccepting();
        } catch (IOException e) {
            throw new java.io.UncheckedIOException("lab: cannot stop listening", e);
        }
        open.forEach(Link::close);
        threads.shutdownNow();
        try {
            threads.awaitTermination(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException _) {
            // Whoever closes the lab does not want to wait for it.
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void noMoreRestarts() {
        closed = true;
    }
}
