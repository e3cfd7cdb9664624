package dev.unreset.client;

import dev.unreset.Evidence;
import dev.unreset.FailureKind;
import dev.unreset.Limit;
import dev.unreset.Origin;
import dev.unreset.OriginProfile;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.function.UnaryOperator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// All that a session knows of one origin: its connections, pace, retry budget and profile.
///
/// Here observations become limits. Safe for threads.
final class OriginState {

    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /// Connections for an origin when nothing else is known.
    private static final int MOST_CONNECTIONS = 64;

    /// A close sooner than this after an answer is no idle timeout.
    private static final Duration LEAST_IDLE_LIMIT = Duration.ofMillis(500);

    /// A quota that is used up for longer is left to the server to enforce.
    private static final Duration MOST_HELD = Duration.ofMinutes(1);

    private final Origin origin;
    private final SessionSettings settings;
    private final ConnectionPool pool;
    private final Pace pace;
    private final Semaphore turnstile = new Semaphore(1, true);
    private final RetryBudget budget = new RetryBudget();
    private final Set<Wire> serving = ConcurrentHashMap.newKeySet();
    private final List<Evidence> endedWhileIdle = new ArrayList<>();
    private volatile OriginProfile profile;
    private volatile Optional<String> keepAlive = Optional.empty();
    private volatile boolean answeredBefore;

    OriginState(Origin origin, SessionSettings settings) {
        this.origin = origin;
        this.settings = settings;
        this.profile = settings.profiles().profile(origin);
        this.pool = new ConnectionPool(this::connectionLimit, this::usableIdle);
        Optional<Double> learnedRate = profile.limit(Limit.REQUESTS_PER_SECOND);
        this.pace =
                settings.fixedPace().isPresent()
                        ? Pace.fixed(settings.fixedPace().getAsDouble())
                        : Pace.adaptive(
                                learnedRate.map(OptionalDouble::of).orElse(OptionalDouble.empty()));
    }

    Origin origin() {
        return origin;
    }

    ConnectionPool pool() {
        return pool;
    }

    Pace pace() {
        return pace;
    }

    /// Whoever waits for the pace holds it, so that turns go in the order of asking.
    Semaphore turnstile() {
        return turnstile;
    }

    RetryBudget budget() {
        return budget;
    }

    OriginProfile profile() {
        return profile;
    }

    /// Whether this origin has answered in this session.
    boolean answeredBefore() {
        return answeredBefore;
    }

    Duration usableIdle() {
        return IdleLimit.usable(settings.ownIdleLimit(), keepAlive, profile);
    }

    /// How many connections may be open at once: what was set, or fewer where that was learned.
    int connectionLimit() {
        int most = settings.maxConnections().orElse(MOST_CONNECTIONS);
        return profile.limit(Limit.CONNECTIONS)
                .map(failed -> Math.max(1, Math.min(most, failed.intValue() - 1)))
                .orElse(most);
    }

    void learn(UnaryOperator<OriginProfile> change) {
        try {
            profile = settings.profiles().update(origin, change);
        } catch (java.io.UncheckedIOException e) {
            // What cannot be kept for the next session still helps this one.
            profile = change.apply(profile);
            LOG.debug("{}: profile not saved: {}", origin, e.getMessage());
        }
    }

    /// A response began: what it says, and what its connection shows.
    void answered(Wire wire, Duration idleBefore, long sentNanos, Headers headers) {
        answeredBefore = true;
        headers.first("Keep-Alive").ifPresent(value -> keepAlive = Optional.of(value));
        pace.accepted(sentNanos, settings.time().nanos());
        RateLimitFields.usedUpFor(headers, settings.time().now().getEpochSecond())
                .map(wait -> wait.compareTo(MOST_HELD) > 0 ? MOST_HELD : wait)
                .ifPresent(wait -> pace.hold(wait, settings.time().nanos()));
        double idleSeconds = idleBefore.toMillis() / 1000.0;
        if (wire.exchangeCount() > 1
                && profile.limit(Limit.IDLE_SECONDS)
                        .filter(limit -> idleSeconds >= limit)
                        .isPresent()) {
            learn(known -> known.worked(Limit.IDLE_SECONDS, idleSeconds));
        }
        int serving = servingWith(wire);
        if (profile.limit(Limit.CONNECTIONS).filter(limit -> serving >= limit).isPresent()) {
            learn(known -> known.worked(Limit.CONNECTIONS, serving));
        }
    }

    /// How many open connections have answered, `wire` included: only those show how many may be
    /// open at once.
    private int servingWith(Wire wire) {
        serving.removeIf(other -> !other.isOpen());
        serving.add(wire);
        return serving.size();
    }

    /// The peer ended a connection that waited in the pool.
    void endedIdle(Wire wire, WireEnd seen) {
        if (!pool.remove(wire)) {
            return;
        }
        Duration idle = wire.idle();
        LOG.debug(
                "{}: {} ended by {} after {} ms idle",
                origin,
                wire,
                seen.end().label(),
                idle.toMillis());
        learnIdleLimit(idle);
        synchronized (endedWhileIdle) {
            endedWhileIdle.clear();
            endedWhileIdle.add(Symptoms.endedIdle(idle));
        }
    }

    /// What connections that ended in the pool speak for, told once: to the next exchange.
    List<Evidence> takeEndedWhileIdle() {
        synchronized (endedWhileIdle) {
            List<Evidence> taken = List.copyOf(endedWhileIdle);
            endedWhileIdle.clear();
            return taken;
        }
    }

    /// An attempt failed: learns from it, and says what it speaks for.
    List<Evidence> failed(WireBroken.Loss loss, int attempt, long sentNanos) {
        // The failed connection has left the pool already.
        int others = pool.open();
        int lately = pace.acceptedLately(settings.time().nanos());
        boolean nothingCame = loss.facts().bytesReceived() == 0;
        boolean turnedAway =
                nothingCame
                        && !loss.facts().reused()
                        && switch (loss.kind()) {
                            case RESET, CLOSED_EARLY, BROKEN_PIPE -> true;
                            default -> false;
                        };
        if (nothingCame && loss.facts().reused() && loss.kind() != FailureKind.READ_TIMEOUT) {
            learnIdleLimit(loss.facts().idle());
        }
        if (turnedAway && others > 0) {
            learn(known -> known.failed(Limit.CONNECTIONS, others + 1, settings.time().now()));
        }
        if (turnedAway && lately > 0) {
            // While others are open, their number explains it as well: slower now, but not for
            // good.
            throttled(sentNanos, others == 0);
        }
        return Symptoms.of(
                loss, attempt, new Symptoms.Surroundings(others, lately, answeredBefore));
    }

    /// The server said that requests come too fast.
    void throttled(long sentNanos) {
        throttled(sentNanos, true);
    }

    private void throttled(long sentNanos, boolean forGood) {
        double rate = pace.throttled(sentNanos, settings.time().nanos());
        if (forGood && settings.fixedPace().isEmpty() && !Double.isInfinite(rate)) {
            learn(known ->
                    known.failed(Limit.REQUESTS_PER_SECOND, rate / 0.95, settings.time().now()));
        }
    }

    private void learnIdleLimit(Duration idle) {
        if (idle.compareTo(LEAST_IDLE_LIMIT) >= 0) {
            learn(known ->
                    known.failed(
                            Limit.IDLE_SECONDS, idle.toMillis() / 1000.0, settings.time().now()));
        }
    }
}
