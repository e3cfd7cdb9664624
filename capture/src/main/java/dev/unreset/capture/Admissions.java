package dev.unreset.capture;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/// What tells, for each server, which connections were let in and which were turned away.
///
/// Any thread may ask; a server's connections are gone through once.
final class Admissions {

    private static final long SECOND = 1_000_000_000L;

    /// For [FlowTable#arrivedNanos]: when the SYN was sent, and when the handshake was over.
    private static final long[] OTHER_CLOCKS = {Long.MAX_VALUE, -SECOND};

    /// So many lengths of what clients said are known.
    private static final int MOST_LENGTHS = 64;

    /// A SYN is repeated after a second (RFC 6298, 2.1).
    private static final long ASKED_AGAIN = SECOND * 9 / 10;

    private final List<LeftFlows> connections;
    private final Function<Endpoint, ServerHistory> histories;
    private final Map<Endpoint, Optional<OnAClock>> byServer = new ConcurrentHashMap<>();
    private final Map<Endpoint, Optional<OnAClock>> withForged = new ConcurrentHashMap<>();

    /// What tells who is let in, by the times at which they came there.
    ///
    /// @param quickest handshake; see [FlowTable#arrivedNanos]
    private record OnAClock(Admission admission, long quickest) {

        boolean limits(FlowSummary connection) {
            return admission.limits(
                    FlowTable.arrivedNanos(
                            connection.startNanos(), connection.handshake(), quickest));
        }
    }

    /// @param connections of all shares; no more are added
    /// @param histories of their servers
    Admissions(List<LeftFlows> connections, Function<Endpoint, ServerHistory> histories) {
        this.connections = connections;
        this.histories = histories;
    }

    /// Whether enough connections came, and were turned away, that a limit would tell.
    boolean wouldShowALimit(Endpoint server) {
        return of(server).isPresent();
    }

    /// What tells which connections the server, or what is before it, let in and which not; empty
    /// if they are too few.
    Optional<Admission> of(Endpoint server) {
        return onAClock(server).map(OnAClock::admission);
    }

    private Optional<OnAClock> onAClock(Endpoint server) {
        return byServer.computeIfAbsent(server, each -> found(each, Set.of()));
    }

    /// The limit that turned `connection` away; empty if none tells.
    Optional<Admission> limit(FlowSummary connection) {
        return onAClock(connection.server())
                .filter(each -> each.limits(connection))
                .map(OnAClock::admission);
    }

    /// The same of who stands between, and resets in the client's name those that it turns away.
    ///
    /// @param forged when those connections of a server began
    Optional<Admission> limitOfForgedResets(
            FlowSummary connection, Function<Endpoint, Set<Long>> forged) {
        return withForged
                .computeIfAbsent(connection.server(), each -> found(each, forged.apply(each)))
                .filter(each -> each.limits(connection))
                .map(OnAClock::admission);
    }

    /// Whether who was turned away came while the server was not there.
    boolean isGoneAtTimes(Endpoint server) {
        return of(server).filter(Admission::isPresence).isPresent();
    }

    /// Whether connections to the server were refused, or not answered.
    private boolean refuses(Endpoint server) {
        ServerHistory known = histories.apply(server);
        return known.refusals.count() > 0 || known.unanswered > 0;
    }

    /// Of SYNs that waited on the way, who counts them may be before the place where they did, or
    /// behind it; and programs count what they accept, when the handshake is over.
    private Optional<OnAClock> found(Endpoint server, Set<Long> forged) {
        boolean refuses = refuses(server);
        long quickest = histories.apply(server).quickestHandshake;
        Set<Long> served = lengthsOfServed(server);
        List<Admission.Arrival> behind = arrivals(server, quickest, forged, served);
        Optional<Admission> admission = Admission.of(behind, refuses);
        if (admission.isEmpty()) {
            return Optional.empty();
        }
        OnAClock best = new OnAClock(admission.get(), quickest);
        for (long clock : OTHER_CLOCKS) {
            List<Admission.Arrival> arrivals = arrivals(server, clock, forged, served);
            Optional<Admission> other =
                    Admission.areOfOneTime(behind, arrivals)
                            ? Optional.empty()
                            : Admission.of(arrivals, refuses);
            if (other.isPresent() && other.get().isBetterThan(best.admission())) {
                best = new OnAClock(other.get(), clock);
            }
        }
        return Optional.of(best);
    }

    /// What the clients of served connections sent, in bytes: some of these lengths.
    private Set<Long> lengthsOfServed(Endpoint server) {
        Set<Long> lengths = new HashSet<>();
        for (LeftFlows share : connections) {
            share.forEach(
                    server,
                    flow -> {
                        if (flow.serverBytes() > 0 && lengths.size() < MOST_LENGTHS) {
                            lengths.add(flow.clientBytes());
                        }
                    });
        }
        return lengths;
    }

    /// @param quickest handshake; see [FlowTable#arrivedNanos]
    /// @param forged when those began that were reset in the client's name, and so turned away
    /// @param served [#lengthsOfServed]
    private List<Admission.Arrival> arrivals(
            Endpoint server, long quickest, Set<Long> forged, Set<Long> served) {
        List<Admission.Arrival> arrivals = new ArrayList<>();
        for (LeftFlows share : connections) {
            share.forEach(server, flow -> addArrivals(flow, quickest, forged, served, arrivals));
        }
        return arrivals;
    }

    /// Whether a client that was closed, and not served, had said nothing, or as much as one that
    /// was, or a part of that: it was not closed for what it had said.
    private static boolean saysAsOthers(long bytes, Set<Long> served) {
        boolean alike = bytes == 0;
        for (long each : served) {
            alike |= bytes > 0 && each > 0 && each % bytes == 0;
        }
        return alike;
    }

    /// Adds a connection; where its SYN was not answered at first, as one that was turned away, and
    /// one that was let in later.
    private static void addArrivals(
            LeftFlows.Row flow,
            long quickest,
            Set<Long> forged,
            Set<Long> served,
            List<Admission.Arrival> arrivals) {
        long start = flow.startNanos();
        long arrived = flow.arrivedNanos(quickest);
        int client = flow.client();
        boolean byItsClient = flow.resetByClient() && !forged.contains(start);
        if (byItsClient && !forged.isEmpty() && flow.clientBytes() + flow.serverBytes() == 0) {
            // It only looked whether somebody listens, or was reset as the others.
            arrivals.add(new Admission.Arrival(arrived, arrived, client, Admission.Fate.UNKNOWN));
            return;
        }
        boolean dismissed =
                flow.isDismissed(arrived, byItsClient)
                        || (flow.isClosedUnserved(arrived)
                                && saysAsOthers(flow.clientBytes(), served));
        if (!flow.established() || dismissed) {
            Admission.Fate fate =
                    dismissed || (flow.suspicious() && !byItsClient)
                            ? Admission.Fate.TURNED_AWAY
                            : Admission.Fate.UNKNOWN;
            arrivals.add(new Admission.Arrival(arrived, arrived, client, fate));
            return;
        }
        long end = flow.endNanos() + (flow.wasEnded() ? 0 : ServerHistory.OPEN_WHEN_SILENT);
        boolean late = flow.askedAgain() && arrived - start >= ASKED_AGAIN;
        if (late) {
            arrivals.add(new Admission.Arrival(start, start, client, Admission.Fate.TURNED_AWAY));
        }
        arrivals.add(
                new Admission.Arrival(
                        arrived,
                        Math.max(arrived, end),
                        client,
                        flow.hasHandshake() ? Admission.Fate.LET_IN : Admission.Fate.UNKNOWN));
    }
}
