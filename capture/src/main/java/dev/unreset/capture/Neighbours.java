package dev.unreset.capture;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;

/// The other connections of a server: what one connection's end means is often seen only beside
/// them.
///
/// Any thread may ask. A question costs the logarithm of the server's connections, because
/// thousands of them may have ended badly.
final class Neighbours {

    private static final long SECOND = 1_000_000_000L;

    /// A program that ended is not back sooner.
    private static final long QUICKER_THAN_A_START = SECOND / 4;

    /// Served and turned away in turns: on the average, a turn takes no longer.
    private static final long MOST_BETWEEN_TURNS = 5 * SECOND;

    /// So many moments before and after one tell what is usual, and so many times that is chance.
    private static final int MOMENTS = 40;

    private static final int MOST_USUAL = 3;

    /// So often for each exception: a capture sees a few connections before who counts them does.
    private static final int NEARLY_ALWAYS = 10;

    /// Bytes that a client may have sent again, or where no one saw it.
    private static final int MOST_UNSEEN = 1 << 16;

    /// Who is no longer answered repeats itself for so long, and longer.
    private static final long LONGEST_LOSS = 30 * SECOND;

    private final List<LeftFlows> connections;
    private final Map<Endpoint, ServerHistory> servers = new ConcurrentHashMap<>();
    private final Map<Endpoint, Map<Integer, ServerHistory>> clients = new ConcurrentHashMap<>();
    private final Admissions admissions;

    /// @param connections of all shares; no more are added
    /// @param overTls which servers speak TLS
    Neighbours(List<LeftFlows> connections, Predicate<Endpoint> overTls) {
        this.connections = connections;
        this.admissions = new Admissions(connections, this::of, overTls);
    }

    /// Who was let in, and who was turned away.
    Admissions admissions() {
        return admissions;
    }

    private ServerHistory of(Endpoint server) {
        ServerHistory known = servers.get(server);
        return known != null ? known : servers.computeIfAbsent(server, this::made);
    }

    private ServerHistory made(Endpoint server) {
        ServerHistory made = new ServerHistory();
        for (LeftFlows share : connections) {
            share.forEach(server, made);
        }
        return made;
    }

    /// Established connections of the server that were open at `nanos`.
    long openAt(Endpoint server, long nanos) {
        ServerHistory known = of(server);
        long begun = known.starts.below(nanos);
        return begun - known.ends.below(nanos + 1);
    }

    /// Established connections of its server, beside `connection`, that were open at `nanos` and
    /// did not end then.
    int outlasting(FlowSummary connection, long nanos) {
        return outlasting(of(connection.server()), connection, nanos);
    }

    private static int outlasting(ServerHistory known, FlowSummary connection, long nanos) {
        long soon = nanos + ServerHistory.TOGETHER;
        // Who began later, and is over as well, was not one of those that were open.
        int ended = known.ends.below(soon + 1) - known.briefWithin(nanos, soon);
        boolean itself =
                connection.established()
                        && connection.startNanos() < nanos
                        && connection.overNanos() > soon;
        return known.starts.below(nanos) - ended - (itself ? 1 : 0);
    }

    /// The connection with which `first` goes on, by its numbers, although it came from elsewhere
    /// before: of the billions that they may have, no two connections share both by chance.
    ///
    /// @param first that was seen of a connection to `server`
    Optional<ServerHistory.LeftOpen> goneOnWith(Endpoint server, Packet first) {
        ServerHistory.LeftOpen known = of(server).leftOpen.get((int) first.acknowledged());
        if (known == null || !first.fromClient() || !first.has(Decoder.ACK)) {
            return Optional.empty();
        }
        int apart = (int) first.sequence() - known.clientSequence();
        boolean follows =
                apart >= -MOST_UNSEEN && apart <= MOST_UNSEEN && known.lastNanos() <= first.nanos();
        return follows ? Optional.of(known) : Optional.empty();
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
        ServerHistory known = of(server);
        long from = nanos - 2 * SECOND + 1;
        return known.cuts.between(from, nanos) > 0
                && known.starts.between(from, nanos) == known.cutStarts.between(from, nanos);
    }

    /// Whether the server no longer answered a connection that had been open while it was asked for
    /// another, from `from` to `to`, and did not serve others in that time.
    boolean answersNobody(Endpoint server, long from, long to) {
        ServerHistory known = of(server);
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
        ServerHistory known = of(server);
        long first = known.refusals.next(nanos + 1);
        return first <= nanos + 30 * SECOND && known.starts.between(nanos + 1, first) == 0;
    }

    /// See [FlowTable#arrivedNanos].
    long arrivedNanos(FlowSummary connection) {
        return FlowTable.arrivedNanos(
                connection.startNanos(),
                connection.handshake(),
                of(connection.server()).quickestHandshake);
    }

    /// Whether the server accepted connections from `from` to `to`, did not refuse as one that is
    /// gone, and never paused for so long that its host could have been started anew.
    boolean acceptsThroughout(Endpoint server, long from, long to) {
        ServerHistory known = of(server);
        long first = known.starts.next(from);
        int before = known.starts.below(to);
        return before > 0
                && to - from >= ServerHistory.QUICKER_THAN_A_BOOT
                && first < to
                && first - from <= ServerHistory.QUICKER_THAN_A_BOOT
                && to - known.starts.get(before - 1) <= ServerHistory.QUICKER_THAN_A_BOOT
                && known.pauses().between(first + 1, to) == 0
                && !known.wasGone(from, to, admissions.of(server));
    }

    /// When the first connection from `from` on was refused; the greatest number if none was.
    long refusedNext(Endpoint server, long from) {
        return of(server).refusals.next(from);
    }

    /// Connections refused from `from` to `to`.
    int refusedBetween(Endpoint server, long from, long to) {
        return of(server).refusals.between(from, to);
    }

    /// Whether the next that the server did after `nanos` was to accept a connection, within three
    /// seconds.
    boolean acceptsNext(Endpoint server, long nanos) {
        ServerHistory known = of(server);
        long first = known.starts.next(nanos + 1);
        return first <= nanos + 3 * SECOND && known.refusals.between(nanos + 1, first) == 0;
    }

    /// Connections of the server that were open when `connection` was reset at `nanos`, and ended
    /// badly at the same time; those that came one after the other are not counted.
    long endedTogether(FlowSummary connection, long nanos) {
        ServerHistory known = of(connection.server());
        long from = Math.max(nanos - ServerHistory.TOGETHER, connection.startNanos());
        long begunAfter = known.badStarts.between(nanos + 1, nanos + ServerHistory.TOGETHER);
        return known.badEnds.between(from, nanos + ServerHistory.TOGETHER) - begunAfter;
    }

    /// Whether the server served a new connection right after `nanos`, sooner than a program
    /// starts. That others stayed open says less: a FIN that came to them may not have been
    /// noticed.
    boolean livesOn(Endpoint server, long nanos) {
        return of(server).served.between(nanos + 1, nanos + QUICKER_THAN_A_START) > 0;
    }

    /// Whether the server served a connection while `open` others were open: so many are no limit.
    boolean servedBeside(Endpoint server, long open) {
        return of(server).servedBeside(open) > 0;
    }

    /// Of the connections that [#outlasting] counts, those of the same client, if they are two or
    /// more, and beside as many the server nearly always turned this client away; else 0.
    int fullFor(FlowSummary connection, long nanos) {
        ServerHistory known =
                clients.computeIfAbsent(connection.server(), this::byClient)
                        .get(FlowTable.hashOf(connection.client()));
        if (known == null) {
            return 0;
        }
        int open = outlasting(known, connection, nanos);
        boolean full = known.turnedAwayBeside(open) >= NEARLY_ALWAYS * known.servedBeside(open);
        return open >= 2 && full ? open : 0;
    }

    /// The connections of a server, by [LeftFlows.Row#client]: of clients with so many that one of
    /// them may have been turned away beside two.
    private Map<Integer, ServerHistory> byClient(Endpoint server) {
        Map<Integer, Integer> counts = new HashMap<>();
        for (LeftFlows share : connections) {
            share.forEach(server, flow -> counts.merge(flow.client(), 1, Integer::sum));
        }
        Map<Integer, ServerHistory> made = new HashMap<>();
        for (LeftFlows share : connections) {
            share.forEach(
                    server,
                    flow -> {
                        if (counts.getOrDefault(flow.client(), 0) > 2) {
                            made.computeIfAbsent(flow.client(), each -> new ServerHistory())
                                    .accept(flow);
                        }
                    });
        }
        return made;
    }

    /// Whether several connections were turned away, and none was ever served.
    boolean servesNobody(Endpoint server) {
        ServerHistory known = of(server);
        return known.served.count() == 0 && known.turnedAway.count() >= 2;
    }

    /// Whether connections are served and turned away in turns, faster than a server restarts.
    boolean alternates(Endpoint server) {
        ServerHistory.Turns turns = of(server).turns();
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
        ServerHistory known = of(server);
        Numbers lengths = fromServer ? known.serverLengths : known.clientLengths;
        return lengths.next(bytes) < Long.MAX_VALUE;
    }

    /// Connections that ended badly after as many bytes from both sides together, within one in
    /// `slack`; 0 if one that ended well had as many or more.
    long cutAtTotal(Endpoint server, long bytes, int slack) {
        ServerHistory known = of(server);
        long most = bytes / slack;
        return known.totals.next(bytes) < Long.MAX_VALUE
                ? 0
                : known.badTotals.between(bytes - most, bytes + most + 1);
    }

    /// Connections of the server that ended badly so long after their handshake, within `most`.
    long cutAfter(Endpoint server, long nanos, long most) {
        return of(server).badAges.between(nanos - most, nanos + most + 1);
    }

    /// Connections of the server that ended badly within a second before or after `nanos`, and not
    /// by a RST that names their client.
    long cutAround(Endpoint server, long nanos) {
        return of(server).cuts.between(nanos - SECOND, nanos + SECOND + 1);
    }

    /// Whether a connection of the server that did not end badly became older than `nanos`.
    boolean getsOlder(Endpoint server, long nanos) {
        return of(server).longestLife > nanos;
    }

    /// Whether a connection that ended well was there before `from`, and still at `to`: nobody
    /// restarted the server in between.
    boolean livesThrough(Endpoint server, long from, long to) {
        return of(server).livesThrough(from, to);
    }

    /// Whether a connection that ended well was there before `from`, and still at `to`; or in the
    /// last of that time, for `last` at most, and no longer than a host takes to start anew, if the
    /// server refused nobody meanwhile.
    boolean staysUp(Endpoint server, long from, long to, long last) {
        ServerHistory known = of(server);
        long quicker = Math.min(last, ServerHistory.QUICKER_THAN_A_BOOT);
        return known.livesThrough(from, to)
                || (known.refusals.between(from, to) == 0
                        && known.livesThrough(from, to - quicker));
    }

    /// How many connections of the server, beside `connection`, it closed with the one that it
    /// closed at `nanos`, if it closed all that were open; else 0.
    long closedWithAll(FlowSummary connection, long nanos) {
        long closed = closedAt(connection.server(), nanos);
        return outlasting(connection, nanos) <= 0 ? Math.max(0, closed - 1) : 0;
    }

    /// How many connections the server closed at `nanos`.
    private long closedAt(Endpoint server, long nanos) {
        return closed(server, nanos, ServerHistory.TOGETHER);
    }

    private long closed(Endpoint server, long nanos, long within) {
        return of(server).closings.between(nanos - within, nanos + within);
    }

    /// How many connections the server closed together at `nanos`; 1 if they are no more than it
    /// closes at other times.
    long closedTogether(Endpoint server, long nanos) {
        long together = closedAt(server, nanos);
        long usual = closed(server, nanos, MOMENTS * ServerHistory.TOGETHER) - together;
        return together * (MOMENTS - 1) > MOST_USUAL * usual ? together : Math.min(together, 1);
    }
}
