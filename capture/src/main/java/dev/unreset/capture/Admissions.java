package dev.unreset.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.Predicate;

/// What tells, for each server, which connections were let in and which were turned away.
///
/// Any thread may ask; a server's connections are gone through when it is first asked for.
final class Admissions {

    private static final long SECOND = 1_000_000_000L;

    /// For [FlowTable#arrivedNanos]: when the SYN was sent, and when the handshake was over.
    private static final long[] OTHER_CLOCKS = {Long.MAX_VALUE, -SECOND};

    /// Where those turned away heard something, it may have been an answer to what they said: of
    /// fewer, or but for some, chance may tell; and over TLS, nobody knows who asked for something
    /// that brings the server down, and how often.
    private static final int MANY = 16;

    /// A SYN is repeated after a second (RFC 6298, 2.1).
    private static final long ASKED_AGAIN = SECOND * 9 / 10;

    private final List<LeftFlows> connections;
    private final Function<Endpoint, ServerHistory> histories;
    private final Predicate<Endpoint> overTls;
    private final Map<Endpoint, Optional<OnAClock>> byServer = new ConcurrentHashMap<>();
    private final Map<Endpoint, Optional<OnAClock>> withForged = new ConcurrentHashMap<>();

    /// What a server says to whoever comes, in bytes: its answer to an upgrade, or its part of a
    /// handshake over TLS.
    private record Preamble(long least, long most) {

        static final Preamble NONE = new Preamble(0, 0);

        /// Signatures are not always as long.
        private static final long SLACK = 8;

        /// What it said to most of those that it ended badly within a moment.
        ///
        /// @param lengths of what it said to each of these
        static Preamble of(List<Long> lengths) {
            List<Long> inOrder = lengths.stream().sorted().toList();
            Preamble usual = NONE;
            int most = 0;
            int from = 0;
            for (int to = 0; to < inOrder.size(); to++) {
                while (inOrder.get(to) - inOrder.get(from) > SLACK) {
                    from++;
                }
                if (to - from >= most) {
                    most = to - from + 1;
                    usual = new Preamble(inOrder.get(from), inOrder.get(to));
                }
            }
            return usual;
        }

        boolean isNone() {
            return most == 0;
        }
    }

    /// How much clients say on a server's connections where it said something, and more than a
    /// preamble: `least` to `most` bytes, all a multiple of `common`.
    ///
    /// @param helloOnly what clients say first is a hello, and says nothing
    private record Speech(long least, long most, long common, boolean helloOnly) {

        /// Whether a client that was closed, and not served, had said nothing, or as much as those
        /// that were, or a part of what all of them said: it was not closed for what it had said.
        boolean isUsual(long bytes) {
            return bytes == 0
                    || helloOnly
                    || (bytes >= least && bytes <= most)
                    || (common > 0 && common % bytes == 0);
        }

        /// Gathers the lengths.
        private static final class Of {

            private final Preamble preamble;
            private long least = Long.MAX_VALUE;
            private long most;
            private long common;

            Of(Preamble preamble) {
                this.preamble = preamble;
            }

            void add(LeftFlows.Row flow) {
                if (flow.serverBytes() <= preamble.most()) {
                    return;
                }
                long bytes = flow.clientBytes();
                least = Math.min(least, bytes);
                most = Math.max(most, bytes);
                common = commonDivisor(common, bytes);
            }

            private static long commonDivisor(long a, long b) {
                return b == 0 ? a : commonDivisor(b, a % b);
            }

            Speech all(boolean helloOnly) {
                return new Speech(least, most, common, helloOnly);
            }
        }
    }

    /// What tells who is let in, by the times at which they came there.
    private record OnAClock(Admission admission, View view) {

        boolean limits(FlowSummary connection) {
            return admission.limits(arrived(connection));
        }

        /// Whether it turned `connection` away after its preamble; of one that came after those
        /// that were looked at, as far as is known.
        boolean limitsAfterPreamble(FlowSummary connection) {
            boolean came = arrived(connection) <= admission.toNanos();
            return view.hasNotAsked(connection.clientBytes(), connection.serverBytes())
                    && (came ? limits(connection) : admission.isLimit());
        }

        private long arrived(FlowSummary connection) {
            return FlowTable.arrivedNanos(
                    connection.startNanos(), connection.handshake(), view.quickest());
        }
    }

    /// @param connections of all shares; no more are added
    /// @param histories of their servers
    /// @param overTls which of them speak TLS
    Admissions(
            List<LeftFlows> connections,
            Function<Endpoint, ServerHistory> histories,
            Predicate<Endpoint> overTls) {
        this.connections = connections;
        this.histories = histories;
        this.overTls = overTls;
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

    /// The same, where the server had said no more to it than to all that it turned away; also of
    /// one that came after those that were looked at.
    Optional<Admission> limitAfterPreamble(FlowSummary connection) {
        return onAClock(connection.server())
                .filter(each -> each.limitsAfterPreamble(connection))
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

    /// Who is turned away hears nothing; or, where that does not tell, no more than the server says
    /// to whoever comes: its answer to an upgrade, or its part of a handshake over TLS.
    private Optional<OnAClock> found(Endpoint server, Set<Long> forged) {
        boolean tls = overTls.test(server);
        Optional<OnAClock> usual =
                found(server, forged, speech(server, Preamble.NONE, tls), Preamble.NONE);
        if (usual.isPresent()) {
            return usual;
        }
        Preamble preamble = preamble(server);
        return preamble.isNone()
                ? usual
                : found(server, forged, speech(server, preamble, false), preamble)
                        .filter(each -> each.admission().isSureOf(MANY, !tls));
    }

    /// Of SYNs that waited on the way, who counts them may be before the place where they did, or
    /// behind it; and programs count what they accept, when the handshake is over.
    private Optional<OnAClock> found(
            Endpoint server, Set<Long> forged, Speech speech, Preamble preamble) {
        boolean refuses = refuses(server);
        long quickest = histories.apply(server).quickestHandshake;
        View usual = new View(quickest, forged, speech, preamble);
        List<Admission.Arrival> behind = arrivals(server, usual);
        Optional<Admission> admission = Admission.of(behind, refuses);
        if (admission.isEmpty()) {
            return Optional.empty();
        }
        OnAClock best = new OnAClock(admission.get(), usual);
        for (long clock : OTHER_CLOCKS) {
            View view = new View(clock, forged, speech, preamble);
            List<Admission.Arrival> arrivals = arrivals(server, view);
            Optional<Admission> other =
                    Admission.areOfOneTime(behind, arrivals)
                            ? Optional.empty()
                            : Admission.of(arrivals, refuses);
            if (other.isPresent() && other.get().isBetterThan(best.admission())) {
                best = new OnAClock(other.get(), view);
            }
        }
        return Optional.of(best);
    }

    private Preamble preamble(Endpoint server) {
        long quickest = histories.apply(server).quickestHandshake;
        List<Long> lengths = new ArrayList<>();
        for (LeftFlows share : connections) {
            share.forEach(
                    server,
                    flow -> {
                        boolean dismissed =
                                flow.serverBytes() > 0
                                        && flow.established()
                                        && flow.bad()
                                        && !flow.resetByClient()
                                        && flow.isBrief(flow.arrivedNanos(quickest));
                        if (dismissed) {
                            lengths.add(flow.serverBytes());
                        }
                    });
        }
        return Preamble.of(lengths);
    }

    private Speech speech(Endpoint server, Preamble preamble, boolean helloOnly) {
        Speech.Of speech = new Speech.Of(preamble);
        for (LeftFlows share : connections) {
            share.forEach(server, speech::add);
        }
        return speech.all(helloOnly);
    }

    private List<Admission.Arrival> arrivals(Endpoint server, View view) {
        List<Admission.Arrival> arrivals = new ArrayList<>();
        for (LeftFlows share : connections) {
            share.forEach(server, flow -> view.add(flow, arrivals));
        }
        return arrivals;
    }

    /// How connections are looked at, to see who was let in.
    ///
    /// @param quickest handshake; see [FlowTable#arrivedNanos]
    /// @param forged when those began that were reset in the client's name, and so turned away
    /// @param speech what is usually said
    /// @param preamble what is no service
    private record View(long quickest, Set<Long> forged, Speech speech, Preamble preamble) {

        /// Adds a connection; where its SYN was not answered at first, as one that was turned away,
        /// and one that was let in later.
        void add(LeftFlows.Row flow, List<Admission.Arrival> arrivals) {
            long start = flow.startNanos();
            long arrived = flow.arrivedNanos(quickest);
            int client = flow.client();
            boolean byItsClient = flow.resetByClient() && !forged.contains(start);
            if (byItsClient && !forged.isEmpty() && flow.clientBytes() + flow.serverBytes() == 0) {
                // It only looked whether somebody listens, or was reset as the others.
                arrivals.add(
                        new Admission.Arrival(arrived, arrived, client, Admission.Fate.UNKNOWN));
                return;
            }
            boolean closed = flow.isClosedUnserved(arrived, preamble.most());
            boolean reset = flow.isDismissed(arrived, byItsClient, preamble.most());
            boolean refused = !flow.established() && flow.suspicious() && !byItsClient;
            // Who was told something else was ended for another reason.
            boolean told =
                    !preamble.isNone() && flow.bad() && !byItsClient && flow.isBrief(arrived);
            if (!flow.established() || closed || reset || told) {
                boolean away = (closed || reset) ? isTurnedAway(flow, reset) : refused;
                Admission.Fate fate = away ? Admission.Fate.TURNED_AWAY : Admission.Fate.UNKNOWN;
                arrivals.add(new Admission.Arrival(arrived, arrived, client, fate));
                return;
            }
            long end = flow.endNanos() + (flow.wasEnded() ? 0 : ServerHistory.OPEN_WHEN_SILENT);
            boolean late = flow.askedAgain() && arrived - start >= ASKED_AGAIN;
            if (late) {
                arrivals.add(
                        new Admission.Arrival(start, start, client, Admission.Fate.TURNED_AWAY));
            }
            arrivals.add(
                    new Admission.Arrival(
                            arrived,
                            Math.max(arrived, end),
                            client,
                            flow.hasHandshake() ? Admission.Fate.LET_IN : Admission.Fate.UNKNOWN));
        }

        /// Whether one that ended unserved was turned away. Who said something else than others may
        /// have been closed for that; and what is closed in good order after a preamble may have
        /// had a short answer.
        private boolean isTurnedAway(LeftFlows.Row flow, boolean reset) {
            return preamble.isNone()
                    ? reset || speech.isUsual(flow.clientBytes())
                    : reset && hasNotAsked(flow.clientBytes(), flow.serverBytes());
        }

        /// Whether no more was said than a preamble, and by the client no more than by any that was
        /// served.
        boolean hasNotAsked(long clientBytes, long serverBytes) {
            return clientBytes <= speech.most()
                    && serverBytes <= preamble.most()
                    && (serverBytes == 0 || serverBytes >= preamble.least());
        }
    }
}
