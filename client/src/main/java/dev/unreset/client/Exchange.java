package dev.unreset.client;

import dev.unreset.Attempt;
import dev.unreset.Cause;
import dev.unreset.ConnectionFailure;
import dev.unreset.Delivery;
import dev.unreset.Diagnoser;
import dev.unreset.Diagnosis;
import dev.unreset.Evidence;
import dev.unreset.FailureKind;
import dev.unreset.Origin;
import dev.unreset.Phase;
import dev.unreset.Place;
import dev.unreset.WireFacts;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One request as the caller sees it, over as many attempts as it takes.
///
/// ```
/// Pacing ─turn─▶ Leasing ─connection─▶ Sending ─head─▶ Answered ─end─▶ done
///    ▲              │ failed               │ failed       │ broken body
///    └──wait── Deciding ◀──────────────────┴──────────────┘ (resumed from byte N)
/// ```
///
/// Only this class knows that there is more than one attempt. Not thread-safe; it blocks.
final class Exchange {

    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    private final Request request;
    private final OriginState origin;
    private final Connector connector;
    private final SessionSettings settings;
    private final RetryPolicy retry;
    private final Optional<Long> deadlineNanos;
    private final List<Attempt> attempts;
    private final List<Evidence> evidence = new ArrayList<>();
    private int retriesWithoutProgress;
    private boolean provenUndeliveredBefore;

    /// One running attempt, from its lease on.
    final class Running {
        private final Wire wire;
        private final Instant started;
        private final long sentNanos;
        private final WireExchange onWire;
        private final WireExchange.Head head;
        private boolean over;

        private Running(
                Wire wire,
                Instant started,
                long sentNanos,
                WireExchange onWire,
                WireExchange.Head head) {
            this.wire = wire;
            this.started = started;
            this.sentNanos = sentNanos;
            this.onWire = onWire;
            this.head = head;
        }

        WireExchange.Head head() {
            return head;
        }

        @Nullable ByteBuffer next() throws WireBroken, InterruptedException {
            return onWire.next(patience());
        }

        WireExchange onWire() {
            return onWire;
        }

        /// The response was read whole.
        void finish() {
            if (!over) {
                over = true;
                record(
                        started,
                        sentNanos,
                        wire.number(),
                        Phase.RECEIVE,
                        onWire.facts(),
                        new Attempt.Outcome.Answered(head.status()));
                onWire.discard();
                if (onWire.reusable()) {
                    origin.pool().giveBack(wire);
                    wire.closeWhenIdleFor(origin.usableIdle(), origin.pool());
                } else {
                    giveUpConnection();
                }
            }
        }

        /// The rest is not wanted.
        void abandon() {
            if (!over) {
                over = true;
                WireFacts facts = onWire.facts();
                record(
                        started,
                        sentNanos,
                        wire.number(),
                        Phase.RECEIVE,
                        facts,
                        new Attempt.Outcome.Answered(head.status()));
                onWire.discard();
                giveUpConnection();
            }
        }

        /// Closes the connection under whoever reads from it.
        void cutOff() {
            wire.close();
        }

        private void broken(WireBroken.Loss loss) {
            over = true;
            onWire.discard();
            giveUpConnection();
            noteFailure(loss, Delivery.STARTED, started, sentNanos);
        }

        private void giveUpConnection() {
            wire.close();
            origin.pool().lost();
        }
    }

    Exchange(
            Request request,
            OriginState origin,
            Connector connector,
            SessionSettings settings,
            Optional<Long> deadlineNanos,
            List<Attempt> attempts) {
        this.request = request;
        this.origin = origin;
        this.connector = connector;
        this.settings = settings;
        this.retry = request.retry().orElse(settings.retry());
        this.deadlineNanos = deadlineNanos;
        this.attempts = attempts;
    }

    List<Attempt> attempts() {
        synchronized (attempts) {
            return List.copyOf(attempts);
        }
    }

    /// Every attempt, the one whose response is being read included.
    List<Attempt> attemptsWith(Running running) {
        List<Attempt> all = new ArrayList<>(attempts());
        if (!running.over) {
            all.add(
                    attempt(
                            all.size() + 1,
                            running.started,
                            running.sentNanos,
                            running.wire.number(),
                            Phase.RECEIVE,
                            running.onWire.facts(),
                            new Attempt.Outcome.Answered(running.head.status())));
        }
        return all;
    }

    Request request() {
        return request;
    }

    /// Sends the request until an answer has begun.
    Running run() throws IOException, InterruptedException {
        origin.budget().exchangeBegan();
        evidence.addAll(origin.takeEndedWhileIdle());
        return attemptUntilAnswered(request.headers());
    }

    /// Sends the request again for the rest of a body, from `range` on, if it is still the version
    /// that `validator` names. `failure` is what broke the body, and is thrown if it cannot be
    /// helped.
    Running resume(WireBroken failure, boolean broughtBytes, String range, Validator validator)
            throws IOException, InterruptedException {
        if (broughtBytes) {
            retriesWithoutProgress = 0;
        } else {
            waitBeforeRetry(failure, Optional.empty());
        }
        return attemptUntilAnswered(
                request.headers()
                        .set("Range", range)
                        .set("If-Range", validator.value())
                        .set(
                                "Accept-Encoding",
                                request.headers().first("Accept-Encoding").orElse("identity")));
    }

    /// Notes that a running attempt's body broke.
    void bodyBroke(Running running, WireBroken failure) {
        running.broken(failure.loss());
    }

    private Running attemptUntilAnswered(Headers headers) throws IOException, InterruptedException {
        while (true) {
            Instant started = settings.time().now();
            waitForTurn();
            long sentNanos = settings.time().nanos();
            try {
                Running running = attempt(headers, started, sentNanos);
                Optional<Duration> comeBack = comeBack(running);
                if (comeBack.isEmpty()) {
                    if (attempts().size() > 0) {
                        origin.budget().retryWorked();
                    }
                    return running;
                }
                running.abandon();
                settings.time().sleep(comeBack.get());
            } catch (WireBroken failure) {
                Delivery delivery =
                        DeliveryLadder.delivery(failure.loss().facts(), settings.finProof());
                noteFailure(failure.loss(), delivery, started, sentNanos);
                decide(failure, delivery);
            }
        }
    }

    private Running attempt(Headers headers, Instant started, long sentNanos)
            throws IOException, InterruptedException {
        Wire wire = lease();
        Duration idleBefore = wire.exchangeCount() == 0 ? Duration.ZERO : wire.idle();
        WireExchange onWire = null;
        try {
            onWire =
                    wire.begin(
                            new Wire.Outgoing(
                                    request.method(),
                                    target(),
                                    complete(headers),
                                    request.body(),
                                    request.expectContinue()),
                            patience());
            WireExchange.Head head = onWire.awaitHead(patience());
            origin.answered(wire, idleBefore, sentNanos, head.headers());
            Symptoms.cutShort(head.status(), onWire.isRequestSent(), attempts().size() + 1)
                    .ifPresent(evidence::add);
            return new Running(wire, started, sentNanos, onWire, head);
        } catch (IOException | InterruptedException | RuntimeException e) {
            if (onWire != null) {
                onWire.discard();
            }
            wire.close();
            origin.pool().lost();
            throw e;
        }
    }

    private Wire lease() throws WireBroken, InterruptedException {
        ConnectionPool.Lease lease = origin.pool().lease(patience());
        if (lease == null) {
            throw new WireBroken(
                    new WireBroken.Loss(
                            FailureKind.CONNECT_TIMEOUT,
                            Phase.CONNECT,
                            WireFacts.notConnected(),
                            0,
                            "no connection of the pool came free"),
                    null);
        }
        if (lease.wire() != null) {
            return lease.wire();
        }
        try {
            return connector.connect(origin.origin(), origin::endedIdle);
        } catch (WireBroken | InterruptedException | RuntimeException e) {
            origin.pool().lost();
            throw e;
        }
    }

    /// How long to wait before the same request goes out again because the server said so; empty if
    /// the answer is for the caller.
    private Optional<Duration> comeBack(Running running) {
        int status = running.head().status();
        Headers headers = running.head().headers();
        boolean refused = status == 421 || status == 425;
        boolean tooMany = status == 429 || status == 503;
        if (status == 429) {
            origin.throttled(running.sentNanos);
            evidence.add(
                    Evidence.of("status 429", new Place.OfAttempt(attempts().size() + 1))
                            .weighs(Cause.RATE_LIMIT, 25));
        }
        Optional<Duration> asked = RetryAfter.wait(headers, settings.time().now());
        boolean again =
                request.body().replayable()
                        && retriesWithoutProgress < retry.retries()
                        && (refused || (tooMany && asked.isPresent() && request.isIdempotent()));
        if (!again || asked.filter(wait -> wait.compareTo(retry.maxRetryAfter()) > 0).isPresent()) {
            return Optional.empty();
        }
        Duration wait = asked.orElse(Duration.ZERO);
        if (!fitsDeadline(wait) || !origin.budget().take()) {
            return Optional.empty();
        }
        retriesWithoutProgress++;
        LOG.info("{}: status {}, again after {} ms", request, status, wait.toMillis());
        return Optional.of(wait);
    }

    /// Returns if the request may go out again, after the wait that this takes; else throws.
    private void decide(WireBroken failure, Delivery delivery)
            throws IOException, InterruptedException {
        boolean stale =
                failure.loss().facts().reused() && failure.loss().facts().bytesReceived() == 0;
        boolean replayable = request.body().replayable();
        switch (delivery) {
            case NEVER_SENT -> {
                if (failure.loss().phase() == Phase.IDLE) {
                    return;
                }
                waitBeforeRetry(failure, Optional.empty());
            }
            case REFUSED -> {
                requireThat(replayable, failure);
                waitBeforeRetry(failure, Optional.empty());
            }
            case PROVABLY_UNDELIVERED -> {
                requireThat(replayable && !provenUndeliveredBefore, failure);
                provenUndeliveredBefore = true;
            }
            case UNKNOWN, STARTED -> {
                requireThat(replayable && request.isIdempotent(), failure);
                if (!stale || failure.loss().kind() == FailureKind.READ_TIMEOUT) {
                    waitBeforeRetry(failure, Optional.empty());
                }
            }
        }
    }

    private void requireThat(boolean mayRepeat, WireBroken failure) throws ConnectionFailure {
        if (!mayRepeat) {
            throw asFailure(failure);
        }
    }

    private void waitBeforeRetry(WireBroken failure, Optional<Duration> asked)
            throws ConnectionFailure, InterruptedException {
        int next = retriesWithoutProgress + 1;
        if (next > retry.retries() || !isRepeatable(failure.loss().kind())) {
            throw asFailure(failure);
        }
        Duration wait = asked.orElseGet(() -> retry.delay(next, settings.random()));
        if (!fitsDeadline(wait) || !origin.budget().take()) {
            throw asFailure(failure);
        }
        retriesWithoutProgress = next;
        settings.time().sleep(wait);
    }

    /// Whether a repetition can change anything: a certificate does not become valid by asking
    /// again.
    private static boolean isRepeatable(FailureKind kind) {
        return switch (kind) {
            case TLS_FAILURE, ABORTED -> false;
            case RESET,
                    REFUSED,
                    CONNECT_TIMEOUT,
                    READ_TIMEOUT,
                    UNREACHABLE,
                    CLOSED_EARLY,
                    BROKEN_PIPE,
                    STREAM_RESET,
                    NAME_RESOLUTION ->
                    true;
        };
    }

    /// The failure that the caller gets: with every attempt, and a diagnosis.
    ConnectionFailure asFailure(WireBroken failure) {
        WireBroken.Loss loss = failure.loss();
        return ConnectionFailure.of(
                loss.kind(),
                new ConnectionFailure.Details(
                        Optional.of(origin.origin()),
                        loss.phase(),
                        loss.facts(),
                        loss.what(),
                        attempts(),
                        Optional.of(Diagnoser.diagnose(evidence))),
                failure.getCause());
    }

    /// Why attempts failed, or why the server cut the request short; empty if nothing did.
    Optional<Diagnosis> diagnosis() {
        return evidence.isEmpty() ? Optional.empty() : Optional.of(Diagnoser.diagnose(evidence));
    }

    /// This side gave up.
    ConnectionFailure aborted(String what) {
        WireBroken.Loss loss =
                new WireBroken.Loss(
                        FailureKind.ABORTED, Phase.AWAIT, WireFacts.notConnected(), 0, what);
        return asFailure(new WireBroken(loss, null));
    }

    private void noteFailure(
            WireBroken.Loss loss, Delivery delivery, Instant started, long sentNanos) {
        int number = attempts().size() + 1;
        record(
                started,
                sentNanos,
                loss.connection(),
                loss.phase(),
                loss.facts(),
                new Attempt.Outcome.Failed(loss.kind(), delivery));
        List<Evidence> seen = origin.failed(loss, number, sentNanos);
        evidence.addAll(seen);
        LOG.info(
                "{}: attempt {}: {} in phase {}, {} bytes sent, {} received, {}",
                request,
                number,
                loss.kind().title(),
                loss.phase().label(),
                loss.facts().bytesWritten(),
                loss.facts().bytesReceived(),
                delivery);
    }

    private void record(
            Instant started,
            long sentNanos,
            long connection,
            Phase phase,
            WireFacts facts,
            Attempt.Outcome outcome) {
        synchronized (attempts) {
            attempts.add(
                    attempt(
                            attempts.size() + 1,
                            started,
                            sentNanos,
                            connection,
                            phase,
                            facts,
                            outcome));
        }
    }

    private Attempt attempt(
            int number,
            Instant started,
            long sentNanos,
            long connection,
            Phase phase,
            WireFacts facts,
            Attempt.Outcome outcome) {
        Duration took = Duration.ofNanos(settings.time().nanos() - sentNanos);
        return new Attempt(number, connection, started, took, phase, facts, outcome);
    }

    private void waitForTurn() throws InterruptedException, ConnectionFailure {
        if (!origin.turnstile().tryAcquire(leftNanos(), TimeUnit.NANOSECONDS)) {
            throw tooSlow();
        }
        try {
            for (Duration wait = origin.pace().take(settings.time().nanos());
                    wait.isPositive();
                    wait = origin.pace().take(settings.time().nanos())) {
                if (!fitsDeadline(wait)) {
                    throw tooSlow();
                }
                settings.time().sleep(wait);
            }
        } finally {
            origin.turnstile().release();
        }
    }

    private ConnectionFailure tooSlow() {
        return aborted("the deadline would pass while waiting for the pace");
    }

    private long leftNanos() {
        return deadlineNanos
                .map(deadline -> deadline - settings.time().nanos())
                .orElse(Long.MAX_VALUE);
    }

    /// How long to wait for the next thing to happen: the read timeout, or what is left until the
    /// deadline.
    private Duration patience() {
        Duration patience = settings.readTimeout();
        if (deadlineNanos.isPresent()) {
            Duration left = Duration.ofNanos(deadlineNanos.get() - settings.time().nanos());
            return left.compareTo(patience) < 0 ? left : patience;
        }
        return patience;
    }

    private boolean fitsDeadline(Duration wait) {
        return deadlineNanos.isEmpty()
                || settings.time().nanos() + wait.toNanos() - deadlineNanos.get() < 0;
    }

    private String target() {
        String path = request.uri().getRawPath();
        String target =
                (path == null || path.isEmpty() ? "/" : path)
                        + (request.uri().getRawQuery() == null
                                ? ""
                                : "?" + request.uri().getRawQuery());
        boolean absolute =
                !origin.origin().isTls()
                        && settings.proxies().proxyFor(origin.origin()).isPresent();
        return absolute ? origin.origin() + target : target;
    }

    private Headers complete(Headers headers) {
        Headers complete = headers;
        if (!complete.contains("Host")) {
            complete = complete.with("Host", host(request.uri(), origin.origin()));
        }
        if (!complete.contains("User-Agent") && !settings.userAgent().isEmpty()) {
            complete = complete.with("User-Agent", settings.userAgent());
        }
        if (!complete.contains("Accept")) {
            complete = complete.with("Accept", "*/*");
        }
        if (settings.decode()
                && !complete.contains("Accept-Encoding")
                && !complete.contains("Range")) {
            complete = complete.with("Accept-Encoding", ContentDecoder.ACCEPTED);
        }
        return proxyAuthorization(complete);
    }

    private Headers proxyAuthorization(Headers headers) {
        if (origin.origin().isTls()) {
            return headers;
        }
        return settings.proxies()
                .proxyFor(origin.origin())
                .flatMap(ProxySettings.Proxy::authorization)
                .map(value -> headers.set("Proxy-Authorization", value))
                .orElse(headers);
    }

    private static String host(java.net.URI uri, Origin origin) {
        return uri.getPort() == -1
                ? origin.authority().replaceFirst(":\\d+$", "")
                : origin.authority();
    }
}
