package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import dev.unreset.Remedy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/// What tells which connections a server, or a firewall before it, lets in and which it turns away:
/// a limit of open connections, a limit of the rate of new ones, or the address that they come
/// from.
///
/// See [Explanation] for how each of these is tried.
///
/// @param kind what tells best
/// @param words what it is: `5 open connections for each client`
/// @param told how many of `all` connections it tells rightly
/// @param lead in decibans, before the next best explanation
/// @param second the cause of that one
/// @param fromNanos when the first of the connections came that were looked at
/// @param toNanos when the last of them came
/// @param exceptions when those came that it tells wrongly
/// @param lull between the last that was let in and the first that was turned away, in pauses as
///   they usually were between two that came; 0 if somebody was let in again
/// @param likelihood of what became of them, as [Explanation] has it
record Admission(
        Kind kind,
        String words,
        int told,
        int all,
        double lead,
        Cause second,
        long fromNanos,
        long toNanos,
        Set<Long> exceptions,
        double lull,
        double likelihood) {

    Admission {
        exceptions = Set.copyOf(exceptions);
    }

    /// What may tell who is let in.
    enum Kind {
        OPEN_CONNECTIONS(Cause.CONNECTION_LIMIT),

        /// The same number, which is looked at some time after a connection has come.
        OPEN_LATER(Cause.CONNECTION_LIMIT),
        RATE(Cause.RATE_LIMIT),
        ADDRESS(Cause.MIDDLEBOX),

        /// The server is there for a while, and then not.
        PRESENCE(Cause.SERVER_RESTART),

        /// Nothing of this; what the client said, perhaps.
        CHANCE(Cause.PROTOCOL_VIOLATION);

        private final Cause cause;

        Kind(Cause cause) {
            this.cause = cause;
        }
    }

    /// What became of a connection.
    enum Fate {
        LET_IN,
        TURNED_AWAY,

        /// It is open, but nothing tells when it was let in; or it never spoke.
        UNKNOWN
    }

    /// A connection that came to the server.
    ///
    /// @param endNanos when it was no longer open; its start if it never was
    /// @param client which address it came from
    record Arrival(long startNanos, long endNanos, int client, Fate fate) {}

    /// Connections that are looked at, and those before the first that was turned away.
    private static final int MOST = 600;

    private static final int MOST_BEFORE = 200;

    private static final int LEAST_OF_EACH = 2;
    private static final int LEAST = 6;

    /// One in so many may be told wrongly.
    private static final int MOST_ERRORS = 3;

    private static final double LEAST_LEAD = 6;
    private static final int WEIGHT = 26;
    private static final int LEAST_WEIGHT = 10;
    private static final int MOST_WEIGHT = 28;

    /// What it weighs that a rule may have been added in a pause that is as long as others.
    private static final int NEW_RULE = 20;

    private static final double DECIBANS = 10 / Math.log(10);

    /// What tells best: chance, if nothing tells well enough; empty if they are too few.
    ///
    /// @param refuses whether those turned away were refused, as by a server that is not there, or
    ///   not answered; else they were accepted, and then sent away
    static Optional<Admission> of(List<Arrival> arrivals, boolean refuses) {
        List<Arrival> some = aroundTheFirstTurnedAway(arrivals);
        int in = count(some, Fate.LET_IN);
        int away = count(some, Fate.TURNED_AWAY);
        int all = in + away;
        if (Math.min(in, away) < LEAST_OF_EACH || all < LEAST) {
            return Optional.empty();
        }
        List<Explanation> explanations = Explanation.of(some, in, away, refuses);
        Explanation best = explanations.getFirst();
        Explanation second = explanations.get(1);
        double lead = (best.likelihood() - second.likelihood()) * DECIBANS;
        if (lead < LEAST_LEAD || best.errors() * MOST_ERRORS > Math.min(in, away)) {
            Explanation late = Explanation.ofLate(some, all);
            lead = (late.likelihood() - best.likelihood()) * DECIBANS;
            second = best.kind() == Kind.OPEN_CONNECTIONS ? second : best;
            // Who refuses a SYN looks at it when it comes.
            best = refuses || lead < LEAST_LEAD ? Explanation.chance(in, away) : late;
        }
        return Optional.of(
                new Admission(
                        best.kind(),
                        best.words(),
                        all - best.errors(),
                        all,
                        lead,
                        second.kind().cause,
                        some.getFirst().startNanos,
                        some.getLast().startNanos,
                        best.wrong().stream().map(Arrival::startNanos).collect(Collectors.toSet()),
                        lull(some),
                        best.likelihood()));
    }

    /// Whether it is to be preferred to `other`, which tells of the same connections at other
    /// times: it is what fits less, or makes what became of them more probable.
    boolean isBetterThan(Admission other) {
        int order = Integer.compare(exactness(), other.exactness());
        return order > 0 || (order == 0 && likelihood > other.likelihood);
    }

    private int exactness() {
        return switch (kind) {
            case OPEN_CONNECTIONS, RATE, ADDRESS, PRESENCE -> 2;
            case OPEN_LATER -> 1;
            case CHANCE -> 0;
        };
    }

    /// Whether the same connections came at the same times. A loop: for the `equals` of a record,
    /// the JDK makes code in each run.
    static boolean areOfOneTime(List<Arrival> some, List<Arrival> others) {
        boolean same = some.size() == others.size();
        for (int i = 0; same && i < some.size(); i++) {
            same = some.get(i).startNanos == others.get(i).startNanos;
        }
        return same;
    }

    private static double lull(List<Arrival> inOrder) {
        long letIn = 0;
        long away = 0;
        for (Arrival arrival : inOrder) {
            if (arrival.fate == Fate.TURNED_AWAY && away == 0) {
                away = arrival.startNanos;
            } else if (arrival.fate == Fate.LET_IN && away != 0) {
                return 0;
            }
            letIn = arrival.fate == Fate.LET_IN ? arrival.startNanos : letIn;
        }
        long all = inOrder.getLast().startNanos - inOrder.getFirst().startNanos;
        return (double) (away - letIn) * (inOrder.size() - 1) / Math.max(1, all);
    }

    /// Whether it tells rightly of a connection that came at `nanos` and was turned away.
    boolean tells(long nanos) {
        return nanos >= fromNanos && nanos <= toNanos && !exceptions.contains(nanos);
    }

    /// Whether it is a limit of open connections, or of their rate, that tells rightly of so many,
    /// and of none wrongly.
    ///
    /// @param rates whether a rate is thought possible
    boolean isSureOf(int connections, boolean rates) {
        boolean limits = kind == Kind.OPEN_CONNECTIONS || (rates && kind == Kind.RATE);
        return limits && all >= connections && told == all;
    }

    /// Whether it is a limit that tells what became of the connection that came at `arrived`.
    boolean limits(long arrived) {
        return isLimit() && tells(arrived);
    }

    /// Whether a limit, or the address, tells who was turned away.
    boolean isLimit() {
        return switch (kind) {
            case OPEN_CONNECTIONS, OPEN_LATER, RATE, ADDRESS -> true;
            case PRESENCE, CHANCE -> false;
        };
    }

    /// Whether the server was there for a while, and then not: no limit turned anybody away.
    boolean isPresence() {
        return kind == Kind.PRESENCE;
    }

    /// What a limit says of a connection that was turned away by `packet`.
    Evidence evidence(Facts facts, Packet packet) {
        String limit = kind == Kind.ADDRESS ? words : "a limit of " + words;
        int errors = all - told;
        return facts.of(
                        packet,
                        limit
                                + " explains which of "
                                + all
                                + " connections were let in"
                                + (errors == 0 ? "" : ", but for " + errors))
                .weighs(kind.cause, WEIGHT)
                .weighs(second, (int) Math.max(LEAST_WEIGHT, WEIGHT - lead));
    }

    /// The same of who stands between: one that lets nobody in any more may have been told so,
    /// however many were open then. A limit is met by whoever comes next; a rule is added at any
    /// time, and so more probably in a long pause than in a short one.
    Evidence evidenceBetween(Facts facts, Packet packet) {
        if (lull <= 0 || kind != Kind.OPEN_CONNECTIONS) {
            return evidence(facts, packet);
        }
        int rule = NEW_RULE + (int) Math.round(10 * Math.log10(lull));
        return facts.of(
                        packet,
                        "a limit of "
                                + words
                                + " explains which of "
                                + all
                                + " connections were let in, and so does a rule that was added then")
                .weighs(Cause.CONNECTION_LIMIT, NEW_RULE + 2)
                .weighs(Cause.MIDDLEBOX, Math.clamp(rule, LEAST_WEIGHT, MOST_WEIGHT));
    }

    /// How to stay below the limit that `cause` is.
    Optional<Remedy> remedy(Cause cause) {
        return kind != Kind.ADDRESS && isLimit() && cause == kind.cause
                ? Optional.of(
                        new Remedy(
                                Remedy.Where.CLIENT,
                                "Keep to "
                                        + words
                                        + ", the limit that this capture shows: share connections, and reuse them."))
                : Optional.empty();
    }

    /// In order of time; those before them that were open still are there as well.
    private static List<Arrival> aroundTheFirstTurnedAway(List<Arrival> arrivals) {
        List<Arrival> inOrder = new ArrayList<>(arrivals);
        inOrder.sort(Admission::inOrder);
        int first = 0;
        while (first < inOrder.size() && inOrder.get(first).fate != Fate.TURNED_AWAY) {
            first++;
        }
        int from = Math.max(0, first - MOST_BEFORE);
        List<Arrival> around = new ArrayList<>();
        for (Arrival arrival : inOrder.subList(0, from)) {
            if (arrival.endNanos > inOrder.get(from).startNanos) {
                around.add(
                        new Arrival(
                                arrival.startNanos,
                                arrival.endNanos,
                                arrival.client,
                                Fate.UNKNOWN));
            }
        }
        around.addAll(inOrder.subList(from, Math.min(inOrder.size(), from + MOST)));
        return around;
    }

    /// The same in each process, whatever the clients' numbers are.
    private static int inOrder(Arrival a, Arrival b) {
        int order = Long.compare(a.startNanos, b.startNanos);
        order = order != 0 ? order : a.fate.compareTo(b.fate);
        return order != 0 ? order : Long.compare(a.endNanos, b.endNanos);
    }

    static int count(List<Arrival> arrivals, Fate fate) {
        int count = 0;
        for (Arrival arrival : arrivals) {
            count += arrival.fate == fate ? 1 : 0;
        }
        return count;
    }
}
