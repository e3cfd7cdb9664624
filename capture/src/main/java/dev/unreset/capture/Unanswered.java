package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import dev.unreset.Sender;
import java.util.List;
import java.util.Optional;

/// Why a connection was refused, or why nobody answers on it any more.
final class Unanswered {

    /// A server repeats its SYN-ACK after a second (RFC 6298, 2).
    private static final long SYN_ACK_TIMER = 1_200_000_000L;

    /// Links that take less than 1,280 bytes are rare (RFC 8200, 5).
    private static final int LARGE = 1200;

    private final Facts facts;
    private final Neighbours neighbours;
    private final ForgottenConnections forgotten;

    Unanswered(Facts facts, Neighbours neighbours, ForgottenConnections forgotten) {
        this.facts = facts;
        this.neighbours = neighbours;
        this.forgotten = forgotten;
    }

    /// A SYN answered by RST.
    Evidence refused(Story story, Packet rst, Sender sender) {
        Endpoint server = story.connection().server();
        long open = neighbours.openAt(server, rst.nanos());
        if (sender != Sender.MIDDLEBOX && forgotten.lostAll(server, rst.nanos(), open)) {
            return facts.of(
                            rst,
                            "refused while the server had forgotten all connections that were open ("
                                    + open
                                    + ")")
                    .weighs(Cause.SERVER_RESTART, 28);
        }
        Optional<Admission> limit = neighbours.admissions().limit(story.connection().summary());
        if (limit.isPresent()) {
            return limit.get().evidence(facts, rst);
        }
        long lately = neighbours.acceptedLately(server, rst.nanos());
        boolean before = neighbours.acceptedBefore(server, rst.nanos());
        boolean after = neighbours.acceptedAfter(server, rst.nanos());
        if (open > 0 && !neighbours.servedBeside(server, open)) {
            return facts.of(
                            rst,
                            "refused while " + open + " other connections of the server were open")
                    .weighs(Cause.CONNECTION_LIMIT, 24)
                    .weighs(Cause.RATE_LIMIT, 10);
        }
        boolean presence = neighbours.admissions().isGoneAtTimes(server);
        if (!presence && neighbours.alternates(server)) {
            return facts.of(rst, "connections are served and refused in turns")
                    .weighs(Cause.RATE_LIMIT, 24)
                    .weighs(Cause.CONNECTION_LIMIT, 10)
                    .weighs(Cause.SERVER_RESTART, 10);
        }
        if (sender != Sender.MIDDLEBOX
                && neighbours.livesThrough(server, rst.nanos() - Idle.LEAST_NANOS, rst.nanos())) {
            return facts.of(rst, "refused while a connection from before went on")
                    .weighs(Cause.RATE_LIMIT, 22)
                    .weighs(Cause.CONNECTION_LIMIT, 14)
                    .weighs(Cause.MIDDLEBOX, 12)
                    .weighs(Cause.SERVER_RESTART, 10);
        }
        if (sender == Sender.MIDDLEBOX
                && presence
                && neighbours.acceptedLongBefore(server, rst.nanos())) {
            return facts.of(rst, "refused on the way, as all others for a while")
                    .weighs(Cause.MIDDLEBOX, 22)
                    .weighs(Cause.RATE_LIMIT, 14);
        }
        if (sender == Sender.MIDDLEBOX && neighbours.onlyCutLately(server, rst.nanos())) {
            return facts.of(rst, "refused on the way, right after an open connection was cut")
                    .weighs(Cause.MIDDLEBOX, 22)
                    .weighs(Cause.RATE_LIMIT, 14);
        }
        if (sender == Sender.MIDDLEBOX) {
            return refusedOnTheWay(rst, lately, before, after);
        }
        return before || after
                ? facts.of(rst, "refused by a server that accepts connections at other times")
                        .weighs(Cause.SERVER_RESTART, 24)
                        .weighs(Cause.PORT_CLOSED, 4)
                : facts.of(rst, "refused, and never accepted in this capture")
                        .weighs(Cause.PORT_CLOSED, 24)
                        .weighs(Cause.SERVER_RESTART, 6);
    }

    /// Somebody between refused it.
    ///
    /// @param lately connections that the server accepted within the last two seconds
    /// @param before whether it ever accepted one before
    /// @param after whether it accepted one afterwards
    private Evidence refusedOnTheWay(Packet rst, long lately, boolean before, boolean after) {
        if (!before) {
            return facts.of(rst, "refused on the way to the server, which never saw it")
                    .weighs(Cause.MIDDLEBOX, 26);
        }
        if (lately == 0 && !after) {
            return facts.of(
                            rst,
                            "refused on the way to a server that was reached before, and never again")
                    .weighs(Cause.MIDDLEBOX, 22)
                    .weighs(Cause.RATE_LIMIT, 14);
        }
        return facts.of(
                        rst,
                        lately > 0
                                ? "refused after "
                                        + lately
                                        + " connections within two seconds, of which none is open"
                                : "refused on the way to a server that was reached before")
                .weighs(Cause.RATE_LIMIT, lately > 0 ? 24 : 20)
                .weighs(Cause.MIDDLEBOX, 14)
                .weighs(Cause.CONNECTION_LIMIT, 8);
    }

    /// A SYN answered by ICMP.
    Evidence rejected(Story story, Unreachable said) {
        long lately =
                neighbours.acceptedWithin(story.connection().server(), said.packet().nanos(), 10);
        FlowSummary summary = story.connection().summary();
        boolean host = said.meaning() == Unreachable.Meaning.HOST;
        Optional<Admission> limit = neighbours.admissions().limit(summary);
        if (!host && limit.isPresent()) {
            return limit.get().evidence(facts, said.packet());
        }
        boolean closed =
                neighbours.admissions().isGoneAtTimes(summary.server())
                        && neighbours.acceptedLongBefore(summary.server(), said.packet().nanos());
        if (!host && lately >= 3 && !closed) {
            return facts.of(
                            said.packet(),
                            "the SYN was answered by ICMP, after "
                                    + lately
                                    + " connections within ten seconds")
                    .weighs(Cause.RATE_LIMIT, 24)
                    .weighs(Cause.MIDDLEBOX, 18)
                    .weighs(Cause.CONNECTION_LIMIT, 12);
        }
        Evidence fact = facts.of(said.packet(), "the SYN was answered by ICMP");
        return switch (said.meaning()) {
            case POLICY -> fact.weighs(Cause.MIDDLEBOX, 28);
            case PORT -> fact.weighs(Cause.MIDDLEBOX, 22).weighs(Cause.PORT_CLOSED, 12);
            case HOST -> fact.weighs(Cause.SERVER_RESTART, 20).weighs(Cause.MIDDLEBOX, 14);
        };
    }

    /// Nobody answers any more, and nobody resets.
    Evidence silence(Story story, Packet repeated) {
        List<Unreachable> unreachables = story.connection().unreachables();
        if (!unreachables.isEmpty()) {
            Unreachable said = unreachables.getFirst();
            boolean host = said.meaning() == Unreachable.Meaning.HOST;
            return facts.of(said.packet(), said.words())
                    .weighs(Cause.SERVER_RESTART, host ? 22 : 6)
                    .weighs(Cause.MIDDLEBOX, host ? 14 : 24);
        }
        if (!story.hasHandshake() && story.connection().serverBytes().isEmpty()) {
            return synIgnored(story, repeated);
        }
        List<Packet> packets = story.connection().packets();
        boolean serverSpoke =
                Packets.any(packets, packet -> !packet.fromClient() && packet.hasData());
        if (Packets.count(packets, Packet::isSynAck) > 1
                && !Packets.any(packets, packet -> packet.fromClient() && !packet.isSyn())) {
            return facts.of(
                            repeated,
                            "the SYN and its SYN-ACK are repeated: the client never gets that")
                    .weighs(Cause.MIDDLEBOX, 24)
                    .weighs(Cause.CONNECTION_LIMIT, 6);
        }
        if (Packets.count(packets, Packet::isSynAck) > 1 && !serverSpoke) {
            return facts.of(
                            repeated,
                            "the server repeats its SYN-ACK: it does not take the connection")
                    .weighs(Cause.CONNECTION_LIMIT, 24)
                    .weighs(Cause.MIDDLEBOX, 8);
        }
        boolean heardAfterHandshake =
                Packets.any(
                        packets,
                        packet ->
                                !packet.fromClient()
                                        && !packet.has(Decoder.SYN)
                                        && !packet.isRst());
        return !heardAfterHandshake && story.hasHandshake() && repeated.fromClient()
                ? neverHeard(story, repeated)
                : lost(story, repeated);
    }

    private Evidence synIgnored(Story story, Packet repeated) {
        Endpoint server = story.connection().server();
        Optional<Admission> limit = neighbours.admissions().limit(story.connection().summary());
        if (limit.isPresent()) {
            return limit.get().evidence(facts, repeated);
        }
        long open = neighbours.openAt(server, repeated.nanos());
        long lately = neighbours.acceptedWithin(server, repeated.nanos(), 10);
        List<Packet> packets = story.connection().packets();
        long from = packets.getFirst().nanos();
        if (neighbours.answersNobody(server, from, packets.getLast().nanos())) {
            return facts.of(
                            repeated,
                            "a SYN was repeated and never answered, as what another connection said")
                    .weighs(Cause.MIDDLEBOX, 16)
                    .weighs(Cause.SERVER_RESTART, 12);
        }
        if (lately >= 3 && open == 0) {
            return facts.of(
                            repeated,
                            "a SYN was repeated and never answered, after "
                                    + lately
                                    + " connections within ten seconds, of which none is open")
                    .weighs(Cause.RATE_LIMIT, 20)
                    .weighs(Cause.MIDDLEBOX, 12)
                    .weighs(Cause.SERVER_RESTART, 10);
        }
        return facts.of(
                        repeated,
                        "a SYN was repeated and never answered ("
                                + open
                                + " others of the server were open)")
                .weighs(Cause.MIDDLEBOX, 14)
                .weighs(Cause.CONNECTION_LIMIT, open > 0 ? 18 : 6)
                .weighs(Cause.SERVER_RESTART, 6);
    }

    /// After the handshake, whose SYN-ACK came once, the server never said anything.
    private Evidence neverHeard(Story story, Packet repeated) {
        Packet last = story.connection().packets().getLast();
        boolean longEnough = last.nanos() - repeated.nanos() >= SYN_ACK_TIMER;
        if (longEnough && neighbours.servesAround(story.connection().server(), repeated.nanos())) {
            return facts.of(
                            repeated,
                            "after the handshake nothing is answered, while others are, and the SYN-ACK is not repeated, as with a full accept queue it would be")
                    .weighs(Cause.MIDDLEBOX, 22)
                    .weighs(Cause.CONNECTION_LIMIT, 14);
        }
        return facts.of(
                        repeated,
                        "after the handshake the server never said anything, not even an ACK")
                .weighs(Cause.CONNECTION_LIMIT, 22)
                .weighs(Cause.MIDDLEBOX, 14);
    }

    /// Whether what is repeated is longer than all that ever came through from its side, while
    /// shorter packets did, and the other side is still there: a smaller MTU on the way, whose ICMP
    /// messages do not arrive (RFC 2923, 2.1).
    static boolean isTooLarge(Story story, Packet repeated) {
        Packet first = Pauses.firstCopy(story, repeated);
        if (repeated.length() < LARGE || Pauses.pauseBefore(story, first) >= Idle.LEAST_NANOS) {
            return false;
        }
        int longest = 0;
        boolean heard = false;
        for (Packet packet : story.connection().packets()) {
            boolean own = packet.fromClient() == repeated.fromClient();
            boolean delivered = packet.end() - repeated.sequence() <= 0;
            longest = own && delivered ? Math.max(longest, packet.length()) : longest;
            heard |= !own && !packet.isRst() && packet.nanos() > first.nanos();
        }
        return heard && longest > 0 && longest < repeated.length();
    }

    /// There was a conversation.
    private Evidence lost(Story story, Packet repeated) {
        Packet first = Pauses.firstCopy(story, repeated);
        if (isTooLarge(story, repeated)) {
            return facts.of(
                            repeated,
                            "packets of "
                                    + repeated.length()
                                    + " bytes never arrive, smaller ones do: the MTU is smaller on the way, and the ICMP messages that say so are lost")
                    .weighs(Cause.MIDDLEBOX, 26)
                    .weighs(Cause.SERVER_RESTART, 8);
        }
        if (Answer.in(story.before(first)) == Answer.CUT) {
            return facts.of(
                            repeated,
                            "in the middle of an answer, what is said is repeated and nobody answers")
                    .weighs(Cause.MIDDLEBOX, 18)
                    .weighs(Cause.SERVER_RESTART, 12);
        }
        long gap = Pauses.pauseBefore(story, first);
        if (gap >= Idle.LEAST_NANOS) {
            return facts.of(
                            repeated,
                            "after "
                                    + Idle.tenths(gap)
                                    + " s of silence, data is repeated and nobody answers"
                                    + Idle.whoseDefault(gap))
                    .weighs(Cause.IDLE_TIMEOUT, 24)
                    .weighs(Cause.SERVER_RESTART, 6)
                    .weighs(Cause.MIDDLEBOX, 8);
        }
        return facts.of(
                        repeated,
                        "in the middle of a conversation, data is repeated and nobody answers")
                .weighs(Cause.MIDDLEBOX, 16)
                .weighs(Cause.SERVER_RESTART, 12);
    }
}
