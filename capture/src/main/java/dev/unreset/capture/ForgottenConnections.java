package dev.unreset.capture;

import static java.util.Objects.requireNonNull;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Why a server's kernel has no such connection: it answers with a RST whatever is said on it
/// (resets.md, 1.3), because the connection never came to a socket, or no longer has one.
final class ForgottenConnections {

    /// Silences that differ by no more are the same.
    private static final long A_MOMENT = 100_000_000;

    /// Who speaks now and then may not have done so in this part of a silence, its last.
    private static final int LAST_PART = 8;

    /// Who was silent for longer may have been forgotten for that.
    private static final long LONGEST_SILENCE = 30 * Idle.LEAST_NANOS;

    /// Clients that have something to say find out within this time.
    private static final long SOON = 5 * Idle.LEAST_NANOS;

    private final Facts facts;
    private final Neighbours neighbours;
    private final List<Connection> connections;
    private @Nullable Map<Endpoint, List<Lost>> lost;

    /// A connection between the last that came from its server and the RST upon what its client
    /// said next: somewhere between, the server's kernel lost it.
    private record Lost(long from, long to) {}

    /// @param connections that are looked at closely
    ForgottenConnections(Facts facts, Neighbours neighbours, List<Connection> connections) {
        this.facts = facts;
        this.neighbours = neighbours;
        this.connections = connections;
    }

    /// Whether all connections that were open for their clients at `nanos` were gone for the server
    /// when they spoke next, soon, and it was down: it took nobody from their last sign of it until
    /// then, does not take and refuse in turns, and, if there was but one, took nobody right after.
    ///
    /// @param open how many there were
    boolean lostAll(Endpoint server, long nanos, long open) {
        int count = 0;
        long heard = Long.MIN_VALUE;
        for (Lost each : lost().getOrDefault(server, List.of())) {
            if (each.from() < nanos && nanos < each.to() && each.to() - nanos < SOON) {
                count++;
                heard = Math.max(heard, each.from());
            }
        }
        return count > 0
                && count >= open
                && tookNobody(server, heard, nanos)
                && (count > 1 || !neighbours.livesOn(server, nanos));
    }

    private boolean tookNobody(Endpoint server, long since, long nanos) {
        return !neighbours.acceptedBetween(server, since, nanos) && !neighbours.alternates(server);
    }

    private synchronized Map<Endpoint, List<Lost>> lost() {
        if (lost == null) {
            Map<Endpoint, List<Lost>> made = new HashMap<>();
            for (Connection connection : connections) {
                lost(connection)
                        .ifPresent(each ->
                                made.computeIfAbsent(
                                                connection.server(), server -> new ArrayList<>())
                                        .add(each));
            }
            lost = made;
        }
        return lost;
    }

    private static Optional<Lost> lost(Connection connection) {
        @Nullable Packet heard = null;
        @Nullable Packet asked = null;
        for (Packet packet : connection.packets()) {
            if (packet.isRst()) {
                boolean unknown =
                        !packet.fromClient()
                                && Pauses.isPassive(packet)
                                && heard != null
                                && heard.ttl() == packet.ttl()
                                && asked != null
                                && asked.hasData()
                                && packet.nanos() - heard.nanos() < LONGEST_SILENCE;
                return unknown
                        ? Optional.of(new Lost(requireNonNull(heard).nanos(), packet.nanos()))
                        : Optional.empty();
            }
            if (packet.isFin()) {
                return Optional.empty();
            }
            if (packet.fromClient()) {
                asked = packet;
            } else {
                heard = packet;
            }
        }
        return Optional.empty();
    }

    /// The first reason that holds; that the server was killed or restarted, if none does.
    Evidence evidence(Story story, Packet rst) {
        long gap = story.trigger().map(trigger -> Pauses.pauseBefore(story, trigger)).orElse(0L);
        return neverHeardOf(story, rst, gap)
                .or(() -> afterADefault(rst, gap))
                .or(() -> whileOthersWentOn(story, rst, gap))
                .or(() -> whileOthersWereTaken(story, rst, gap))
                .or(() -> thatItJustHad(story, rst))
                .orElseGet(() ->
                        facts.of(
                                        rst,
                                        "the server no longer knows a connection that it had, and never closed it")
                                .weighs(Cause.SERVER_RESTART, 24)
                                .weighs(Cause.IDLE_TIMEOUT, gap >= Idle.LEAST_NANOS ? 12 : 0));
    }

    private static boolean serverWasHeard(Story story, Packet rst) {
        return Packets.any(
                story.before(rst),
                packet -> !packet.fromClient() && !packet.has(Decoder.SYN) && !packet.isRst());
    }

    /// The kernel answered the handshake, and nothing came of it: the accept queue was full
    /// (`tcp_abort_on_overflow`); or the data alone was refused.
    private Optional<Evidence> neverHeardOf(Story story, Packet rst, long gap) {
        if (serverWasHeard(story, rst) || !story.hasHandshake()) {
            return Optional.empty();
        }
        FlowSummary summary = story.connection().summary();
        if (isUponLaterData(story)) {
            Endpoint server = summary.server();
            long refused = neighbours.refusedNext(server, summary.startNanos());
            return Optional.of(
                    refused < rst.nanos()
                                    && tookNobody(server, refused, rst.nanos())
                                    && !neighbours.livesOn(server, rst.nanos())
                            ? facts.of(
                                            rst,
                                            "the server forgot a connection that it had accepted, and refused others meanwhile")
                                    .weighs(Cause.SERVER_RESTART, 24)
                                    .weighs(Cause.MIDDLEBOX, 12)
                            : facts.of(
                                            rst,
                                            "the handshake was accepted, and what was said then refused")
                                    .weighs(Cause.MIDDLEBOX, 20)
                                    .weighs(Cause.SERVER_RESTART, 14)
                                    .weighs(Cause.CONNECTION_LIMIT, 12));
        }
        int open = neighbours.outlasting(summary, rst.nanos());
        return gap < Idle.LEAST_NANOS || open > 0
                ? Optional.of(
                        facts.of(
                                        rst,
                                        "the handshake was answered, but no socket was behind it ("
                                                + open
                                                + (open == 1 ? " other" : " others")
                                                + " open)")
                                .weighs(Cause.CONNECTION_LIMIT, open > 0 ? 24 : 18)
                                .weighs(Cause.SERVER_RESTART, 10))
                : Optional.empty();
    }

    /// After a silence that is some product's default.
    private Optional<Evidence> afterADefault(Packet rst, long gap) {
        return gap >= 30 * Idle.LEAST_NANOS && Idle.product(gap).isPresent()
                ? Optional.of(
                        afterSilence(rst, gap, Idle.whoseDefault(gap))
                                .weighs(Cause.IDLE_TIMEOUT, 24)
                                .weighs(Cause.SERVER_RESTART, 14))
                : Optional.empty();
    }

    /// All through the silence, another connection of the server was up: it had not restarted.
    private Optional<Evidence> whileOthersWentOn(Story story, Packet rst, long gap) {
        boolean up =
                gap >= Idle.LEAST_NANOS
                        && neighbours.staysUp(
                                story.connection().server(),
                                rst.nanos() - gap,
                                rst.nanos(),
                                gap / LAST_PART);
        return up
                ? Optional.of(
                        afterSilence(rst, gap, ", while another connection of the server went on")
                                .weighs(Cause.IDLE_TIMEOUT, 24)
                                .weighs(Cause.SERVER_RESTART, 10)
                                .weighs(Cause.MIDDLEBOX, 8))
                : Optional.empty();
    }

    /// All through the silence, the server took new connections: if it restarted, it was quick.
    private Optional<Evidence> whileOthersWereTaken(Story story, Packet rst, long gap) {
        Endpoint server = story.connection().server();
        long since = rst.nanos() - gap;
        if (gap < Idle.LEAST_NANOS || !neighbours.acceptsThroughout(server, since, rst.nanos())) {
            return Optional.empty();
        }
        int refused = neighbours.refusedBetween(server, since, rst.nanos());
        return Optional.of(
                afterSilence(
                                rst,
                                gap,
                                ", all through which the server took new connections"
                                        + (refused == 0 ? "" : ", but for " + refused))
                        .weighs(Cause.IDLE_TIMEOUT, refused == 0 ? 22 : 20)
                        .weighs(Cause.SERVER_RESTART, refused == 0 ? 14 : 16)
                        .weighs(Cause.MIDDLEBOX, 10));
    }

    private Evidence afterSilence(Packet rst, long gap, String besides) {
        return facts.of(
                rst, "on the first packet after " + Idle.tenths(gap) + " s of silence" + besides);
    }

    /// It was there a moment ago: nothing can have ended it but a firewall, or a reset that was not
    /// captured.
    private Optional<Evidence> thatItJustHad(Story story, Packet rst) {
        return Pauses.wasThere(story, rst)
                ? Optional.of(
                        facts.of(
                                        rst,
                                        "the server no longer knows a connection that it just had and never closed: a firewall refused the data, or it was reset there")
                                .weighs(Cause.MIDDLEBOX, 22)
                                .weighs(Cause.SERVER_RESTART, 14))
                : Optional.empty();
    }

    /// That the client was known by another address or port: a NAT before the server forgets who is
    /// silent for too long (RFC 5382, 5), and takes another port for whoever speaks again.
    Optional<Evidence> remapped(Story story, Packet rst) {
        return serverWasHeard(story, rst)
                ? Optional.empty()
                : cameFrom(story).map(earlier -> moved(story, earlier));
    }

    private Evidence moved(Story story, ServerHistory.LeftOpen earlier) {
        Packet first = story.connection().packets().getFirst();
        long silence = first.nanos() - earlier.lastNanos();
        boolean moved = earlier.client() != FlowTable.hashOf(story.connection().client());
        // Nor is it a timer's what the connection had survived.
        boolean timer =
                !moved
                        && silence >= Idle.LEAST_NANOS
                        && earlier.longestSilence() < silence - Math.max(A_MOMENT, silence / 200);
        return facts.of(
                        first,
                        "it goes on, by its numbers, with a connection that came from another "
                                + (moved ? "address" : "port")
                                + " until "
                                + Idle.tenths(silence)
                                + " s before: a NAT before the server had changed its mapping")
                .weighs(Cause.IDLE_TIMEOUT, timer ? 26 : 8)
                .weighs(Cause.MIDDLEBOX, timer ? 16 : 26);
    }

    /// How long the client had been silent when it came from another address or port; 0 if it did
    /// not.
    long silenceBeforeItMoved(Story story) {
        long first = story.connection().packets().getFirst().nanos();
        return cameFrom(story).map(earlier -> first - earlier.lastNanos()).orElse(0L);
    }

    /// The connection with which this one, of which no beginning was seen, goes on.
    private Optional<ServerHistory.LeftOpen> cameFrom(Story story) {
        return story.hasHandshake()
                ? Optional.empty()
                : neighbours.goneOnWith(
                        story.connection().server(), story.connection().packets().getFirst());
    }

    /// Whether the RST's trigger is data that came so long after the handshake's last ACK that this
    /// was accepted: a full accept queue would have reset that.
    private static boolean isUponLaterData(Story story) {
        Optional<Packet> synAck = Packets.first(story.connection().packets(), Packet::isSynAck);
        Optional<Packet> trigger = story.trigger().filter(Packet::hasData);
        if (synAck.isEmpty() || trigger.isEmpty()) {
            return false;
        }
        // A RST that is a while on its way meets what the client says meanwhile.
        boolean eachWasAnswered =
                Packets.count(
                                story.connection().packets(),
                                packet -> packet.isRst() && !packet.fromClient())
                        >= Packets.count(
                                story.connection().packets(),
                                packet ->
                                        packet.fromClient()
                                                && !packet.isRst()
                                                && packet.nanos() >= synAck.get().nanos());
        return !eachWasAnswered
                && Packets.first(
                                story.before(trigger.get()),
                                packet ->
                                        packet.fromClient()
                                                && packet.has(Decoder.ACK)
                                                && packet.nanos() >= synAck.get().nanos())
                        .filter(ack -> trigger.get().nanos() - ack.nanos() >= ServerResets.AT_ONCE)
                        .isPresent();
    }
}
