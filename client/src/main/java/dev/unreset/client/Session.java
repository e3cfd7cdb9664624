package dev.unreset.client;

import dev.unreset.Attempt;
import dev.unreset.Origin;
import dev.unreset.OriginProfile;
import dev.unreset.ProfileStore;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.random.RandomGenerator;

/// A client that keeps exchanges alive through connection resets, for any number of origins.
///
/// It pools connections, paces requests, repeats what may be repeated, resumes broken bodies, and
/// learns each origin's limits. Safe for any number of threads; `send` blocks, so use virtual
/// threads.
///
/// ```java
/// try (Session session = Session.create();
///         Response response = session.send(Request.get("https://example.org/data"))) {
///     response.body().transferTo(out);
/// }
/// ```
public final class Session implements Exchanges, AutoCloseable {

    private final SessionSettings settings;
    private final Connector connector;
    private final Map<Origin, OriginState> origins = new ConcurrentHashMap<>();

    private Session(SessionSettings settings) {
        this.settings = settings;
        this.connector = new Connector(settings);
    }

    /// A session with every default, and profiles that last as long as it does.
    public static Session create() {
        return builder().build();
    }

    public static Builder builder() {
        return new Builder();
    }

    /// Begins to load what the first exchange of this process needs, on a thread of its own. Worth
    /// calling where the program has other things to do first: it saves up to a tenth of a second
    /// later.
    public static void prepare() {
        Thread.ofPlatform().daemon().name("unreset-prepare").start(Preparation::run);
    }

    /// Sends `request` and waits for the head of its response; the body is read from the response.
    ///
    /// @throws dev.unreset.ConnectionFailure when no attempt that was allowed brought a response
    /// @throws IOException when the request's own body cannot be read
    @Override
    public Response send(Request request) throws IOException, InterruptedException {
        Optional<Long> deadline =
                request.deadline()
                        .or(settings::deadline)
                        .map(allowed -> settings.time().nanos() + allowed.toNanos());
        List<Attempt> attempts = new ArrayList<>();
        Request current = request;
        for (int redirects = 0; ; redirects++) {
            Exchange exchange =
                    new Exchange(
                            current,
                            origin(Origin.of(current.uri())),
                            connector,
                            settings,
                            deadline,
                            attempts);
            Exchange.Running running = exchange.run();
            WireExchange.Head head = running.head();
            Optional<Request> next =
                    redirects < settings.maxRedirects()
                            ? Redirects.next(current, head.status(), head.headers())
                            : Optional.empty();
            if (next.isEmpty()) {
                return response(current, exchange, running);
            }
            drain(running);
            current = next.get();
        }
    }

    /// Sends `request` on a virtual thread. Cancelling the future interrupts it.
    public CompletableFuture<Response> sendAsync(Request request) {
        CompletableFuture<Response> future = new CompletableFuture<>();
        Thread thread =
                Thread.ofVirtual()
                        .name("unreset-exchange")
                        .start(() -> {
                            try {
                                Response response = send(request);
                                if (!future.complete(response)) {
                                    response.close();
                                }
                            } catch (IOException | InterruptedException | RuntimeException e) {
                                future.completeExceptionally(e);
                            }
                        });
        future.whenComplete((response, failure) -> {
            if (future.isCancelled()) {
                thread.interrupt();
            }
        });
        return future;
    }

    /// Downloads into a file, as [DownloadRequest] says. Blocks until the file is whole or cannot
    /// be.
    ///
    /// Never throws for what the network, the server or the disk does: the result says it.
    ///
    /// @throws InterruptedException if the thread was interrupted; what came so far is kept
    public DownloadResult download(DownloadRequest request) throws InterruptedException {
        return new Download(request, this, settings.time(), settings.random()).run();
    }

    /// Downloads into `out`, in order, over one connection after the other; the request's file,
    /// folder, segments and rate are not used. `out` is not closed. Blocks.
    ///
    /// What does not have the digest that was expected is a failure, although it was written.
    ///
    /// @throws InterruptedException if the thread was interrupted
    public DownloadResult download(DownloadRequest request, OutputStream out)
            throws InterruptedException {
        return new StreamedDownload(request, this, settings.time(), out).run();
    }

    @Override
    public int connectionLimit(Origin origin) {
        return origin(origin).connectionLimit();
    }

    @Override
    public OriginProfile profile(Origin origin) {
        return origin(origin).profile();
    }

    @Override
    public void learn(Origin origin, UnaryOperator<OriginProfile> change) {
        origin(origin).learn(change);
    }

    private OriginState origin(Origin origin) {
        return origins.computeIfAbsent(origin, key -> new OriginState(key, settings));
    }

    private Response response(Request request, Exchange exchange, Exchange.Running running) {
        Headers headers = running.head().headers();
        ResumingBody body = new ResumingBody(exchange, running);
        boolean asked =
                request.headers().contains("Accept-Encoding")
                        || request.headers().contains("Range");
        return new Response(
                request.uri(),
                running.head().status(),
                headers,
                settings.decode() && !asked ? ContentDecoder.decode(body, headers) : body,
                body::attempts,
                exchange::diagnosis,
                body::abort);
    }

    /// Reads the body of a redirect if it is short, so that its connection can be used again.
    private static void drain(Exchange.Running running) throws InterruptedException {
        boolean isShort =
                running.head()
                        .headers()
                        .first("Content-Length")
                        .filter(length -> length.length() <= 4)
                        .isPresent();
        try {
            while (isShort) {
                if (running.next() == null) {
                    running.finish();
                    return;
                }
            }
        } catch (WireBroken broken) {
            // Its head was all that mattered.
            running.abandon();
        }
        running.abandon();
    }

    /// Closes every connection. Exchanges that are running fail.
    @Override
    public void close() {
        origins.values().forEach(origin -> origin.pool().close());
        connector.close();
    }

    /// Builds a session. Every setting has a default that suits most uses.
    public static final class Builder {
        private Duration connectTimeout = Duration.ofSeconds(10);
        private Duration readTimeout = Duration.ofSeconds(30);
        private Optional<Duration> deadline = Optional.empty();
        private Duration idleLimit = Duration.ofSeconds(55);
        private Duration tcpKeepAlive = Duration.ofSeconds(45);
        private RetryPolicy retry = RetryPolicy.defaults();
        private OptionalDouble pace = OptionalDouble.empty();
        private OptionalInt maxConnections = OptionalInt.empty();
        private int maxRedirects = 10;
        private boolean finProof = true;
        private boolean decode = true;
        private String userAgent = "unreset/0.1";
        private Trust trust = Trust.platform();
        private Map<String, String> proxyEnvironment = System.getenv();
        private ProfileStore profiles = ProfileStore.inMemory();
        private Time time = Time.SYSTEM;
        private RandomGenerator random = RandomGenerator.getDefault();

        private Builder() {}

        /// How long to wait for a connection, TLS included. Default 10 s.
        public Builder connectTimeout(Duration timeout) {
            connectTimeout = positive("connect timeout", timeout);
            return this;
        }

        /// How long to wait for the next byte, and for acknowledgements of what was sent
        /// (TCP_USER_TIMEOUT, RFC 5482). Default 30 s.
        public Builder readTimeout(Duration timeout) {
            readTimeout = positive("read timeout", timeout);
            return this;
        }

        /// How long an exchange may take, all attempts and the body included. Default: no limit.
        public Builder deadline(Duration allowed) {
            deadline = Optional.of(positive("deadline", allowed));
            return this;
        }

        /// How long a pooled connection may be idle, if nothing shorter is known. Default 55 s.
        public Builder idleLimit(Duration limit) {
            idleLimit = positive("idle limit", limit);
            return this;
        }

        /// The distance of TCP keep-alive probes, at least 1 s. Default 45 s.
        public Builder tcpKeepAlive(Duration distance) {
            tcpKeepAlive = positive("TCP keep-alive", distance);
            return this;
        }

        /// The retry policy of requests that name none. Default: 3 retries after 1, 2 and 4 s.
        public Builder retry(RetryPolicy policy) {
            retry = policy;
            return this;
        }

        /// Requests a second to each origin. Default: adaptive.
        public Builder pace(double requestsPerSecond) {
            if (!(requestsPerSecond > 0)) {
                throw new IllegalArgumentException(
                        "pace: " + requestsPerSecond + " (expected: > 0 requests a second)");
            }
            pace = OptionalDouble.of(requestsPerSecond);
            return this;
        }

        /// Most connections open to an origin at once. Default: 64, or fewer where that was
        /// learned.
        public Builder maxConnections(int most) {
            if (most < 1) {
                throw new IllegalArgumentException(
                        "max connections: " + most + " (expected: >= 1)");
            }
            maxConnections = OptionalInt.of(most);
            return this;
        }

        /// How many redirects are followed. Default 10; 0 gives redirects to the caller.
        public Builder maxRedirects(int most) {
            maxRedirects = most;
            return this;
        }

        /// Whether a FIN with no byte of the request acknowledged counts as proof that the request
        /// was not processed. Default true; false for a server that half-closes its side and still
        /// reads.
        public Builder finProof(boolean trusted) {
            finProof = trusted;
            return this;
        }

        /// Whether encoded bodies are asked for and decoded. Default true.
        public Builder decode(boolean wanted) {
            decode = wanted;
            return this;
        }

        /// The `User-Agent`; empty sends none. Default `unreset/0.1`.
        public Builder userAgent(String agent) {
            userAgent = agent;
            return this;
        }

        /// Trusts the certificates of a PEM file instead of the platform's.
        ///
        /// @throws IllegalArgumentException if the file holds no certificate that can be read
        public Builder trust(Path pem) {
            trust = Trust.of(pem);
            return this;
        }

        /// Where proxies are looked up (`http_proxy` and so on). Default: the process's
        /// environment; an empty map uses none.
        public Builder proxiesFrom(Map<String, String> environment) {
            proxyEnvironment = Map.copyOf(environment);
            return this;
        }

        /// Where learned limits are kept. Default: in memory, as long as the session lives.
        public Builder profiles(ProfileStore store) {
            profiles = store;
            return this;
        }

        Builder time(Time clock) {
            time = clock;
            return this;
        }

        Builder random(RandomGenerator generator) {
            random = generator;
            return this;
        }

        /// The session.
        public Session build() {
            return new Session(
                    new SessionSettings(
                            connectTimeout,
                            readTimeout,
                            deadline,
                            idleLimit,
                            tcpKeepAlive,
                            retry,
                            pace,
                            maxConnections,
                            maxRedirects,
                            finProof,
                            decode,
                            userAgent,
                            trust,
                            new ProxySettings(proxyEnvironment),
                            profiles,
                            time,
                            random));
        }

        private static Duration positive(String name, Duration value) {
            if (!value.isPositive()) {
                throw new IllegalArgumentException(name + ": " + value + " (expected: > 0)");
            }
            return value;
        }
    }
}
