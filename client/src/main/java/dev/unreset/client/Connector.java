package dev.unreset.client;

import dev.unreset.ConnectionFailure;
import dev.unreset.End;
import dev.unreset.FailureKind;
import dev.unreset.Origin;
import dev.unreset.Phase;
import dev.unreset.WireFacts;
import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandler;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.MultiThreadIoEventLoopGroup;
import io.netty.channel.WriteBufferWaterMark;
import io.netty.channel.epoll.Epoll;
import io.netty.channel.epoll.EpollChannelOption;
import io.netty.channel.epoll.EpollIoHandler;
import io.netty.channel.epoll.EpollSocketChannel;
import io.netty.channel.nio.NioIoHandler;
import io.netty.channel.socket.nio.NioSocketChannel;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.proxy.HttpProxyHandler;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Opens connections: resolves, connects (through a proxy where one is set), and does the TLS
/// handshake.
///
/// Native epoll where it is available, NIO elsewhere; NIO cannot tell which bytes were
/// acknowledged, nor give an errno.
final class Connector implements AutoCloseable {

    /// One arena of direct memory in chunks of 4 MiB. Netty's usual allocator returns buffers of
    /// this size to the system each time, which costs a page fault for each page of a body.
    private static final ByteBufAllocator POOL =
            new PooledByteBufAllocator(true, 1, 1, 8 << 10, 9, 64, 16, false);

    private static final int MAX_HEAD = 64 << 10;
    private static final int MAX_CHUNK = 1 << 20;

    private final EventLoopGroup loops;
    private final boolean epoll;
    private final SessionSettings settings;
    private final Trust trust;
    private final AtomicLong numbers = new AtomicLong();
    private final Set<Wire> wires = ConcurrentHashMap.newKeySet();

    Connector(SessionSettings settings) {
        this.settings = settings;
        this.trust = settings.trust();
        this.epoll = Epoll.isAvailable();
        // A loop moves a gigabyte a second; whoever reads the bodies needs the other half.
        int threads = Math.clamp(Runtime.getRuntime().availableProcessors() / 2, 1, 4);
        this.loops =
                new MultiThreadIoEventLoopGroup(
                        threads,
                        new DefaultThreadFactory("unreset-io", true),
                        epoll ? EpollIoHandler.newFactory() : NioIoHandler.newFactory());
    }

    /// Loads what a connection needs.
    static void prepare() {
        Epoll.isAvailable();
    }

    /// Opens a connection to `origin`. Blocks.
    ///
    /// @throws WireBroken in phase resolve, connect or tls
    Wire connect(Origin origin, BiConsumer<Wire, WireEnd> whenEndedIdle)
            throws WireBroken, InterruptedException {
        Optional<ProxySettings.Proxy> proxy = settings.proxies().proxyFor(origin);
        String host = proxy.map(ProxySettings.Proxy::host).orElse(origin.host());
        int port = proxy.map(ProxySettings.Proxy::port).orElse(origin.port());
        WireBroken last = null;
        for (InetAddress address : resolve(host)) {
            try {
                return connect(origin, new InetSocketAddress(address, port), proxy, whenEndedIdle);
            } catch (WireBroken e) {
                last = e;
            }
        }
        throw java.util.Objects.requireNonNull(last);
    }

    private static InetAddress[] resolve(String host) throws WireBroken {
        try {
            return InetAddress.getAllByName(host);
        } catch (UnknownHostException e) {
            throw notConnected(FailureKind.NAME_RESOLUTION, Phase.RESOLVE, host, e);
        }
    }

    private Wire connect(
            Origin origin,
            InetSocketAddress address,
            Optional<ProxySettings.Proxy> proxy,
            BiConsumer<Wire, WireEnd> whenEndedIdle)
            throws WireBroken, InterruptedException {
        EndingHandler ending = new EndingHandler();
        Landing landing = new Landing();
        boolean tunnel = proxy.isPresent() && origin.isTls();
        ChannelHandler first =
                tunnel ? inOrder(ending, tunnelThrough(address, proxy.get())) : ending;
        ChannelFuture connecting =
                bootstrap(landing)
                        .handler(first)
                        .connect(
                                tunnel
                                        ? InetSocketAddress.createUnresolved(
                                                origin.host(), origin.port())
                                        : address);
        Channel channel = connecting.channel();
        try {
            Throwable failure = Wire.failureOf(connecting);
            if (failure != null) {
                FailureKind kind =
                        ConnectionFailure.from(failure)
                                .map(ConnectionFailure::kind)
                                .orElse(FailureKind.UNREACHABLE);
                throw notConnected(
                        kind,
                        Phase.CONNECT,
                        tunnel ? "through the proxy: " + failure.getMessage() : "",
                        failure);
            }
            if (origin.isTls()) {
                handshake(origin, channel, ending);
            }
        } catch (WireBroken | InterruptedException e) {
            channel.close();
            throw e;
        }
        return open(origin, channel, ending, landing, whenEndedIdle);
    }

    private Wire open(
            Origin origin,
            Channel channel,
            EndingHandler ending,
            Landing landing,
            BiConsumer<Wire, WireEnd> whenEndedIdle) {
        channel.pipeline()
                .addLast(
                        "http",
                        new HttpClientCodec(
                                new HttpDecoderConfig()
                                        .setMaxHeaderSize(MAX_HEAD)
                                        .setMaxChunkSize(MAX_CHUNK),
                                false,
                                false));
        Wire wire =
                new Wire(
                        numbers.incrementAndGet(),
                        origin.isTls(),
                        channel,
                        ending,
                        landing,
                        settings.time(),
                        whenEndedIdle);
        wires.add(wire);
        channel.closeFuture().addListener(closed -> wires.remove(wire));
        return wire;
    }

    private void handshake(Origin origin, Channel channel, EndingHandler ending)
            throws WireBroken, InterruptedException {
        SslHandler handler =
                trust.context().newHandler(channel.alloc(), origin.host(), origin.port());
        handler.setHandshakeTimeoutMillis(settings.connectTimeout().toMillis());
        channel.pipeline().addLast("tls", handler);
        Throwable failure = Wire.failureOf(handler.handshakeFuture());
        if (failure == null) {
            return;
        }
        WireEnd seen = ending.end();
        End end = seen == null ? new End.Local() : seen.end();
        FailureKind kind =
                switch (end) {
                    case End.Rst rst -> FailureKind.RESET;
                    case End.Fin fin -> FailureKind.CLOSED_EARLY;
                    case End.Timeout timeout -> FailureKind.CONNECT_TIMEOUT;
                    default -> FailureKind.TLS_FAILURE;
                };
        String what =
                kind == FailureKind.TLS_FAILURE ? rootMessage(failure) : "during the TLS handshake";
        throw new WireBroken(
                new WireBroken.Loss(kind, Phase.TLS, WireFacts.notConnected(), 0, what), failure);
    }

    private static ChannelHandler inOrder(ChannelHandler... handlers) {
        return new ChannelInitializer<Channel>() {
            @Override
            protected void initChannel(Channel channel) {
                channel.pipeline().addLast(handlers);
            }
        };
    }

    private HttpProxyHandler tunnelThrough(InetSocketAddress address, ProxySettings.Proxy proxy) {
        HttpProxyHandler handler =
                proxy.user().isEmpty()
                        ? new HttpProxyHandler(address)
                        : new HttpProxyHandler(address, proxy.user().get(), proxy.password());
        handler.setConnectTimeoutMillis(settings.connectTimeout().toMillis());
        return handler;
    }

    private Bootstrap bootstrap(Landing landing) {
        Bootstrap bootstrap =
                new Bootstrap()
                        .group(loops)
                        .channel(epoll ? EpollSocketChannel.class : NioSocketChannel.class)
                        // FIN must be seen with the socket still open: see EndingHandler.
                        .option(ChannelOption.ALLOW_HALF_CLOSURE, true)
                        // A failed write must not hide an answer that can still be read.
                        .option(ChannelOption.AUTO_CLOSE, false)
                        .option(ChannelOption.TCP_NODELAY, true)
                        .option(ChannelOption.SO_KEEPALIVE, true)
                        .option(
                                ChannelOption.CONNECT_TIMEOUT_MILLIS,
                                Math.toIntExact(settings.connectTimeout().toMillis()))
                        .option(
                                ChannelOption.WRITE_BUFFER_WATER_MARK,
                                new WriteBufferWaterMark(128 << 10, 512 << 10))
                        .option(ChannelOption.ALLOCATOR, POOL)
                        .option(ChannelOption.RECVBUF_ALLOCATOR, landing);
        if (epoll) {
            bootstrap
                    .option(
                            EpollChannelOption.TCP_USER_TIMEOUT,
                            Math.toIntExact(settings.readTimeout().toMillis()))
                    .option(
                            EpollChannelOption.TCP_KEEPIDLE,
                            Math.toIntExact(settings.tcpKeepAlive().toSeconds()))
                    .option(
                            EpollChannelOption.TCP_KEEPINTVL,
                            Math.toIntExact(settings.tcpKeepAlive().toSeconds()));
        }
        return bootstrap;
    }

    private static WireBroken notConnected(
            FailureKind kind, Phase phase, String what, @Nullable Throwable cause) {
        return new WireBroken(
                new WireBroken.Loss(kind, phase, WireFacts.notConnected(), 0, what), cause);
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        while (root.getCause() != null) {
            root = root.getCause();
        }
        return root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    }

    @Override
    public void close() {
        wires.forEach(Wire::close);
        loops.shutdownGracefully(0, Duration.ofSeconds(1).toMillis(), TimeUnit.MILLISECONDS);
    }
}
