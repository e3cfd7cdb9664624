package dev.unreset.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// How a side says that it goes: TLS's close_notify (RFC 8446, 6.1), which is seldom readable and
/// known by its length, and the words of other protocols. A reset upon one of them harms nobody.
final class Farewells {

    // Records with an alert in them.
    private static final int PLAIN_ALERT_BYTES = TlsRecords.HEADER_BYTES + TlsRecords.PLAIN_ALERT;
    private static final int SEALED_ALERT_BYTES = TlsRecords.HEADER_BYTES + TlsRecords.SEALED_ALERT;

    private static final int PADDED_ALERT_BYTES = SEALED_ALERT_BYTES + TlsRecords.PADDING;

    private static final int LONGEST_ALERT = 64;

    /// Pauses that differ by less than this part of them are the same.
    private static final int RHYTHM = 50;

    /// Who closes by a RST does not wait for so long: who gives up has waited for an answer.
    private static final long WITH_IT = 5_000_000;

    private Farewells() {}

    /// Whether a close_notify was the last that the other side said to the RST's, which had not
    /// read it when it closed (RFC 8446, 6.1).
    static boolean wasSaid(List<Packet> before, Packet rst) {
        return Packets.last(before, Packet::hasData)
                .filter(last -> last.fromClient() != rst.fromClient())
                .filter(last -> endsWithFarewell(before, last))
                .isPresent();
    }

    /// The packets but for a close_notify that was the last that the RST's side said: what it had
    /// wanted, it had wanted before.
    static List<Packet> without(List<Packet> before, Packet rst) {
        Optional<Packet> last = Packets.last(before, Packet::hasData);
        boolean leaves =
                last.filter(words -> words.fromClient() == rst.fromClient())
                        .filter(words -> mayBeCloseNotify(with(before, rst), words))
                        .isPresent();
        return leaves
                ? before.stream().filter(packet -> !packet.isSame(last.get())).toList()
                : before;
    }

    /// The close_notify that was the last that the side of `end` said, right before it; else `end`.
    static Packet orEnd(List<Packet> before, Packet end) {
        return Packets.last(before, Packet::hasData)
                .filter(words -> words.fromClient() == end.fromClient())
                .filter(words -> end.nanos() - words.nanos() < Closing.QUIET)
                .filter(words -> mayBeCloseNotify(with(before, end), words))
                .orElse(end);
    }

    /// `before` and `end`: what is said right before the end is known by that.
    private static List<Packet> with(List<Packet> before, Packet end) {
        List<Packet> all = new ArrayList<>(before);
        all.add(end);
        return all;
    }

    /// Whether the RST's side answered the other's close_notify with its own.
    static boolean saidByBoth(List<Packet> before, Packet rst) {
        Optional<Packet> own = Packets.last(before, Packet::hasData);
        Optional<Packet> other =
                Packets.last(
                        before,
                        packet -> packet.hasData() && packet.fromClient() != rst.fromClient());
        return own.filter(last -> last.fromClient() == rst.fromClient())
                        .filter(last -> mayBeCloseNotify(before, last))
                        .isPresent()
                && other.filter(last -> endsWithFarewell(before, last)).isPresent();
    }

    /// A last record that is an alert, but for a complaint in the open, or as long as one is in TLS
    /// 1.3.
    private static boolean endsWithFarewell(List<Packet> before, Packet last) {
        Payload said = last.payload();
        if (endsWith(said, TlsRecords.ALERT, PLAIN_ALERT_BYTES)) {
            return said.at(said.size() - 1) == 0;
        }
        for (int bytes = PLAIN_ALERT_BYTES + 1; bytes <= LONGEST_ALERT; bytes++) {
            if (endsWith(said, TlsRecords.ALERT, bytes)) {
                return true;
            }
        }
        return (endsWith(said, TlsRecords.APPLICATION_DATA, SEALED_ALERT_BYTES)
                        && isSealed(before, last, SEALED_ALERT_BYTES))
                || (endsWith(said, TlsRecords.APPLICATION_DATA, PADDED_ALERT_BYTES)
                        && isSealed(before, last, PADDED_ALERT_BYTES));
    }

    /// Whether the last record of TLS is of `type` and has so many bytes.
    private static boolean endsWith(Payload said, int type, int bytes) {
        int at = said.size() - bytes;
        return at >= 0
                && said.at(at) == type
                && said.at(at + 1) == 3
                && said.at(at + 3) == 0
                && said.at(at + 4) == bytes - TlsRecords.HEADER_BYTES;
    }

    /// A close_notify and nothing else: an alert that is no complaint in the open.
    static boolean mayBeCloseNotify(List<Packet> before, Packet packet) {
        Payload said = packet.payload();
        boolean complains =
                packet.length() == PLAIN_ALERT_BYTES
                        && said.size() == PLAIN_ALERT_BYTES
                        && said.at(PLAIN_ALERT_BYTES - 1) != 0;
        return mayBeAlert(before, packet) && !complains;
    }

    /// An alert record and nothing else, or in TLS 1.3 a record that looks like data and is exactly
    /// as long as one with an alert in it.
    static boolean mayBeAlert(List<Packet> before, Packet packet) {
        Payload said = packet.payload();
        // Of what was cut off, the header tells.
        boolean tls =
                said.size() >= TlsRecords.HEADER_BYTES
                        && said.at(1) == 3
                        && packet.length()
                                == TlsRecords.HEADER_BYTES + (said.at(3) << 8 | said.at(4));
        return tls
                && ((said.at(0) == TlsRecords.ALERT && packet.length() <= LONGEST_ALERT)
                        || (said.at(0) == TlsRecords.APPLICATION_DATA
                                && isSealed(before, packet, packet.length())));
    }

    /// Whether the last record of a packet, of so many bytes, may be an alert that is sealed as
    /// data is. What has two bytes is as long: MQTT's PINGREQ, a ping of WebSocket, a line end, an
    /// answer. A side that had said such a thing before says it again, unless it goes.
    private static boolean isSealed(List<Packet> before, Packet packet, int bytes) {
        return (bytes == SEALED_ALERT_BYTES
                        && (!saidARecord(before, packet, bytes)
                                || closesWith(before, packet)
                                || answersAFin(before, packet)))
                || (bytes == PADDED_ALERT_BYTES && isPadded(before, packet));
    }

    /// Whether the side closes with the packet, and nobody waits for what is said: of a server, it
    /// is not the answer to a question. Who closes when it hears that the other has, may have
    /// pinged before it heard of it, or noticed it.
    private static boolean closesWith(List<Packet> packets, Packet packet) {
        Optional<Packet> own = end(packets, packet.fromClient());
        Optional<Packet> other = Closing.fin(packets, !packet.fromClient());
        boolean pinged =
                own.isPresent()
                        && other.isPresent()
                        && knows(own.get(), other.get())
                        && (!knows(packet, other.get()) || isInRhythm(packets, packet));
        boolean wasAsked =
                Packets.last(
                                packets,
                                each ->
                                        each.hasData()
                                                && each.end() != packet.end()
                                                && isBefore(each, packet))
                        .filter(Packet::fromClient)
                        .isPresent();
        return isFollowedBy(own, packet) && !pinged && (packet.fromClient() || !wasAsked);
    }

    /// Whether the side's end is in the packet or follows at once, or behind one more record as
    /// long: a word of farewell may go before the alert, and Java says two, that it is cancelled
    /// and that it goes.
    private static boolean isFollowedBy(Optional<Packet> ownEnd, Packet packet) {
        return ownEnd.filter(end -> end.sequence() - packet.end() <= packet.length())
                .filter(end ->
                        end.nanos() - packet.nanos() < (end.isRst() ? WITH_IT : Closing.QUIET))
                .isPresent();
    }

    /// The FIN of a side, or the RST by which it ends the connection.
    private static Optional<Packet> end(List<Packet> packets, boolean fromClient) {
        return Closing.fin(packets, fromClient)
                .or(() ->
                        Packets.first(
                                packets,
                                packet ->
                                        packet.isRst()
                                                && packet.fromClient() == fromClient
                                                && !Pauses.isPassive(packet)));
    }

    /// Whether it is all that the side says when it hears that the other has closed. Who has not
    /// noticed, or not yet heard of it, may ping.
    private static boolean answersAFin(List<Packet> packets, Packet packet) {
        Optional<Packet> end =
                Closing.fin(packets, !packet.fromClient())
                        .filter(each -> isBefore(each, packet))
                        .filter(each -> knows(packet, each))
                        .filter(each ->
                                packet.nanos() - each.nanos()
                                        < Closing.QUIET + Closing.roundTrip(packets));
        return end.isPresent()
                && !isInRhythm(packets, packet)
                && !Packets.any(
                        packets,
                        each ->
                                each.fromClient() == packet.fromClient()
                                        && each.hasData()
                                        && each.nanos() >= end.get().nanos()
                                        && each.sequence() != packet.sequence());
    }

    /// Whether it comes as long after the client's last data as a record before it that is as long:
    /// a ping, of which it was time. What a server says as often are answers.
    private static boolean isInRhythm(List<Packet> packets, Packet packet) {
        if (!packet.fromClient()) {
            return false;
        }
        List<Packet> said = new ArrayList<>();
        for (Packet each : packets) {
            if (each.fromClient() && each.hasData() && each.end() - packet.sequence() <= 0) {
                said.add(each);
            }
        }
        long pause = said.isEmpty() ? 0 : packet.nanos() - said.getLast().nanos();
        for (int i = 1; i < said.size(); i++) {
            long earlier = said.get(i).nanos() - said.get(i - 1).nanos();
            boolean isPing = said.get(i).length() == packet.length();
            if (isPing && Math.abs(pause - earlier) < pause / RHYTHM) {
                return pause >= Idle.LEAST_NANOS;
            }
        }
        return false;
    }

    /// Whether the sender of `packet` had heard of `other`.
    private static boolean knows(Packet packet, Packet other) {
        return packet.acknowledged() - other.end() >= 0;
    }

    private static boolean isBefore(Packet packet, Packet other) {
        return packet.nanos() <= other.nanos();
    }

    /// Whether the side had said a record before, of so many bytes at most.
    private static boolean saidARecord(List<Packet> before, Packet packet, int most) {
        return Packets.any(
                before,
                earlier ->
                        earlier.fromClient() == packet.fromClient()
                                && earlier.end() - packet.sequence() <= 0
                                && TlsRecords.typeOf(earlier) == TlsRecords.APPLICATION_DATA
                                && earlier.length() <= most);
    }

    /// Whether a record that is as long as a padded alert may be one, or both of two: all that the
    /// side had said before was longer, as where each record is padded, and a client closes right
    /// after it, or says the second one upon the server's own. A command of a few words is as long.
    private static boolean isPadded(List<Packet> before, Packet farewell) {
        boolean fromClient = farewell.fromClient();
        Optional<Packet> first =
                Packets.first(
                        before,
                        each ->
                                each.fromClient() == fromClient
                                        && each.end() == farewell.sequence()
                                        && each.length() == PADDED_ALERT_BYTES
                                        && farewell.nanos() - each.nanos() < Closing.QUIET);
        boolean both =
                first.isPresent()
                        && Packets.last(before, each -> each.hasData() && !each.fromClient())
                                .filter(each -> !isBefore(each, first.get()))
                                .filter(each -> mayBeAlert(before, each))
                                .isPresent();
        boolean leaves = !fromClient || both || isFollowedBy(Closing.fin(before, true), farewell);
        Packet start = first.orElse(farewell);
        return leaves
                && saidARecord(before, start, Integer.MAX_VALUE)
                && !saidARecord(before, start, PADDED_ALERT_BYTES);
    }

    /// The answer to a question whether the server is there: NATS, Redis, MQTT (PINGRESP). Who does
    /// not wait for it does not miss it.
    static boolean isPong(Payload said) {
        return said.size() <= 7
                && (said.text().equals("PONG\r\n")
                        || said.text().equals("+PONG\r\n")
                        || (said.size() == 2 && said.at(0) == 0xd0 && said.at(1) == 0));
    }

    /// The word by which a client says that it goes: SMTP, FTP, POP3 and Redis (QUIT), IMAP
    /// (LOGOUT), MySQL (COM_QUIT), PostgreSQL (Terminate), MQTT (DISCONNECT).
    static boolean isWord(Payload said) {
        int size = said.size();
        if (size < 2 || size > 32) {
            return false;
        }
        boolean mysql = size == 5 && said.at(0) == 1 && said.at(3) == 0 && said.at(4) == 1;
        boolean postgres = size == 5 && said.at(0) == 'X' && said.at(4) == 4;
        // From 0x80 on, its reason is an error (MQTT 5.0, 3.14.2.1).
        boolean mqtt =
                said.at(0) == 0xe0 && said.at(1) == size - 2 && (size == 2 || said.at(2) < 0x80);
        return mysql
                || postgres
                || mqtt
                || said.text().matches("(?is)(QUIT|\\*1\r\n\\$4\r\nQUIT|\\w+ LOGOUT)\r?\n");
    }
}
