package dev.unreset.capture;

import dev.unreset.Cause;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Whether a RST only clears away a connection that was over (resets.md, 1.8 A): most RSTs do.
final class Closing {

    /// Who still reads an answer does not stop for so long.
    static final long QUIET = 50_000_000;

    /// Who only looks whether somebody listens does not stay longer.
    private static final long LOOK = 100_000_000;

    /// Whoever is silent for so long waits for nothing; timers that end that may meet.
    private static final long IDLE = 5_000_000_000L;

    private Closing() {}

    /// Whether the connection was over when the RST at `index` came, and nobody had spoken for the
    /// server: closed by both sides; by the RST's side, for which nothing came any more but a
    /// farewell, and not in the middle of its answer; by the other side, which had what it wanted
    /// and was understood; or the RST is how a client closes that has its answer.
    static boolean wasOver(Connection connection, int index) {
        List<Packet> packets = connection.packets();
        Packet rst = packets.get(index);
        List<Packet> before = packets.subList(0, index);
        Optional<Packet> ownFin = fin(before, rst.fromClient());
        Optional<Packet> otherFin = fin(before, !rst.fromClient());
        boolean closed = ownFin.isPresent() || otherFin.isPresent();
        if (closed && Attribution.otherVersion(packets).isPresent()) {
            // Who closed was not the server.
            return false;
        }
        if (ownFin.isPresent()) {
            return !hasUnwelcomeData(connection, withOvertaken(packets, index), ownFin.get())
                    && (rst.fromClient()
                            ? Answer.in(until(before, ownFin.get())) != Answer.CUT
                            : hadAnswered(connection, before, ownFin.get(), rst));
        }
        if (otherFin.isEmpty()) {
            return Farewells.wasSaid(before, rst)
                    || Farewells.saidByBoth(before, rst)
                    || (rst.fromClient()
                            ? hadItsAnswer(connection, index)
                            : hasGivenItsAnswer(connection, before, rst));
        }
        return rst.fromClient()
                ? Protocols.difference(connection).isEmpty()
                : hadWhatItWanted(before, otherFin.get());
    }

    static Optional<Packet> fin(List<Packet> before, boolean fromClient) {
        return Packets.first(before, packet -> packet.isFin() && packet.fromClient() == fromClient);
    }

    /// The packets before the RST at `index`, and what the other side had sent before its FIN,
    /// which overtook it; or its end, which was on its way.
    private static List<Packet> withOvertaken(List<Packet> packets, int index) {
        Packet rst = packets.get(index);
        List<Packet> before = packets.subList(0, index);
        List<Packet> after = packets.subList(index, packets.size());
        Optional<Packet> otherFin = fin(before, !rst.fromClient());
        List<Packet> all = new ArrayList<>(before);
        for (Packet packet : after) {
            boolean its = packet.fromClient() != rst.fromClient();
            boolean overtaken =
                    packet.hasData()
                            && otherFin.filter(end -> packet.end() - end.sequence() <= 0)
                                    .isPresent();
            boolean ends = packet.isFin() || (packet.isRst() && !Pauses.isPassive(packet));
            boolean follows = ends && otherFin.isEmpty() && packet.nanos() - rst.nanos() < QUIET;
            if (its && (overtaken || follows)) {
                all.add(packet);
            }
        }
        return all;
    }

    /// Whether data came that this side had not received when it closed, more than a farewell or
    /// the answer to one.
    private static boolean hasUnwelcomeData(
            Connection connection, List<Packet> before, Packet fin) {
        if (lastWords(before, fin).filter(words -> Farewells.isWord(words.payload())).isPresent()
                || onlyLookedIn(before, fin)) {
            return false;
        }
        return Packets.any(
                before,
                packet ->
                        isUnread(packet, fin)
                                && !isReplyToLeaving(connection, before, packet, fin)
                                && !Farewells.mayBeAlert(before, packet)
                                && !Farewells.isWord(packet.payload())
                                && !(Farewells.isPong(packet.payload())
                                        && closedUponSpeaking(before, fin))
                                && !HttpFraming.isControl(packet.payload()));
    }

    /// Whether the side of `fin` did not wait for an answer to what it had said last: none can have
    /// come so soon.
    private static boolean closedUponSpeaking(List<Packet> before, Packet fin) {
        return lastWords(before, fin).filter(words -> isAtOnce(before, words, fin)).isPresent();
    }

    private static boolean isAtOnce(List<Packet> before, Packet words, Packet fin) {
        return fin.nanos() - words.nanos() < Math.max(QUIET, roundTrip(before));
    }

    /// Whether a server over TLS only takes leave as well, in a record that is as short as a
    /// command's answer: of a client that closed right after its last command, within a round trip
    /// at least; or the server closes right after it, and nothing else was due, because the client
    /// had been answered, or both were idle for so long that their timers met.
    private static boolean isReplyToLeaving(
            Connection connection, List<Packet> before, Packet reply, Packet clientFin) {
        if (!clientFin.fromClient() || !TlsRecords.isCommand(reply)) {
            return false;
        }
        List<Packet> said =
                until(before, clientFin).stream()
                        .filter(packet ->
                                packet.hasData()
                                        && !(packet.fromClient()
                                                && Farewells.mayBeCloseNotify(before, packet)))
                        .toList();
        Optional<Packet> command =
                Packets.last(said, Packet::fromClient).filter(TlsRecords::isCommand);
        boolean atOnce = command.filter(words -> isAtOnce(before, words, clientFin)).isPresent();
        boolean answered = !said.isEmpty() && !said.getLast().fromClient();
        boolean crossed =
                command.filter(words -> clientFin.nanos() - words.nanos() >= IDLE).isPresent()
                        && reply.nanos() - clientFin.nanos() < Math.max(QUIET, roundTrip(before));
        boolean closes =
                fin(connection.packets(), false)
                        .filter(end -> end.nanos() - reply.nanos() < QUIET)
                        .isPresent();
        return atOnce || (closes && (answered || crossed));
    }

    /// Whether a client closed as soon as it had opened, and neither said a word nor had heard one,
    /// or had shaken hands over TLS: a scan, to which a server's greeting, or its session tickets,
    /// are not welcome either.
    private static boolean onlyLookedIn(List<Packet> before, Packet fin) {
        if (fin.fromClient() && onlyShookHands(until(before, fin), fin)) {
            return true;
        }
        boolean heardNothing =
                Packets.first(before, Packet::isSynAck)
                        .filter(accepted -> fin.acknowledged() - accepted.end() <= 0)
                        .isPresent();
        return fin.fromClient()
                && heardNothing
                && lastWords(before, fin).isEmpty()
                && opened(before).filter(opened -> fin.nanos() - opened.nanos() < LOOK).isPresent();
    }

    /// Whether a server that closed and then reset had answered what it was asked, if it was; if it
    /// reset at once, it was no timer, and the answer no complaint.
    private static boolean hadAnswered(
            Connection connection, List<Packet> before, Packet serverFin, Packet rst) {
        List<Packet> untilFin = until(before, serverFin);
        boolean atOnce = !Pauses.isPassive(rst) && rst.nanos() - serverFin.nanos() < QUIET;
        boolean said = Packets.any(untilFin, packet -> !packet.fromClient() && packet.hasData());
        boolean farewell =
                Packets.last(untilFin, packet -> packet.fromClient() && packet.hasData())
                        .filter(last ->
                                Farewells.isWord(last.payload())
                                        || Farewells.mayBeAlert(untilFin, last))
                        .isPresent();
        boolean clientClosed =
                Packets.any(untilFin, packet -> packet.fromClient() && packet.isFin());
        boolean asked =
                Packets.last(untilFin, Packet::hasData).filter(Packet::fromClient).isPresent();
        if (farewell || clientClosed) {
            return true;
        }
        boolean complained =
                complaint(connection).isPresent()
                        || Answer.early(connection, untilFin, serverFin).isPresent();
        if (!atOnce) {
            // Tomcat waits for a moment for the rest of a request that it has refused.
            boolean gaveUp =
                    complained
                            && !Pauses.isPassive(rst)
                            && rst.nanos() - serverFin.nanos() < Idle.LEAST_NANOS
                            && fin(before, true).isEmpty();
            return !asked && !gaveUp && !leftUnserved(connection, before, serverFin);
        }
        boolean answered = !asked && !isLate(untilFin, serverFin) && !complained;
        return said && (answered || fin(before, true).isPresent());
    }

    private static boolean isLate(List<Packet> untilFin, Packet fin) {
        return Packets.last(untilFin, Packet::hasData)
                .filter(last -> fin.nanos() - last.nanos() >= Idle.LEAST_NANOS)
                .isPresent();
    }

    /// Whether a client took its leave of a server that had said, and closed at once, that it does
    /// not serve it: the client got nothing. One that comes back to an idle connection only to
    /// close it did not need it any more.
    private static boolean leftUnserved(
            Connection connection, List<Packet> before, Packet serverFin) {
        boolean saidWhy =
                lastWords(before, serverFin)
                        .filter(words -> serverFin.nanos() - words.nanos() <= Pauses.FAREWELL)
                        .isPresent();
        return saidWhy
                && Packets.any(before, packet -> isUnread(packet, serverFin))
                && complaint(connection)
                        .filter(cause ->
                                cause == Cause.CONNECTION_LIMIT
                                        || cause == Cause.RATE_LIMIT
                                        || cause == Cause.PROTOCOL_VIOLATION)
                        .isPresent();
    }

    /// Whether data came that the side of `fin` had not received when it closed.
    private static boolean isUnread(Packet packet, Packet fin) {
        return packet.fromClient() != fin.fromClient()
                && packet.hasData()
                && packet.end() - fin.acknowledged() > 0;
    }

    /// Of what the server complained in its last words.
    private static Optional<Cause> complaint(Connection connection) {
        return LastWords.of(connection, LastWords.message(connection))
                .map(LastWords.Meaning::cause);
    }

    /// What the side of `fin` had said last, up to its FIN.
    private static Optional<Packet> lastWords(List<Packet> before, Packet fin) {
        return Packets.last(
                until(before, fin),
                packet -> packet.fromClient() == fin.fromClient() && packet.hasData());
    }

    private static List<Packet> until(List<Packet> packets, Packet last) {
        return packets.stream().filter(packet -> packet.nanos() <= last.nanos()).toList();
    }

    /// Whether a client that closed got all that it had asked for, as far as can be told.
    private static boolean hadWhatItWanted(List<Packet> before, Packet clientFin) {
        boolean served = Packets.any(before, packet -> !packet.fromClient() && packet.hasData());
        List<Packet> untilFin = until(before, clientFin);
        return served && Answer.in(untilFin) != Answer.CUT;
    }

    // ---- a RST as a way to close

    /// Whether a client that has all of its answer closes by a RST, as many do (SO_LINGER 0).
    private static boolean hadItsAnswer(Connection connection, int index) {
        List<Packet> packets = connection.packets();
        Packet rst = packets.get(index);
        List<Packet> all = packets.subList(0, index);
        if (onlyAsked(all, rst)) {
            return true;
        }
        if (Pauses.isPassive(rst) || !looksLikeItsSide(all, rst)) {
            return false;
        }
        List<Packet> after = packets.subList(index + 1, packets.size());
        boolean resetToo = Packets.any(after, packet -> !packet.fromClient() && packet.isRst());
        if (onlyShookHands(all, rst) && !resetToo) {
            return true;
        }
        List<Packet> before = Farewells.without(all, rst);
        boolean disturbed =
                resetToo || Packets.any(after, packet -> !packet.fromClient() && packet.hasData());
        return !disturbed
                && Pauses.probes(before, rst) < 2
                && ServerFraming.violation(connection).isEmpty()
                && Answer.early(connection, before, rst).flatMap(LastWords::ofAnswer).isEmpty()
                && switch (Answer.in(before)) {
                    case WHOLE -> true;
                    case UNKNOWN -> seemsWhole(before, rst);
                    case NOT_ASKED, NONE, CUT -> false;
                };
    }

    /// Whether a server that had said that it would close did so by a RST, when its client had all
    /// of an answer that was no complaint.
    private static boolean hasGivenItsAnswer(
            Connection connection, List<Packet> before, Packet rst) {
        boolean acknowledged =
                Packets.last(before, packet -> packet.fromClient() && packet.has(Decoder.ACK))
                        .filter(packet -> packet.acknowledged() - rst.sequence() >= 0)
                        .isPresent();
        return acknowledged
                && !Pauses.isPassive(rst)
                && looksLikeItsSide(before, rst)
                && Answer.in(before) == Answer.WHOLE
                && Answer.isLast(before)
                && Answer.early(connection, before, rst).isEmpty()
                && complaint(connection).isEmpty();
    }

    /// A health check, or a scan: that the server answers, or greets, and at once, is all that it
    /// asked. The kernel of a scanner's host may use another TTL than the scanner.
    private static boolean onlyAsked(List<Packet> before, Packet rst) {
        boolean answered = Packets.count(before, Packet::isSynAck) == 1;
        boolean asked = Packets.count(before, Packet::isSyn) == 1;
        boolean halfOpen =
                Packets.last(before, packet -> !packet.isRst())
                        .filter(Packet::isSynAck)
                        .isPresent();
        boolean soon =
                answered && asked && rst.nanos() - before.getFirst().nanos() < Idle.LEAST_NANOS;
        // What was lost was sent again.
        boolean atOnce =
                opened(before).filter(opened -> rst.nanos() - opened.nanos() < LOOK).isPresent();
        return (soon || atOnce)
                && heardAGreetingAtMost(before, rst)
                && (halfOpen || looksLikeItsSide(before, rst));
    }

    /// Whether a client goes as soon as it has shaken hands over TLS: a health check, or a look at
    /// a certificate.
    private static boolean onlyShookHands(List<Packet> before, Packet end) {
        return TlsHandshake.isAll(before)
                && Packets.last(before, Packet::hasData)
                        .filter(last -> end.nanos() - last.nanos() < LOOK + roundTrip(before))
                        .isPresent();
    }

    /// Whether nobody said anything, but for a server that greets whoever comes, in one packet.
    private static boolean heardAGreetingAtMost(List<Packet> before, Packet rst) {
        int said = Packets.count(before, Packet::hasData);
        return said == 0
                || (said == 1
                        && Packets.first(before, Packet::hasData)
                                .filter(words -> !words.fromClient())
                                .filter(words -> rst.acknowledged() - words.end() >= 0)
                                .filter(words -> rst.nanos() - heard(before, words) < LOOK)
                                .filter(words -> Protocol.greeting(words.payload()).isPresent())
                                .isPresent());
    }

    /// When the client acknowledged what the server said; if it did not, when it can have done so,
    /// as the handshake showed.
    private static long heard(List<Packet> before, Packet words) {
        Optional<Packet> acknowledged =
                Packets.first(
                        before,
                        packet ->
                                packet.fromClient()
                                        && packet.has(Decoder.ACK)
                                        && packet.acknowledged() - words.end() >= 0);
        if (acknowledged.isPresent()) {
            return acknowledged.get().nanos();
        }
        return words.nanos() + between(Packets.first(before, Packet::isSynAck), opened(before));
    }

    /// How long the handshake took: to the server and back, and to the client and back from where
    /// it was captured. 0 if it was not; what the client said first may have come long after it.
    static long roundTrip(List<Packet> before) {
        Optional<Packet> syn = Packets.last(before, Packet::isSyn);
        Optional<Packet> opened = opened(before).filter(packet -> !packet.hasData());
        return between(syn, opened.or(() -> Packets.first(before, Packet::isSynAck)));
    }

    private static Optional<Packet> opened(List<Packet> before) {
        return Packets.first(before, packet -> packet.fromClient() && !packet.isSyn());
    }

    private static long between(Optional<Packet> from, Optional<Packet> to) {
        return from.isPresent() && to.isPresent() ? to.get().nanos() - from.get().nanos() : 0;
    }

    /// Whether it travelled as far as the last packet of its side that was seen there.
    static boolean looksLikeItsSide(List<Packet> before, Packet rst) {
        return Packets.last(
                        before,
                        packet ->
                                packet.fromClient() == rst.fromClient()
                                        && packet.vantage() == rst.vantage())
                .filter(packet -> packet.ttl() == rst.ttl())
                .isPresent();
    }

    /// Where the protocol does not tell: the client had room for more, the answer was acknowledged,
    /// and was short or had ended a while ago.
    private static boolean seemsWhole(List<Packet> before, Packet rst) {
        Optional<Packet> said = Packets.last(before, Packet::hasData);
        if (said.isEmpty() || said.get().fromClient() || Packets.clientIsFull(before)) {
            return false;
        }
        Packet last = said.get();
        int tls = Packets.first(before, Packet::hasData).map(TlsRecords::typeOf).orElse(0);
        boolean acknowledged = rst.acknowledged() - last.end() >= 0;
        boolean quiet = rst.nanos() - last.nanos() >= QUIET;
        if (tls != 0) {
            boolean sealed = TlsRecords.typeOf(last) == TlsRecords.APPLICATION_DATA;
            return acknowledged
                    && ((sealed && quiet) || TlsRecords.endAnswer(before))
                    && !TlsHandshake.isUnderWay(before);
        }
        boolean brief = last.has(Decoder.PSH) && ShortAnswer.ends(before, last);
        return acknowledged && (quiet || brief);
    }
}
