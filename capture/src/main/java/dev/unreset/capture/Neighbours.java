package dev.unreset.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The other connections of a server: what one connection's end means is often seen only beside
/// them.
///
/// Any thread may ask. A question costs the logarithm of the server's connections, because
/// thousands of them may have ended badly.
final class Neighbours {

    private static final long SECOND = 1_000_000_000L;
    private static final long MILLI = 1_000_000;
    private static final long MILLIS_2020 = 1_577_836_800_000L;

    /// What ends within this time ends together.
    private static final long TOGETHER = SECOND / 20;

    /// A program that ended is not back sooner.
    private static final long QUICKER_THAN_A_START = SECOND / 4;

    /// A host that starts anew is not back sooner.
    private static final long QUICKER_THAN_A_BOOT = 3 * SECOND;

    /// Served and turned away in turns: on the average, a turn takes no longer.
    private static final long MOST_BETWEEN_TURNS = 5 * SECOND;

    /// Who is turned away is gone within this time.
    private static final long TURNED_AWAY = SECOND;

    /// A SYN is repeated after a second (RFC 6298, 2.1).
    private static final long ASKED_AGAIN = SECOND * 9 / 10;

    /// A connection that nobody has ended counts as open for so long after its last packet: its
    /// host may be gone.
    private static final long OPEN_WHEN_SILENT = 30 * SECOND;

    /// Who is no longer answered repeats itself for so long, and longer.
    private static final long LONGEST_LOSS = 30 * SECOND;

    private static final int MOST_LOOKED_AT = 64;

    /// More connections of one moment are not counted one by one.
    private static final int MOST_BRIEF = 1000;

    /// Requests of more bytes than this that differ by one in so many are alike.
    private static final int LARGE_REQUEST = 500;

    private static final int REQUEST_BITS = 22;
    private static final long MOST_REQUEST = (1L << REQUEST_BITS) - 1;

    private final List<LeftFlows> connections;
    private final Map<Endpoint, Server> servers = new ConcurrentHashMap<>();
    private final Map<Endpoint, Optional<Admission>> admissions = new ConcurrentHashMap<>();

    /// @param connections of all shares; no more are added
    Neighbours(List<LeftFlows> connections) {
        this.connections = connections;
    }

    private Server of(Endpoint server) {
        Server known = servers.get(server);
        return known != null ? known : servers.computeIfAbsent(server, this::made);
    }

    private Server made(Endpoint server) {
        Server made = new Server();
        for (LeftFlows share : connections) {
            share.forEach(server, made);
        }
        return made;
    }

    /// Established connections of the server that were open at `nanos`.
    long openAt(Endpoint server, long nanos) {
        Server known = of(server);
        long begun = known.starts.below(nanos);
        return begun - known.ends.below(nanos + 1);
    }

    /// Established connections of its server, beside `connection`, that were open at `nanos` and
    /// did not end then.
    int outlasting(FlowSummary connection, long nanos) {
        Server known = of(connection.server());
        long soon = nanos + TOGETHER;
        // Who began later, and is over as well, was not one of those that were open.
        int ended = known.ends.below(soon + 1) - known.briefWithin(nanos, soon);
        boolean itself =
                connection.established()
                        && connection.startNanos() < nanos
                        && connection.overNanos() > soon;
        return known.starts.below(nanos) - ended - (itself ? 1 : 0);
    }

    boolean acceptedBefore(Endpoint server, long nanos) {
        return of(server).starts.below(nanos) > 0;
    }

    boolean acceptedAfter(Endpoint server, long nanos) {
        return of(server).starts.between(nanos + 1, Long.MAX_VALUE) > 0;
    }

    /// Connections accepted within the two seconds before `nanos`.
    long acceptedLately(Endpoint server, long nanos) {
        return acceptedWithin(server, nanos, 2);
    }

    /// Whether a connection was accepted more than two seconds before `nanos`: a burst is shorter.
    boolean acceptedLongBefore(Endpoint server, long nanos) {
        return of(server).starts.below(nanos - 2 * SECOND) > 0;
    }

    /// Whether a connection of the server was cut within the two seconds before `nanos`, and so
    /// were all that it accepted within them.
    boolean onlyCutLately(Endpoint server, long nanos) {
        Server known = of(server);
        long from = nanos - 2 * SECOND + 1;
        return known.cuts.between(from, nanos) > 0
                && known.starts.between(from, nanos) == known.cutStarts.between(from, nanos);
    }

    /// Whether the server no longer answered a connection that had been open while it was asked for
    /// another, from `from` to `to`, and did not serve others in that time.
    boolean answersNobody(Endpoint server, long from, long to) {
        Server known = of(server);
        return known.losses.between(from - 5 * SECOND, to + LONGEST_LOSS) > 0
                && known.served.between(from, to) == 0
                && !livesThrough(server, from, to);
    }

    /// Connections accepted within so many seconds before `nanos`.
    long acceptedWithin(Endpoint server, long nanos, int seconds) {
        return of(server).starts.between(nanos - seconds * SECOND + 1, nanos);
    }

    /// Connections that were turned away, and that began within ten seconds of `nanos`.
    long turnedAwayAround(Endpoint server, long nanos) {
        return of(server).turnedAway.between(nanos - 10 * SECOND, nanos + 10 * SECOND);
    }

    /// Whether the server accepted a connection after `from` and before `to`.
    boolean acceptedBetween(Endpoint server, long from, long to) {
        return of(server).starts.between(from + 1, to) > 0;
    }

    /// Connections that the server served, and that began within two seconds before `nanos`.
    long servedLately(Endpoint server, long nanos) {
        return of(server).served.between(nanos - 2 * SECOND + 1, nanos);
    }

    /// Whether the server served connections that began within ten seconds of `nanos`.
    boolean servesAround(Endpoint server, long nanos) {
        return of(server).served.between(nanos - 10 * SECOND, nanos + 10 * SECOND) > 0;
    }

    /// Whether the next that the server did after `nanos` was to refuse a connection, within half a
    /// minute.
    boolean refusesNext(Endpoint server, long nanos) {
        Server known = of(server);
        long first = known.refusals.next(nanos + 1);
        return first <= nanos + 30 * SECOND && known.starts.between(nanos + 1, first) == 0;
    }

    /// Whether enough connections came, and were turned away, that a limit would tell.
    boolean wouldShowALimit(Endpoint server) {
        return admission(server).isPresent();
    }

    /// What tells which connections the server, or what is before it, let in and which not; empty
    /// if nothing does.
    private Optional<Admission> admission(Endpoint server) {
        return admissions.computeIfAbsent(
                server, each -> Admission.of(arrivals(each), refuses(each)));
    }

    /// The limit that turned `connection` away; empty if none tells.
    Optional<Admission> limit(FlowSummary connection) {
        return admission(connection.server())
                .filter(each -> each.isLimit() && each.tells(connection.startNanos()));
    }

    /// Whether who was turned away came while the server was not there.
    boolean isGoneAtTimes(Endpoint server) {
        return admission(server).filter(Admission::isPresence).isPresent();
    }

    /// Whether connections to the server were refused, or not answered.
    private boolean refuses(Endpoint server) {
        Server known = of(server);
        return known.refusals.count() > 0 || known.unanswered > 0;
    }

    private List<Admission.Arrival> arrivals(Endpoint server) {
        List<Admission.Arrival> arrivals = new ArrayList<>();
        for (LeftFlows share : connections) {
            share.forEach(server, flow -> addArrivals(flow, arrivals));
        }
        return arrivals;
    }

    /// Adds a connection; where its SYN was not answered at first, as one that was turned away, and
    /// one that was let in later.
    private static void addArrivals(LeftFlows.Row flow, List<Admission.Arrival> arrivals) {
        long start = flow.startNanos();
        int client = flow.client();
        boolean dismissed =
                flow.bad()
                        && !flow.resetByClient()
                        && flow.serverBytes() == 0
                        && flow.endNanos() - start < TURNED_AWAY;
        if (!flow.established() || dismissed) {
            Admission.Fate fate =
                    flow.suspicious() && !flow.resetByClient()
                            ? Admission.Fate.TURNED_AWAY
                            : Admission.Fate.UNKNOWN;
            arrivals.add(new Admission.Arrival(start, start, client, fate));
            return;
        }
        long end = flow.endNanos() + (flow.wasEnded() ? 0 : OPEN_WHEN_SILENT);
        boolean late = flow.askedAgain() && flow.letInNanos() - start >= ASKED_AGAIN;
        if (late) {
            arrivals.add(new Admission.Arrival(start, start, client, Admission.Fate.TURNED_AWAY));
        }
        arrivals.add(
                new Admission.Arrival(
                        late ? flow.letInNanos() : start,
                        end,
                        client,
                        flow.hasHandshake() ? Admission.Fate.LET_IN : Admission.Fate.UNKNOWN));
    }

    /// Whether the server accepted connections from `from` to `to`, and never paused for so long
    /// that its host could have been started anew.
    boolean acceptsThroughout(Endpoint server, long from, long to) {
        Server known = of(server);
        long first = known.starts.next(from);
        int before = known.starts.below(to);
        return before > 0
                && to - from >= QUICKER_THAN_A_BOOT
                && first < to
                && first - from <= QUICKER_THAN_A_BOOT
                && to - known.starts.get(before - 1) <= QUICKER_THAN_A_BOOT
                && known.pauses().between(first + 1, to) == 0;
    }

    /// Whether the next that the server did after `nanos` was to accept a connection, within three
    /// seconds.
    boolean acceptsNext(Endpoint server, long nanos) {
        Server known = of(server);
        long first = known.starts.next(nanos + 1);
        return first <= nanos + 3 * SECOND && known.refusals.between(nanos + 1, first) == 0;
    }

    /// Connections of the server that were open when `connection` was reset at `nanos`, and ended
    /// badly at the same time; those that came one after the other are not counted.
    long endedTogether(FlowSummary connection, long nanos) {
        Server known = of(connection.server());
        long from = Math.max(nanos - TOGETHER, connection.startNanos());
        long begunAfter = known.badStarts.between(nanos + 1, nanos + TOGETHER);
        return known.badEnds.between(from, nanos + TOGETHER) - begunAfter;
    }

    /// Whether the server served a new connection right after `nanos`, sooner than a program
    /// starts. That others stayed open says less: a FIN that came to them may not have been
    /// noticed.
    boolean livesOn(Endpoint server, long nanos) {
        return of(server).served.between(nanos + 1, nanos + QUICKER_THAN_A_START) > 0;
    }

    /// Whether the server served a connection while `open` others were open: so many are no limit.
    boolean servedBeside(Endpoint server, long open) {
        return of(server).servedBeside() >= open;
    }

    /// Whether several connections were turned away, and none was ever served.
    boolean servesNobody(Endpoint server) {
        Server known = of(server);
        return known.served.count() == 0 && known.turnedAway.count() >= 2;
    }

    /// Whether connections are served and turned away in turns, faster than a server restarts.
    boolean alternates(Endpoint server) {
        Turns turns = of(server).turns();
        return turns.count() >= 2 && turns.nanos() <= (turns.count() - 1) * MOST_BETWEEN_TURNS;
    }

    /// Connections within two seconds before `connection` that said as much, or several times as
    /// much, and were answered.
    long servedAlikeLately(FlowSummary connection) {
        return servedAlike(connection, 2 * SECOND);
    }

    /// The same, within a minute.
    long servedAlikeBefore(FlowSummary connection) {
        return servedAlike(connection, 60 * SECOND);
    }

    private long servedAlike(FlowSummary connection, long within) {
        long to = connection.startNanos();
        return of(connection.server()).servedWithin(to - within, to, connection.clientBytes());
    }

    /// Connections refused within two seconds after `nanos`.
    long refusedAfter(Endpoint server, long nanos) {
        return of(server).refusals.between(nanos + 1, nanos + 2 * SECOND);
    }

    /// Connections that ended badly after as many bytes from the side that sent more, within one in
    /// `slack`.
    long cutAt(Endpoint server, long bytes, int slack) {
        long most = bytes / slack;
        return of(server).badLengths.between(bytes - most, bytes + most + 1);
    }

    /// Whether on a connection that ended well, the server or the client had sent as many bytes or
    /// more: so many are no limit.
    boolean gotAsFar(Endpoint server, long bytes, boolean fromServer) {
        Server known = of(server);
        Numbers lengths = fromServer ? known.serverLengths : known.clientLengths;
        return lengths.next(bytes) < Long.MAX_VALUE;
    }

    /// Connections of the server that ended badly at the age of `nanos`, within `most`.
    long cutAfter(Endpoint server, long nanos, long most) {
        return of(server).badAges.between(nanos - most, nanos + most + 1);
    }

    /// Whether a connection that ended well was there before `from`, and still at `to`: nobody
    /// restarted the server in between.
    boolean livesThrough(Endpoint server, long from, long to) {
        return of(server).livesThrough(from, to);
    }

    /// How many connections of the server, beside `connection`, it closed with the one that it
    /// closed at `nanos`, if it closed all that were open; else 0.
    long closedWithAll(FlowSummary connection, long nanos) {
        Server known = of(connection.server());
        long closed = known.closings.between(nanos - TOGETHER, nanos + TOGETHER);
        return outlasting(connection, nanos) <= 0 ? Math.max(0, closed - 1) : 0;
    }

    /// A connection that was over within [#TOGETHER].
    private record Brief(long start, long end) {}

    /// How often a connection was turned away after one had been served, and the time between the
    /// first and the last such turn.
    private record Turns(int count, long nanos) {}

    /// The connections of one server, in the orders in which they are asked for: numbers alone,
    /// because most connections end well and are as many as fit into the capture. What is made of
    /// them is made when it is first asked for: most never is.
    private static final class Server implements Consumer<LeftFlows.Row> {

        // Of established connections.
        final Numbers starts = new Numbers();
        final Numbers ends = new Numbers();

        // Of those that ended badly.
        final Numbers badEnds = new Numbers();
        final Numbers badStarts = new Numbers();
        final Numbers badLengths = new Numbers();
        final Numbers badAges = new Numbers();

        /// The last packets of clients on established connections that the server no longer
        /// answered.
        final Numbers losses = new Numbers();

        // Of those that ended badly, and not by a RST that names the client.
        final Numbers cuts = new Numbers();
        final Numbers cutStarts = new Numbers();

        // Bytes of connections that ended well.
        final Numbers clientLengths = new Numbers();
        final Numbers serverLengths = new Numbers();

        final Numbers refusals = new Numbers();

        /// Of established connections.
        private final List<Brief> brief = new ArrayList<>(0);

        /// Connections whose SYN was repeated, and never answered.
        int unanswered;

        private boolean briefSorted;
        final Numbers briefStarts = new Numbers();

        // Of those that the server answered, and of those that it took and sent away, or refused.
        final Numbers served = new Numbers();
        final Numbers turnedAway = new Numbers();

        /// When the server closed connections, by a FIN that was its first word of the end.
        final Numbers closings = new Numbers();

        /// Connections that ended well, by [#life]; and of each and those before it, the last end.
        final Numbers lives = new Numbers();

        private long @Nullable [] livesTo;

        /// What the clients of served connections had sent, by [#request].
        final Numbers requests = new Numbers();

        private @Nullable Integer servedBeside;
        private @Nullable Turns turns;
        private @Nullable Numbers pauses;

        @Override
        public void accept(LeftFlows.Row flow) {
            long start = flow.startNanos();
            if (flow.bad()) {
                badLengths.add(Math.max(flow.serverBytes(), flow.clientBytes()));
            }
            if (!flow.established()) {
                if (flow.refused()) {
                    refusals.add(start);
                } else if (flow.suspicious()) {
                    unanswered++;
                }
                if (flow.suspicious()) {
                    turnedAway.add(start);
                }
                return;
            }
            long end = flow.endNanos();
            starts.add(start);
            // What nobody has ended is still there, silent as it is, for a while.
            ends.add(flow.wasEnded() ? end : end + OPEN_WHEN_SILENT);
            if (flow.bad()) {
                badStarts.add(start);
                badEnds.add(flow.cutNanos());
                badAges.add(end - start);
            }
            if (flow.bad() && !flow.resetByClient()) {
                cuts.add(flow.cutNanos());
                cutStarts.add(start);
            }
            if (flow.lost()) {
                losses.add(flow.lastPacketNanos());
            }
            if (flow.serverFinNanos() > 0) {
                closings.add(flow.serverFinNanos());
            }
            if (!flow.suspicious()) {
                lives.add(life(start, end));
            }
            if (!flow.suspicious() && flow.wasEnded()) {
                clientLengths.add(flow.clientBytes());
                serverLengths.add(flow.serverBytes());
            }
            if (flow.serverBytes() > 0) {
                served.add(start);
                requests.add(request(start, flow.clientBytes()));
            } else if (flow.bad() && end - start < TURNED_AWAY) {
                turnedAway.add(start);
            }
            if (end - start <= TOGETHER) {
                brief.add(new Brief(start, end));
                briefStarts.add(start);
            }
        }

        /// The most connections beside which one was served; -1 if none was.
        synchronized int servedBeside() {
            if (servedBeside == null) {
                int most = -1;
                for (int i = 0; i < served.count(); i++) {
                    long at = served.get(i);
                    most = Math.max(most, starts.below(at) - ends.below(at + 1));
                }
                servedBeside = most;
            }
            return servedBeside;
        }

        /// When the pauses between two connections ended that a boot could have taken.
        synchronized Numbers pauses() {
            if (pauses == null) {
                Numbers found = new Numbers();
                for (int i = 1; i < starts.count(); i++) {
                    if (starts.get(i) - starts.get(i - 1) > QUICKER_THAN_A_BOOT) {
                        found.add(starts.get(i));
                    }
                }
                pauses = found;
            }
            return pauses;
        }

        synchronized Turns turns() {
            if (turns == null) {
                int count = 0;
                long first = 0;
                long last = 0;
                for (int i = 0; i < turnedAway.count(); i++) {
                    long before = i == 0 ? Long.MIN_VALUE : turnedAway.get(i - 1);
                    if (served.between(before, turnedAway.get(i)) > 0) {
                        last = turnedAway.get(i);
                        first = count++ == 0 ? last : first;
                    }
                }
                turns = new Turns(count, last - first);
            }
            return turns;
        }

        private synchronized long[] livesTo() {
            if (livesTo == null) {
                long[] lastEnds = new long[lives.count()];
                long last = Long.MIN_VALUE;
                for (int i = 0; i < lastEnds.length; i++) {
                    long start = lives.get(i) >> REQUEST_BITS;
                    long length = lives.get(i) & MOST_REQUEST;
                    // What does not fit into the bits is taken for ever.
                    last = Math.max(last, length == MOST_REQUEST ? Long.MAX_VALUE : start + length);
                    lastEnds[i] = last;
                }
                livesTo = lastEnds;
            }
            return livesTo;
        }

        boolean livesThrough(long from, long to) {
            int before = lives.below(millis(from) << REQUEST_BITS);
            return before > 0 && livesTo()[before - 1] > millis(to);
        }

        /// In milliseconds since 2020: what else is put beside it leaves room for 69 years.
        private static long millis(long nanos) {
            return nanos / MILLI - MILLIS_2020;
        }

        /// When a connection began, and below it how long it lived, both in milliseconds.
        static long life(long start, long end) {
            return (millis(start) << REQUEST_BITS) | Math.min((end - start) / MILLI, MOST_REQUEST);
        }

        /// When a connection began, in milliseconds, and below it how many bytes its client sent:
        /// one number, so that an object for each connection is spared.
        static long request(long nanos, long bytes) {
            return (millis(nanos) << REQUEST_BITS) | Math.min(bytes, MOST_REQUEST);
        }

        /// Of the last connections that began between `from` and `to`: how many were answered, and
        /// had sent as many bytes, or a multiple; or any, if that of which we ask sent none.
        int servedWithin(long from, long to, long clientBytes) {
            int alike = 0;
            int first = requests.below(request(from, 0));
            int last = requests.below(request(to, 0));
            for (int i = Math.max(first, last - MOST_LOOKED_AT); i < last; i++) {
                long bytes = requests.get(i) & MOST_REQUEST;
                boolean multiple =
                        clientBytes > 0
                                && bytes > 0
                                && bytes < MOST_REQUEST
                                && bytes % clientBytes == 0;
                // Of two large ones, a name or a number may be longer by a few bytes.
                boolean about = Math.abs(bytes - clientBytes) <= clientBytes / LARGE_REQUEST;
                alike += clientBytes == 0 || multiple || about ? 1 : 0;
            }
            return alike;
        }

        private synchronized List<Brief> brief() {
            if (!briefSorted) {
                brief.sort((a, b) -> Long.compare(a.start(), b.start()));
                briefSorted = true;
            }
            return brief;
        }

        /// Connections that began at `from` or later, and were over at `to`.
        int briefWithin(long from, long to) {
            if (brief.isEmpty()) {
                return 0;
            }
            List<Brief> inOrder = brief();
            int within = 0;
            int begun = briefStarts.below(to + 1);
            int first = Math.max(briefStarts.below(from), begun - MOST_BRIEF);
            for (int i = first; i < begun; i++) {
                within += inOrder.get(i).end() <= to ? 1 : 0;
            }
            return within;
        }
    }
}
