package dev.unreset.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What happened on one connection: the end, the packet that decided it, and the figures that rules
/// ask for.
///
/// @param end how it ended
/// @param decisive the RST, or the first retransmission that was not answered
/// @param trigger the last packet of the other side before it
record Story(
        Connection connection,
        ConnectionEnd end,
        Optional<Packet> decisive,
        Optional<Packet> trigger) {

    /// Repetitions without an answer, and the time they take, from which a side counts as lost.
    private static final int LOST_REPEATS = 3;

    private static final int LOST_SYNS = 2;

    /// A SYN is repeated a second after the first, and then after two more (RFC 6298, 2.1): who has
    /// not done so by now has given up.
    private static final long GAVE_UP_NANOS = 2_500_000_000L;

    /// No firewall forgets a connection that has been silent for so short a time.
    private static final long A_MOMENT = 3_000_000_000L;

    private static final long LOST_NANOS = 1_000_000_000L;

    /// @param captureEnd when the capture's last packet came
    static Story of(Connection connection, long captureEnd) {
        List<Packet> packets = connection.packets();
        Optional<Packet> lost = unanswered(packets, captureEnd);
        for (int i = 0; i < packets.size(); i++) {
            Packet packet = packets.get(i);
            if (!packet.isRst()) {
                continue;
            }
            if (lost.isPresent()
                    && lost.get().nanos() < packet.nanos()
                    && !isOfNewHost(connection, i, lost.get())) {
                // The reset came when the connection was lost already.
                return new Story(connection, ConnectionEnd.TIMEOUT, lost, Optional.empty());
            }
            Optional<Packet> trigger = lastOfOther(packets, i);
            if (answersSyn(packets, i)) {
                if (!wentOn(packets, i)) {
                    return new Story(
                            connection, ConnectionEnd.REFUSED, Optional.of(packet), trigger);
                }
            } else if (wentOn(packets, i)) {
                return new Story(
                        connection, ConnectionEnd.REJECTED_RESET, Optional.of(packet), trigger);
            } else {
                ConnectionEnd end =
                        Closing.wasOver(connection, i) ? ConnectionEnd.CLOSED : ConnectionEnd.RESET;
                return new Story(connection, end, Optional.of(packet), trigger);
            }
        }
        Optional<Unreachable> rejected = rejectedSyn(connection);
        if (rejected.isPresent()) {
            return new Story(
                    connection,
                    ConnectionEnd.REFUSED,
                    rejected.map(Unreachable::packet),
                    Optional.empty());
        }
        if (lost.isPresent()) {
            return new Story(connection, ConnectionEnd.TIMEOUT, lost, Optional.empty());
        }
        boolean closed =
                Packets.any(packets, packet -> packet.isFin() && packet.fromClient())
                        && Packets.any(packets, packet -> packet.isFin() && !packet.fromClient());
        return new Story(
                connection,
                closed ? ConnectionEnd.CLOSED : ConnectionEnd.OPEN,
                Optional.empty(),
                Optional.empty());
    }

    /// Whether the RST at `index` is the answer to a SYN: nothing else came from its side before.
    private static boolean answersSyn(List<Packet> packets, int index) {
        Packet rst = packets.get(index);
        boolean syn = false;
        for (Packet packet : packets.subList(0, index)) {
            boolean fromIt = packet.fromClient() == rst.fromClient();
            // One direction alone may have been captured: an acknowledgement shows a handshake.
            boolean handshake = packet.has(Decoder.ACK) && !packet.has(Decoder.SYN);
            if (!packet.isRst() && (fromIt || handshake)) {
                return false;
            }
            syn |= packet.isSyn();
        }
        return syn;
    }

    /// The message that a SYN could not be delivered, if nothing else ever came.
    private static Optional<Unreachable> rejectedSyn(Connection connection) {
        boolean synAlone = !Packets.any(connection.packets(), packet -> !packet.isSyn());
        return synAlone && !connection.unreachables().isEmpty()
                ? Optional.of(connection.unreachables().getFirst())
                : Optional.empty();
    }

    /// Whether a host that was there a moment before the repetitions `lost`, and then was not, came
    /// back and knows nothing: it was started anew. After a longer silence, it may have been a
    /// firewall that lost the connection.
    private static boolean isOfNewHost(Connection connection, int index, Packet lost) {
        List<Packet> packets = connection.packets();
        Packet rst = packets.get(index);
        boolean wasGone =
                connection.unreachables().stream()
                        .anyMatch(said -> said.meaning() == Unreachable.Meaning.HOST);
        Packet first =
                Packets.first(
                                packets.subList(0, index),
                                packet ->
                                        packet.fromClient() == lost.fromClient()
                                                && packet.end() == lost.end()
                                                && !packet.isRst())
                        .orElse(lost);
        return rst.fromClient() != lost.fromClient()
                && Pauses.isPassive(rst)
                && (wasGone
                        || Packets.last(
                                        packets.subList(0, index),
                                        packet ->
                                                packet.fromClient() == rst.fromClient()
                                                        && packet.nanos() <= first.nanos())
                                .filter(heard -> first.nanos() - heard.nanos() < A_MOMENT)
                                .isPresent());
    }

    private static Optional<Packet> lastOfOther(List<Packet> packets, int index) {
        boolean fromClient = packets.get(index).fromClient();
        for (int i = index - 1; i >= 0; i--) {
            if (packets.get(i).fromClient() != fromClient && !packets.get(i).isRst()) {
                return Optional.of(packets.get(i));
            }
        }
        return Optional.empty();
    }

    /// Whether the connection lived on after the RST at `index`: something new that one side sent
    /// later was acknowledged by the other.
    private static boolean wentOn(List<Packet> packets, int index) {
        List<Packet> after = packets.subList(index + 1, packets.size());
        for (int i = 0; i < after.size(); i++) {
            Packet sent = after.get(i);
            boolean isNew =
                    !sent.isRst()
                            && (sent.hasData() || sent.isFin() || sent.isSynAck())
                            && !wasSentBefore(packets.subList(0, index), sent);
            if (isNew && isAcknowledged(after.subList(i + 1, after.size()), sent)) {
                return true;
            }
        }
        return false;
    }

    private static boolean wasSentBefore(List<Packet> before, Packet sent) {
        return Packets.any(
                before,
                packet ->
                        packet.fromClient() == sent.fromClient()
                                && !packet.isRst()
                                && packet.end() - sent.end() >= 0);
    }

    private static boolean isAcknowledged(List<Packet> later, Packet sent) {
        return Packets.any(
                later,
                packet ->
                        packet.fromClient() != sent.fromClient()
                                && !packet.isRst()
                                && packet.has(Decoder.ACK)
                                && packet.acknowledged() - sent.end() >= 0);
    }

    /// The first of several repetitions at the end that nobody answered.
    private static Optional<Packet> unanswered(List<Packet> packets, long captureEnd) {
        return unanswered(packets, captureEnd, true)
                .or(() -> unanswered(packets, captureEnd, false));
    }

    private static Optional<Packet> unanswered(
            List<Packet> packets, long captureEnd, boolean fromClient) {
        List<Packet> repeats = new ArrayList<>();
        long last = 0;
        boolean said = false;
        for (Packet packet : packets) {
            if (packet.isRst()) {
                continue;
            }
            if (packet.fromClient() != fromClient) {
                // What does not acknowledge the repeated bytes is no answer to them.
                boolean answers =
                        packet.has(Decoder.ACK) && said && packet.acknowledged() - last >= 0;
                if (answers) {
                    repeats.clear();
                    said = false;
                }
            } else if (packet.hasData() || packet.isFin() || packet.has(Decoder.SYN)) {
                if (said && packet.end() - last <= 0) {
                    repeats.add(packet);
                } else {
                    last = packet.end();
                    said = true;
                }
            }
        }
        boolean syn = !repeats.isEmpty() && repeats.getFirst().isSyn();
        boolean lost =
                syn
                        ? gaveUp(packets, repeats, captureEnd)
                        : repeats.size() >= LOST_REPEATS
                                && repeats.getLast().nanos() - repeats.getFirst().nanos()
                                        >= LOST_NANOS / 2;
        return lost ? Optional.of(repeats.getFirst()) : Optional.empty();
    }

    /// Whether a SYN was repeated several times, or once and then no more, and nothing ever came.
    private static boolean gaveUp(List<Packet> packets, List<Packet> repeats, long captureEnd) {
        Packet last = repeats.getLast();
        boolean silent = packets.getLast().isSame(last);
        return last.nanos() - packets.getFirst().nanos() >= LOST_NANOS / 2
                && (repeats.size() >= LOST_SYNS
                        || (silent && captureEnd - last.nanos() >= GAVE_UP_NANOS));
    }

    // ---- figures

    /// The packets before `packet`, which is one of the connection's.
    List<Packet> before(Packet packet) {
        return connection.before(packet);
    }

    /// The ICMP message that refused the connection, if one did.
    Optional<Unreachable> rejection() {
        return decisive.flatMap(packet ->
                connection.unreachables().stream()
                        .filter(said -> said.packet().isSame(packet))
                        .findFirst());
    }

    boolean hasHandshake() {
        return Packets.any(connection.packets(), Packet::isSynAck);
    }

    boolean isReset() {
        return end == ConnectionEnd.RESET || end == ConnectionEnd.REFUSED;
    }
}
