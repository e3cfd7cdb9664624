package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import dev.unreset.Place;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/// When and after which silence each server ended its connections: a program that is killed ends
/// them together, however long each had been silent; a timer ends each after the same silence.
final class ServerEnds {

    /// What one program ends at once is over within this time.
    private static final long AT_ONCE = 50_000_000;

    /// Silences that differ by no more are the same.
    private static final long SAME_SILENCE = 100_000_000;

    /// Servers that look for idle connections now and then close those together whose silences
    /// differ by no more.
    private static final long SWEEP = 1_100_000_000;

    /// Sweeps are at least so far apart; processes of one server that are killed, less.
    private static final long NEXT_SWEEP = 500_000_000;

    /// Fewer that ended one after the other, or after shorter silences, may have ended by chance:
    /// as the workers of a server that are restarted in turn.
    private static final int LEAST_SWEPT = 3;

    private static final long SHORTEST_TIMER = 2_000_000_000;

    /// As many that ended at other times after the same silence are hardly chance.
    private static final int MANY_ALIKE = 5;

    /// What it weighs that a server, which went on, ended those alone that had been silent.
    private static final int SWEPT = 8;

    /// What happens to each as soon after its question differs by one in so many of what their ends
    /// do.
    private static final int AS_SOON = 4;

    /// In place of a silence: the capture lacks what was said before the end.
    private static final long NOT_CAPTURED = -1;

    private static final long JUST_BEFORE = 2_000_000_000;

    /// Ends at both sides of one that are looked at.
    private static final int MOST_LOOKED_AT = 64;

    /// How the server ended a connection.
    ///
    /// @param said whether it said something before, unasked or not
    /// @param brief whether it said a few words at most since the client had last spoken
    private record End(
            Connection connection,
            long startNanos,
            long nanos,
            long silenceNanos,
            boolean said,
            boolean brief) {

        End(Connection connection, long nanos, long silenceNanos, boolean said, boolean brief) {
            this(connection, connection.summary().startNanos(), nanos, silenceNanos, said, brief);
        }

        /// Whether the connection had just been accepted, and was never answered.
        boolean isTurnedAway() {
            FlowSummary summary = connection.summary();
            return summary.serverBytes() == 0
                    && nanos - summary.letInNanos() < ServerHistory.TURNED_AWAY;
        }

        /// Whether the connection had just been accepted, had got something, and got a few words at
        /// most upon what it asked last.
        boolean isAnsweredAtOnce() {
            FlowSummary summary = connection.summary();
            return summary.serverBytes() > 0 && brief && nanos - summary.letInNanos() < AT_ONCE;
        }

        /// Whether the two did not meet the same fate: who is told why, and who is not. Whoever
        /// comes while nobody is let in is turned away when others are, by a server that goes on;
        /// and who has just come and been answered was ended for what it had asked, as the others
        /// of a burst.
        boolean isApartFrom(End other, boolean wentOn) {
            return said != other.said
                    || (wentOn
                            && ((isTurnedAway() && other.isTurnedAway())
                                    || (isAnsweredAtOnce() && other.isAnsweredAtOnce())));
        }
    }

    /// The least and the most of some times.
    private record Range(long least, long most) {

        static Range of(long nanos) {
            return new Range(nanos, nanos);
        }

        Range with(long nanos) {
            boolean contains = least <= nanos && nanos <= most;
            return contains ? this : new Range(Math.min(least, nanos), Math.max(most, nanos));
        }

        long width() {
            return most - least;
        }

        /// How far from `nanos` the furthest of them is.
        long furthestFrom(long nanos) {
            return Math.max(Math.abs(most - nanos), Math.abs(least - nanos));
        }
    }

    /// How an end stands to the others of its server.
    ///
    /// @param silenceNanos before it
    /// @param together others that were open, and ended at once with it
    /// @param ends when it and those ended
    /// @param silences of it and those, as far as they are known
    /// @param comparable whether the silences of all those are known
    /// @param alike others that ended at another time, after the same silence
    /// @param otherSweeps others that ended at another time, after about the same silence, where
    ///   each that stayed had been silent for less than any that was ended
    record Beside(
            long silenceNanos,
            int together,
            Range ends,
            Range silences,
            boolean comparable,
            int alike,
            int otherSweeps) {

        /// By how much the silence of one of those differs at most.
        private long unlike() {
            return silenceNanos == NOT_CAPTURED ? 0 : silences.furthestFrom(silenceNanos);
        }

        private boolean paused() {
            return silenceNanos >= Idle.LEAST_NANOS;
        }

        private boolean differs() {
            return unlike() > SAME_SILENCE;
        }

        /// Whether the connection and all that ended at once with it had fallen silent at once: a
        /// timer ends those together too.
        boolean fellSilentTogether() {
            return paused() && together > 0 && comparable && !differs();
        }

        /// Whether all that ended at once with it had been silent: who looks for idle connections
        /// now and then ends those together.
        ///
        /// @param othersStayed whether others were not ended; else these must have been silent for
        ///   about as long
        boolean wereSwept(boolean othersStayed) {
            return silences.least() >= Idle.LEAST_NANOS
                    && together > 0
                    && comparable
                    && (othersStayed || unlike() <= SWEEP);
        }

        /// Whether the server looked for idle connections several times.
        boolean wereSweptAgain() {
            return otherSweeps > 0;
        }

        /// What the others say.
        ///
        /// @param where the place of the connection's reset
        /// @param wentOn whether the server went on
        /// @param swept whether it did, and looked for idle connections
        Optional<Evidence> evidence(Place where, boolean wentOn, boolean swept) {
            if (otherSweeps > 0 && alike == 0) {
                return Optional.of(
                        Evidence.of(
                                        "the server ended "
                                                + others(otherSweeps)
                                                + " at another time, each after about the same silence",
                                        where)
                                .weighs(Cause.IDLE_TIMEOUT, SWEPT));
            }
            if (together > 0 && !fellSilentTogether()) {
                String others = others(together);
                if (swept) {
                    return Optional.of(
                            Evidence.of(
                                            "the server ended it together with "
                                                    + others
                                                    + " that had been silent as well, and went on",
                                            where)
                                    .weighs(Cause.IDLE_TIMEOUT, SWEPT));
                }
                String unlikely =
                        paused() && differs() ? ", which had been silent for another time" : "";
                int afterASilence = together == 1 ? 6 : 12;
                // One other, while the server goes on, may be a coincidence.
                boolean differently = unlike() > SWEEP && (together > 1 || !wentOn);
                // Each that was in use may have been ended for what it had just asked, as soon
                // after that as the others after theirs. Two may by chance.
                boolean forItself =
                        together == 1 || (comparable && silences.width() * AS_SOON <= ends.width());
                int inUse = wentOn && forItself ? 8 : 16;
                int weight =
                        differently
                                ? 24
                                : paused() || silenceNanos == NOT_CAPTURED ? afterASilence : inUse;
                return Optional.of(
                        Evidence.of("the server ended it together with " + others + unlikely, where)
                                .weighs(Cause.SERVER_RESTART, weight));
            }
            if (paused() && alike > 0) {
                return Optional.of(
                        Evidence.of(
                                        "the server ended "
                                                + others(alike)
                                                + " after the same silence",
                                        where)
                                .weighs(
                                        Cause.IDLE_TIMEOUT,
                                        alike == 1 ? 6 : alike < MANY_ALIKE ? 12 : 18));
            }
            return Optional.empty();
        }

        private static String others(int count) {
            return count + (count == 1 ? " other" : " others");
        }
    }

    private final Neighbours neighbours;
    private final Map<Connection, End> ofConnections = new HashMap<>();

    /// In order of time.
    private final Map<Endpoint, List<End>> ofServers = new HashMap<>();

    ServerEnds(List<Connection> connections, Neighbours neighbours) {
        this.neighbours = neighbours;
        for (Connection connection : connections) {
            // Others are looked at to compare distances, and only one of each server.
            Optional<End> ended =
                    connection.summary().suspicious() ? of(connection) : Optional.empty();
            ended.ifPresent(end -> {
                ofConnections.put(connection, end);
                ofServers.computeIfAbsent(connection.server(), key -> new ArrayList<>()).add(end);
            });
        }
        ofServers.values().forEach(each -> each.sort((a, b) -> Long.compare(a.nanos(), b.nanos())));
    }

    /// The server's first FIN or RST, if the connection was open, and the time since anybody had
    /// said something. What a full accept queue turns away was never open.
    private static Optional<End> of(Connection connection) {
        Optional<Packet> first =
                Packets.first(connection.packets(), packet -> packet.isFin() || packet.isRst());
        if (first.isEmpty() || first.get().fromClient()) {
            return Optional.empty();
        }
        Packet end = first.get();
        List<Packet> before = connection.before(end);
        long spoken = lastSpoken(before, end);
        if (spoken == 0) {
            return Optional.empty();
        }
        boolean captured = connection.uncapturedBefore(end).isNothing();
        boolean said =
                Packets.last(before, packet -> packet.hasData() && !packet.fromClient())
                        .filter(last -> end.nanos() - last.nanos() <= Pauses.FAREWELL)
                        .isPresent();
        return Optional.of(
                new End(
                        connection,
                        end.nanos(),
                        captured ? end.nanos() - spoken : NOT_CAPTURED,
                        said,
                        Packets.saidSinceAsked(before) <= Patterns.A_FEW_WORDS));
    }

    private static boolean isHeard(Packet packet) {
        return !packet.fromClient() && !packet.has(Decoder.SYN) && !packet.isRst();
    }

    /// When anybody had last said something that the sender of `end` can have heard; 0 if never.
    /// What a kernel does not know, it only says when it is asked: it had heard what was said
    /// before it was last heard itself.
    private static long lastSpoken(List<Packet> before, Packet end) {
        boolean passive = end.isRst() && Pauses.isPassive(end);
        return Packets.last(
                        before,
                        packet ->
                                passive
                                        ? isHeard(packet)
                                        : (packet.hasData() || packet.isSynAck())
                                                && !Pauses.crossed(packet, end))
                .map(Packet::nanos)
                .orElse(0L);
    }

    /// How the connection's end stands to those of the server's other connections; empty if the
    /// server did not end it.
    Optional<Beside> beside(Story story) {
        End end = ofConnections.get(story.connection());
        if (end == null) {
            return Optional.empty();
        }
        long nanos = end.nanos();
        long silence = end.silenceNanos();
        long alikeWithin = Math.max(AT_ONCE, silence / 50);
        int together = 0;
        Range ends = Range.of(nanos);
        Range silences = Range.of(silence);
        boolean comparable = true;
        int alike = 0;
        boolean wentOn =
                neighbours.livesThrough(story.connection().server(), nanos, nanos)
                        || neighbours.livesOn(story.connection().server(), nanos);
        for (End other : near(end.connection().server(), nanos)) {
            if (other.connection() == end.connection() || other.isApartFrom(end, wentOn)) {
                continue;
            }
            boolean atOnce = Math.abs(other.nanos() - nanos) <= AT_ONCE;
            boolean known = silence != NOT_CAPTURED && other.silenceNanos() != NOT_CAPTURED;
            long difference = Math.abs(other.silenceNanos() - silence);
            if (atOnce) {
                boolean overlaps = other.startNanos() < nanos && end.startNanos() < other.nanos();
                together += overlaps ? 1 : 0;
                ends = overlaps ? ends.with(other.nanos()) : ends;
                silences = overlaps && known ? silences.with(other.silenceNanos()) : silences;
                comparable &= known || !overlaps;
            } else if (known && difference <= alikeWithin) {
                alike++;
            }
        }
        int otherSweeps = otherSweeps(end);
        return Optional.of(
                new Beside(silence, together, ends, silences, comparable, alike, otherSweeps));
    }

    /// Those that the server ended with a connection, of those that are looked at.
    ///
    /// @param twins that had begun with it too
    /// @param strangers that had not
    record Company(int twins, int strangers) {

        /// Whether none but twins ended with it, when `together` in all did: of very many, those
        /// beside it tell.
        boolean isOfTwins(long together) {
            return together - twins <= 1 || (strangers == 0 && twins >= MOST_LOOKED_AT - 1);
        }
    }

    Company company(Story story) {
        End end = ofConnections.get(story.connection());
        int twins = 0;
        int strangers = 0;
        if (end != null) {
            for (End other : near(end.connection().server(), end.nanos())) {
                boolean with =
                        other.connection() != end.connection()
                                && Math.abs(other.nanos() - end.nanos()) <= AT_ONCE;
                boolean twin = Math.abs(other.startNanos() - end.startNanos()) <= AT_ONCE;
                twins += with && twin ? 1 : 0;
                strangers += with && !twin ? 1 : 0;
            }
        }
        return new Company(twins, strangers);
    }

    /// See [Beside].
    private int otherSweeps(End end) {
        List<End> all =
                near(end.connection().server(), end.nanos()).stream()
                        .filter(other -> other.said() == end.said())
                        .toList();
        long least = Long.MAX_VALUE;
        long most = 0;
        for (End each : all) {
            least = Math.min(least, each.silenceNanos());
            most = Math.max(most, each.silenceNanos());
        }
        if (all.size() < LEAST_SWEPT || least < SHORTEST_TIMER || most - least > SWEEP) {
            return 0;
        }
        int others = 0;
        int swept = 0;
        for (End each : all) {
            while (all.get(swept).nanos() <= each.nanos() - NEXT_SWEEP) {
                swept++;
            }
            if (swept > 0) {
                long since = each.nanos() - all.get(swept - 1).nanos();
                if (each.silenceNanos() - since >= least) {
                    // It stayed, though it was idle.
                    return 0;
                }
            }
            others += Math.abs(each.nanos() - end.nanos()) >= NEXT_SWEEP ? 1 : 0;
        }
        return others;
    }

    /// What the connections say of a refusal at `nanos`: that the server had ended some whose
    /// clients did not know it, which are not open and no limit; or several just before, and took
    /// none since.
    Optional<Evidence> before(Endpoint server, long nanos, Place where) {
        int held = 0;
        int lately = 0;
        long last = 0;
        for (End end : near(server, nanos)) {
            if (end.nanos() >= nanos) {
                break;
            }
            held += end.connection().summary().endNanos() > nanos ? 1 : 0;
            lately = end.nanos() - last <= AT_ONCE ? lately + 1 : 1;
            last = end.nanos();
        }
        boolean justBefore =
                lately >= 2
                        && nanos - last <= JUST_BEFORE
                        && !neighbours.acceptedBetween(server, last, nanos);
        if (held == 0 && !justBefore) {
            return Optional.empty();
        }
        String what =
                held == 0
                        ? "the server had ended " + lately + " connections at once just before"
                        : "the server had ended "
                                + held
                                + (held == 1
                                        ? " connection that its client still had"
                                        : " connections that their clients still had");
        return Optional.of(Evidence.of(what, where).weighs(Cause.SERVER_RESTART, 26));
    }

    /// The server's ends around `nanos`.
    private List<End> near(Endpoint server, long nanos) {
        List<End> all = ofServers.getOrDefault(server, List.of());
        int at = 0;
        int to = all.size();
        while (at < to) {
            int middle = (at + to) >>> 1;
            if (all.get(middle).nanos() < nanos) {
                at = middle + 1;
            } else {
                to = middle;
            }
        }
        return all.subList(
                Math.max(0, at - MOST_LOOKED_AT), Math.min(all.size(), at + MOST_LOOKED_AT));
    }
}
