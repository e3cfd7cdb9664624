package dev.unreset.cli;

import dev.unreset.lab.ConnectionRecord;
import dev.unreset.lab.Ending;
import dev.unreset.lab.LabProxy;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// `unreset lab`
@Command(
        name = "lab",
        sortOptions = false,
        description = {
            "Runs a server, or a proxy before one, that ends connections on purpose.",
            "",
            "The server has /bytes/N, /chunked/N, /gzip/N, /sha256/N, /echo and /status/N. Each connection's end and its true cause are printed as a line. Rules can be combined. It listens on loopback only."
        })
final class LabCommand implements Callable<Integer> {

    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @Option(
            names = "--port",
            paramLabel = "N",
            description = "Port to listen on. Default: a free one.")
    private int port;

    @Option(names = "--tls", description = "Speaks TLS; prints where its certificate is.")
    private boolean tls;

    @Option(
            names = "--upstream",
            paramLabel = "HOST:PORT",
            description = "Puts the rules in front of this server, for any TCP protocol.")
    private @Nullable String upstream;

    @Option(
            names = "--ending",
            paramLabel = "RST|FIN",
            description = "How connections end. Default: RST.")
    private @Nullable Ending ending;

    @Option(
            names = "--end-after-bytes",
            paramLabel = "BYTES",
            converter = Quantities.Bytes.class,
            description = "Ends a connection after so many body bytes.")
    private @Nullable Long endAfterBytes;

    @Option(
            names = "--end-after",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "Ends a connection when it is so old.")
    private @Nullable Duration endAfter;

    @Option(
            names = "--end-when-idle",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "Ends a connection that is idle so long.")
    private @Nullable Duration endWhenIdle;

    @Option(
            names = "--max-connections",
            paramLabel = "N",
            description = "Ends new connections above N.")
    private @Nullable Integer maxConnections;

    @Option(
            names = "--max-rate",
            paramLabel = "N/s",
            converter = Quantities.Rate.class,
            description = "Ends connections of a client that makes more requests a second.")
    private @Nullable Double maxRate;

    @Option(
            names = "--end-on-request",
            paramLabel = "N",
            description = "Ends the connection of the N-th request before answering it.")
    private @Nullable Integer endOnRequest;

    @Option(
            names = "--end-on-each-request",
            description = "Reads each request, then ends its connection.")
    private boolean endOnEachRequest;

    @Option(
            names = "--end-in-head",
            description = "Ends each connection once within the head of a response.")
    private boolean endInHead;

    @Option(
            names = "--end-probability",
            paramLabel = "P",
            description = "Ends connections by chance, with this probability for each MiB of body.")
    private double endProbability;

    @Option(names = "--seed", paramLabel = "N", description = "Seed of that chance. Default: 0.")
    private long seed;

    @Option(
            names = "--restart-every",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "Ends all connections so often and refuses new ones for a while.")
    private @Nullable Duration restartEvery;

    @Option(
            names = "--down-for",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "How long it refuses then. Default: 300ms.")
    private Duration downFor = Duration.ofMillis(300);

    @Option(
            names = "--bytes-per-second",
            paramLabel = "BYTES",
            converter = Quantities.Bytes.class,
            description = "Sends no faster than this on each connection.")
    private @Nullable Long bytesPerSecond;

    @Option(names = "--silent", description = "Accepts and never answers.")
    private boolean silent;

    @Option(names = "--ignore-range", description = "Answers 200 to every range.")
    private boolean ignoreRange;

    @Option(
            names = "--validator",
            paramLabel = "STRONG|WEAK|NONE",
            description = "Which validators the object has. Default: STRONG.")
    private Rules.@Nullable Validators validator;

    @Option(
            names = "--change-after",
            paramLabel = "N",
            description = "The object is another one after N requests.")
    private @Nullable Integer changeAfter;

    @Option(names = "--change-length", description = "The other object also has another length.")
    private boolean changeLength;

    @Option(
            names = "--wrong-content-range",
            description = "Names a first byte 4096 too early in each 206.")
    private boolean wrongContentRange;

    @Option(
            names = "--short-by",
            paramLabel = "BYTES",
            converter = Quantities.Bytes.class,
            description = "Closes so many bytes before the announced length.")
    private @Nullable Long shortBy;

    @Option(
            names = "--refuse",
            paramLabel = "STATUS",
            description = "Answers the first requests with this status, such as 429 or 503.")
    private @Nullable Integer refuse;

    @Option(
            names = "--refuse-times",
            paramLabel = "N",
            description = "How many requests. Default: 3.")
    private int refuseTimes = 3;

    @Option(
            names = "--retry-after",
            paramLabel = "SECONDS",
            description = "Sends Retry-After with it.")
    private @Nullable Integer retryAfter;

    @Option(names = "--rate-limit-fields", description = "Sends RateLimit-Policy and RateLimit.")
    private boolean rateLimitFields;

    @Option(
            names = "--early-413",
            description = "Answers an upload with 413 before it was read, and ends the connection.")
    private boolean early413;

    @Option(
            names = "--keep-alive-timeout",
            paramLabel = "SECONDS",
            description = "Announces Keep-Alive: timeout.")
    private @Nullable Integer keepAliveTimeout;

    @Option(names = "--without-digest", description = "Sends no Repr-Digest.")
    private boolean withoutDigest;

    @SuppressWarnings("NullAway.Init") // picocli sets `spec`.
    LabCommand() {}

    @Override
    public Integer call() throws InterruptedException {
        Rules rules = rules();
        if (port < 0 || port > 65535) {
            throw wrong("--port " + port + " (expected: 0 to 65535)");
        }
        if (tls && upstream != null) {
            throw wrong(
                    "--tls and --upstream: the proxy passes bytes on as they are, so leave --tls out");
        }
        Consumer<ConnectionRecord> log = connection -> System.out.println(connection);
        try {
            if (upstream == null) {
                serve(rules, log);
            } else {
                proxy(rules, upstream, log);
            }
            return 0;
        } catch (IOException e) {
            throw new CommandFailed("lab: port " + port + ": " + e.getMessage());
        }
    }

    private void serve(Rules rules, Consumer<ConnectionRecord> log)
            throws IOException, InterruptedException {
        try (LabServer lab = LabServer.start(port, rules, tls, log)) {
            System.out.println("lab: " + lab.origin() + "/ (end it with Ctrl-C)");
            if (tls) {
                Path certificate = lab.certificate();
                System.out.println("lab: its certificate is " + certificate);
            }
            untilInterrupted();
        }
    }

    private void proxy(Rules rules, String target, Consumer<ConnectionRecord> log)
            throws IOException, InterruptedException {
        try (LabProxy lab = LabProxy.start(port, address(target), rules, log)) {
            System.out.println(
                    "lab: 127.0.0.1:" + lab.port() + " before " + target + " (end it with Ctrl-C)");
            untilInterrupted();
        }
    }

    private static void untilInterrupted() throws InterruptedException {
        CountDownLatch interrupted = new CountDownLatch(1);
        try (Interrupt _ = Interrupt.stops(interrupted::countDown)) {
            interrupted.await();
        }
    }

    private InetSocketAddress address(String target) {
        int colon = target.lastIndexOf(':');
        String number = target.substring(colon + 1);
        if (colon < 1 || !number.matches("[0-9]{1,5}") || Integer.parseInt(number) > 65535) {
            throw wrong("--upstream '" + target + "' (expected: HOST:PORT)");
        }
        InetSocketAddress address =
                new InetSocketAddress(target.substring(0, colon), Integer.parseInt(number));
        if (address.isUnresolved()) {
            throw wrong("--upstream '" + target + "': the host is not known");
        }
        return address;
    }

    private Rules rules() {
        Rules.Builder rules = Rules.builder().seed(seed);
        try {
            Optional.ofNullable(ending).ifPresent(rules::ending);
            Optional.ofNullable(endAfterBytes).ifPresent(rules::endAfterBytes);
            Optional.ofNullable(endAfter).ifPresent(rules::endAfter);
            Optional.ofNullable(endWhenIdle).ifPresent(rules::endWhenIdle);
            Optional.ofNullable(maxConnections).ifPresent(rules::maxConnections);
            Optional.ofNullable(maxRate).ifPresent(rules::maxRequestRate);
            Optional.ofNullable(endOnRequest).ifPresent(rules::endOnRequest);
            Optional.ofNullable(restartEvery).ifPresent(every -> rules.restart(every, downFor));
            Optional.ofNullable(bytesPerSecond).ifPresent(rules::bytesPerSecond);
            Optional.ofNullable(validator).ifPresent(rules::validator);
            Optional.ofNullable(changeAfter)
                    .ifPresent(n -> rules.changeAfterRequests(n, changeLength));
            Optional.ofNullable(shortBy).ifPresent(rules::shortBy);
            Optional.ofNullable(refuse)
                    .ifPresent(status -> rules.refuse(status, refuseTimes, retryAfterField()));
            Optional.ofNullable(keepAliveTimeout).ifPresent(rules::keepAliveTimeout);
            rules.endProbability(endProbability);
            when(endOnEachRequest, rules::endOnEachRequest);
            when(endInHead, rules::endInHead);
            when(silent, rules::silent);
            when(ignoreRange, rules::ignoreRange);
            when(wrongContentRange, rules::wrongContentRange);
            when(rateLimitFields, rules::rateLimitFields);
            when(early413, rules::early413);
            when(withoutDigest, rules::withoutDigest);
            return rules.build();
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    private OptionalInt retryAfterField() {
        return retryAfter == null ? OptionalInt.empty() : OptionalInt.of(retryAfter);
    }

    private static void when(boolean chosen, Runnable rule) {
        if (chosen) {
            rule.run();
        }
    }

    private CommandLine.ParameterException wrong(String message) {
        return new CommandLine.ParameterException(spec.commandLine(), message);
    }
}
