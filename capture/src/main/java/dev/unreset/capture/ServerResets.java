package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import dev.unreset.capture.Connection.Uncaptured;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// Why a server reset a connection: what its stack was told, or found (resets.md, 1.3).
final class ServerResets {

    /// A reset so soon after data, but for the way there and back, answers the data.
    private static final long AT_ONCE = 50_000_000;

    /// nginx and Apache httpd give a client a minute for the head of its request; longer times are
    /// whole seconds by chance too often.
    private static final long LONGEST_HEAD_TIMER = 61 * Idle.LEAST_NANOS;

    /// What sends a client away is no longer.
    private static final int LONGEST_DISMISSAL = 1024;

    private final Facts facts;
    private final Neighbours neighbours;
    private final RoundTrips roundTrips;

    ServerResets(Facts facts, Neighbours neighbours, RoundTrips roundTrips) {
        this.facts = facts;
        this.neighbours = neighbours;
        this.roundTrips = roundTrips;
    }

    /// The server's own stack sent it: the forms of resets.md, 1.3.
    Evidence serverReset(Story story, Packet rst) {
        Optional<Packet> fin = Pauses.serverFin(story, rst);
        if (fin.isPresent()) {
            return closedBefore(story, fin.get());
        }
        return Pauses.isPassive(rst) ? noSuchSocket(story, rst) : abort(story, rst);
    }

    /// The server had closed; the client did not know, or did not look, and spoke.
    private Evidence closedBefore(Story story, Packet fin) {
        Uncaptured uncaptured = story.connection().uncapturedBefore(fin);
        boolean nothingSaid =
                uncaptured.isNothing() && !Packets.any(story.before(fin), Packet::hasData);
        Packet parting = Pauses.partingWords(story, fin);
        long idle = Pauses.silenceBefore(story, parting);
        boolean spokeFirst = parting.hasData();
        if (nothingSaid && idle < Idle.LEAST_NANOS) {
            return turnedAway(
                    story,
                    fin,
                    "the server closed right after the handshake, without a byte",
                    Cause.SERVER_RESTART);
        }
        if (idle >= Idle.LEAST_NANOS) {
            return closedIdle(fin, idle, spokeFirst, wentOn(story, fin));
        }
        if (wasTooSlow(story, fin)) {
            return tooSlow(story, fin);
        }
        Optional<Packet> last = Pauses.lastSpeech(story, fin);
        boolean answered =
                uncaptured.other() == 0 && last.filter(packet -> !packet.fromClient()).isPresent();
        boolean atOnce =
                fin.nanos() - last.map(Packet::nanos).orElse(0L) <= AT_ONCE + way(story, fin);
        if (wasTurnedAway(story, fin, 2)) {
            return turnedAway(
                    story,
                    fin,
                    "the server accepted and closed at once, without an answer",
                    Cause.PROTOCOL_VIOLATION);
        }
        if (lacksItsReason(story, fin, uncaptured)) {
            return afterUncaptured(fin, uncaptured);
        }
        if (wasSentAway(story, fin)) {
            return sentAway(story, fin, "closed");
        }
        if (answered && Answer.isEarly(story.connection(), story.before(fin))) {
            return answeredEarly(fin);
        }
        if (atOnce && !answered) {
            return upon(
                    story,
                    fin,
                    "the server closed at once upon what it received, without an answer");
        }
        return facts.of(
                        fin,
                        "the server closed "
                                + Idle.hundredths(idle)
                                + " s after the last packet"
                                + (wentOn(story, fin) ? "; the client went on" : ""))
                .weighs(Cause.SERVER_RESTART, 18)
                .weighs(Cause.PROTOCOL_VIOLATION, atOnce ? 14 : 8)
                .weighs(Cause.IDLE_TIMEOUT, 8);
    }

    /// Whether the capture lacks what the server had said, or shows no speech in the second before
    /// the end although the client had spoken.
    private static boolean lacksItsReason(Story story, Packet end, Uncaptured uncaptured) {
        boolean soon =
                Pauses.lastSpeech(story, end)
                        .filter(last -> end.nanos() - last.nanos() < Idle.LEAST_NANOS)
                        .isPresent();
        return uncaptured.own() > 0 || (uncaptured.other() > 0 && !soon);
    }

    /// What the server heard and said before it ended the connection was not captured: SYN, FIN and
    /// RST alone were, for instance, or the capture dropped packets.
    private Evidence afterUncaptured(Packet end, Uncaptured uncaptured) {
        boolean passive = end.isRst() && Pauses.isPassive(end);
        return facts.of(
                        end,
                        "what came before the end was not captured: from the client "
                                + uncaptured.other()
                                + " B, from the server "
                                + uncaptured.own()
                                + " B")
                .weighs(Cause.SERVER_RESTART, passive ? 14 : 9)
                .weighs(Cause.PROTOCOL_VIOLATION, passive ? 0 : 9)
                .weighs(Cause.IDLE_TIMEOUT, 9);
    }

    /// How long it takes from where `packet` was seen to the server and back, as far as is known.
    private long way(Story story, Packet packet) {
        return roundTrips.least(story.connection().server(), packet.vantage());
    }

    /// Whether the server ended a connection soon after it had begun and without any answer, while
    /// it served others.
    ///
    /// @param others that were open, at least; or two that were like it, within a minute
    private boolean wasTurnedAway(Story story, Packet end, int others) {
        FlowSummary summary = story.connection().summary();
        boolean everAnswered =
                story.connection().uncapturedBefore(end).own() > 0
                        || Packets.any(
                                story.before(end),
                                packet -> !packet.fromClient() && packet.hasData());
        long age = age(story, end) - 2 * way(story, end);
        return !everAnswered
                && age < Idle.LEAST_NANOS
                && (others == 0
                        || neighbours.limit(summary).isPresent()
                        || neighbours.outlasting(summary, end.nanos()) >= others
                        || neighbours.servedAlikeBefore(summary) >= 2);
    }

    /// Whether all that the server ever did was to say a few words, before it had heard any, and to
    /// end the connection with them.
    private boolean wasSentAway(Story story, Packet end) {
        Packet words = Pauses.partingWords(story, end);
        List<Packet> before = story.before(words);
        return words.hasData()
                && !Packets.any(before, Packet::hasData)
                && end.nanos() - words.nanos() <= AT_ONCE
                && age(story, end) - 2 * way(story, end) < Idle.LEAST_NANOS
                && story.connection().summary().serverBytes() <= LONGEST_DISMISSAL;
    }

    /// A greeting is followed by a conversation; words that are not say that there will be none.
    private Evidence sentAway(Story story, Packet end, String how) {
        long open = neighbours.outlasting(story.connection().summary(), end.nanos());
        return facts.of(
                        end,
                        "the server said a few words that nobody had asked for, and "
                                + how
                                + " at once"
                                + (open > 0 ? ", while others stayed open" : ""))
                .weighs(Cause.CONNECTION_LIMIT, open > 0 ? 24 : 20)
                .weighs(Cause.RATE_LIMIT, 14)
                .weighs(Cause.SERVER_RESTART, 10);
    }

    /// Who has sent an answer before the whole request had come does not want the rest, and resets
    /// upon it (RFC 9112, 9.6).
    private Evidence answeredEarly(Packet end) {
        return facts.of(
                        end,
                        "the server answered and ended the connection before it had the whole request")
                .weighs(Cause.PROTOCOL_VIOLATION, 22)
                .weighs(Cause.SERVER_RESTART, 10);
    }

    /// Whether the head of a request was still coming, in pieces, when a timer ended the
    /// connection.
    private static boolean wasTooSlow(Story story, Packet end) {
        long age = age(story, end);
        return age <= LONGEST_HEAD_TIMER
                && Idle.isRound(age)
                && Framing.isUnfinishedRequest(story.connection().clientBytes());
    }

    private Evidence tooSlow(Story story, Packet end) {
        return facts.of(
                        end,
                        "the server ended it after "
                                + Idle.tenths(age(story, end))
                                + " s, as a timer does, before it had the whole head of the request")
                .weighs(Cause.IDLE_TIMEOUT, 24)
                .weighs(Cause.SERVER_RESTART, 10);
    }

    private static long age(Story story, Packet end) {
        return end.nanos() - story.connection().summary().startNanos();
    }

    /// Whether the client spoke after the server had closed.
    private static boolean wentOn(Story story, Packet fin) {
        return Packets.any(
                story.connection().packets(),
                packet -> packet.fromClient() && packet.hasData() && packet.nanos() > fin.nanos());
    }

    private Evidence closedIdle(Packet fin, long idle, boolean spokeFirst, boolean wentOn) {
        boolean timer = spokeFirst || Idle.isRound(idle);
        boolean veryLong = idle >= 10 * Idle.LEAST_NANOS;
        // Few timers are shorter than three seconds.
        boolean brief = !timer && idle < 3 * Idle.LEAST_NANOS;
        return facts.of(
                        fin,
                        (spokeFirst
                                        ? "the server said something and closed after "
                                        : "the server closed after ")
                                + Idle.tenths(idle)
                                + " s of silence"
                                + (timer ? ", as a timer does" + Idle.whoseDefault(idle) : "")
                                + (wentOn ? "; the client used the connection again" : ""))
                .weighs(Cause.IDLE_TIMEOUT, timer ? 24 : veryLong ? 20 : brief ? 13 : 17)
                .weighs(Cause.SERVER_RESTART, timer ? 6 : veryLong ? 10 : brief ? 17 : 12);
    }

    /// The server took a connection and ended it before it had said anything.
    private Evidence turnedAway(Story story, Packet end, String what, Cause other) {
        FlowSummary summary = story.connection().summary();
        Optional<Admission> found = neighbours.limit(summary);
        if (found.isPresent()) {
            return found.get().evidence(facts, end);
        }
        boolean presence = neighbours.isGoneAtTimes(summary.server());
        long open = neighbours.outlasting(summary, end.nanos());
        long alike = neighbours.servedAlikeLately(summary);
        boolean limit = open > 0 && !neighbours.servedBeside(summary.server(), open);
        boolean inTurns =
                !neighbours.wouldShowALimit(summary.server())
                        && neighbours.alternates(summary.server());
        if (!limit && !presence && (alike >= 2 || inTurns)) {
            return facts.of(end, what + ", while others like it were served within two seconds")
                    .weighs(Cause.RATE_LIMIT, 24)
                    .weighs(Cause.CONNECTION_LIMIT, 12)
                    .weighs(other, 8);
        }
        boolean said = summary.clientBytes() > 0;
        if (!limit
                && !presence
                && (said || open <= 0)
                && neighbours.servedAlikeBefore(summary) >= (said ? 2 : 3)) {
            return facts.of(end, what + ", although others like it were served within a minute")
                    .weighs(Cause.RATE_LIMIT, 20)
                    .weighs(Cause.CONNECTION_LIMIT, 12)
                    .weighs(Cause.SERVER_RESTART, 10)
                    .weighs(other, 10);
        }
        if (!limit && (presence || neighbours.servesNobody(summary.server()))) {
            return facts.of(
                            end,
                            what
                                    + (presence ? ", as others for a while" : ", as all others")
                                    + ": what is behind it is down")
                    .weighs(Cause.SERVER_RESTART, 20)
                    .weighs(Cause.CONNECTION_LIMIT, 16)
                    .weighs(other, other == Cause.SERVER_RESTART ? 0 : 8);
        }
        boolean asked = Pauses.lastSpeech(story, end).filter(Packet::fromClient).isPresent();
        if (!limit && asked) {
            return upon(story, end, what);
        }
        return facts.of(
                        end,
                        what
                                + (limit
                                        ? ", while "
                                                + open
                                                + (open == 1 ? " other" : " others")
                                                + " stayed open"
                                        : ""))
                .weighs(Cause.CONNECTION_LIMIT, limit ? 24 : 22)
                .weighs(Cause.RATE_LIMIT, 10)
                .weighs(other, limit ? 8 : 6);
    }

    /// The server ended the connection at once upon what it received, without an answer to it.
    private Evidence upon(Story story, Packet end, String what) {
        int requests = requestsLikeTheLast(story, end);
        if (requests >= 2) {
            boolean many = requests >= 4;
            return facts.of(
                            end,
                            what
                                    + ", as the last of "
                                    + requests
                                    + " such requests within a second")
                    .weighs(Cause.RATE_LIMIT, many ? 22 : 17)
                    .weighs(Cause.SERVER_RESTART, many ? 12 : 14)
                    .weighs(Cause.PROTOCOL_VIOLATION, 10);
        }
        return facts.of(end, what)
                .weighs(Cause.PROTOCOL_VIOLATION, 18)
                .weighs(Cause.SERVER_RESTART, 10);
    }

    /// Requests within the second before `end` that are as long as the last one, each of which but
    /// the last was answered before the next.
    private static int requestsLikeTheLast(Story story, Packet end) {
        List<Packet> requests = new ArrayList<>();
        boolean answered = true;
        for (Packet packet : story.before(end)) {
            boolean lately = end.nanos() - packet.nanos() <= Idle.LEAST_NANOS;
            if (packet.hasData() && packet.fromClient() && answered && lately) {
                requests.add(packet);
            }
            answered = packet.hasData() ? !packet.fromClient() : answered;
        }
        return Packets.count(requests, packet -> packet.length() == requests.getLast().length());
    }

    /// The server's kernel has no such connection.
    private Evidence noSuchSocket(Story story, Packet rst) {
        boolean serverHeard =
                Packets.any(
                        story.before(rst),
                        packet ->
                                !packet.fromClient()
                                        && !packet.has(Decoder.SYN)
                                        && !packet.isRst());
        Uncaptured uncaptured = story.connection().uncapturedBefore(rst);
        if (!uncaptured.isNothing()) {
            return afterUncaptured(rst, uncaptured);
        }
        long open = neighbours.openAt(story.connection().server(), rst.nanos()) - 1;
        long gap = story.trigger().map(trigger -> Pauses.pauseBefore(story, trigger)).orElse(0L);
        if (!serverHeard && story.hasHandshake() && isUponLaterData(story)) {
            return facts.of(rst, "the handshake was accepted, and what was said then refused")
                    .weighs(Cause.MIDDLEBOX, 20)
                    .weighs(Cause.SERVER_RESTART, 14)
                    .weighs(Cause.CONNECTION_LIMIT, 12);
        }
        if (!serverHeard && story.hasHandshake() && (gap < Idle.LEAST_NANOS || open > 0)) {
            return facts.of(
                            rst,
                            "the handshake was answered, but no socket was behind it ("
                                    + Math.max(0, open)
                                    + " others open)")
                    .weighs(Cause.CONNECTION_LIMIT, open > 0 ? 24 : 18)
                    .weighs(Cause.SERVER_RESTART, 10);
        }
        if (gap >= 30 * Idle.LEAST_NANOS && Idle.product(gap).isPresent()) {
            return facts.of(
                            rst,
                            "on the first packet after "
                                    + Idle.tenths(gap)
                                    + " s of silence"
                                    + Idle.whoseDefault(gap))
                    .weighs(Cause.IDLE_TIMEOUT, 24)
                    .weighs(Cause.SERVER_RESTART, 14);
        }
        if (gap >= Idle.LEAST_NANOS
                && neighbours.livesThrough(
                        story.connection().server(), rst.nanos() - gap, rst.nanos())) {
            return facts.of(
                            rst,
                            "on the first packet after "
                                    + Idle.tenths(gap)
                                    + " s of silence, while another connection of the server went on")
                    .weighs(Cause.IDLE_TIMEOUT, 24)
                    .weighs(Cause.SERVER_RESTART, 10)
                    .weighs(Cause.MIDDLEBOX, 8);
        }
        if (gap >= Idle.LEAST_NANOS
                && neighbours.acceptsThroughout(
                        story.connection().server(), rst.nanos() - gap, rst.nanos())) {
            return facts.of(
                            rst,
                            "on the first packet after "
                                    + Idle.tenths(gap)
                                    + " s of silence, all through which the server took new connections")
                    .weighs(Cause.IDLE_TIMEOUT, 22)
                    .weighs(Cause.SERVER_RESTART, 14)
                    .weighs(Cause.MIDDLEBOX, 10);
        }
        if (Pauses.wasThere(story, rst)) {
            return facts.of(
                            rst,
                            "the server no longer knows a connection that it just had and never closed: a firewall refused the data, or it was reset there")
                    .weighs(Cause.MIDDLEBOX, 22)
                    .weighs(Cause.SERVER_RESTART, 14);
        }
        return facts.of(
                        rst,
                        "the server no longer knows a connection that it had, and never closed it")
                .weighs(Cause.SERVER_RESTART, 24)
                .weighs(Cause.IDLE_TIMEOUT, gap >= Idle.LEAST_NANOS ? 12 : 0);
    }

    /// Whether the RST's trigger is data that came so long after the handshake's last ACK that this
    /// was accepted: a full accept queue would have reset that.
    private static boolean isUponLaterData(Story story) {
        Optional<Packet> synAck = Packets.first(story.connection().packets(), Packet::isSynAck);
        Optional<Packet> trigger = story.trigger().filter(Packet::hasData);
        if (synAck.isEmpty() || trigger.isEmpty()) {
            return false;
        }
        return Packets.first(
                        story.before(trigger.get()),
                        packet ->
                                packet.fromClient()
                                        && packet.has(Decoder.ACK)
                                        && packet.nanos() >= synAck.get().nanos())
                .filter(ack -> trigger.get().nanos() - ack.nanos() >= AT_ONCE)
                .isPresent();
    }

    /// The server aborted a connection that it had.
    private Evidence abort(Story story, Packet rst) {
        long probes = Pauses.probes(story.before(rst), rst);
        if (probes >= 2) {
            return facts.of(rst, probes + " keep-alive probes were not answered")
                    .weighs(Cause.IDLE_TIMEOUT, 26);
        }
        Uncaptured uncaptured = story.connection().uncapturedBefore(rst);
        Optional<Packet> last = Pauses.lastSpeech(story, rst);
        long quiet = Pauses.silenceBefore(story, rst);
        boolean answered =
                uncaptured.other() == 0 && last.filter(packet -> !packet.fromClient()).isPresent();
        // What crossed the reset on its way had not been received.
        boolean received =
                Packets.any(
                        story.before(rst),
                        packet ->
                                packet.fromClient()
                                        && packet.hasData()
                                        && packet.end() - rst.acknowledged() <= 0);
        if (wasTurnedAway(story, rst, received ? 1 : 0)) {
            return turnedAway(
                    story,
                    rst,
                    "the server accepted and aborted at once",
                    Cause.PROTOCOL_VIOLATION);
        }
        if (lacksItsReason(story, rst, uncaptured)) {
            return afterUncaptured(rst, uncaptured);
        }
        if (wasTooSlow(story, rst)) {
            return tooSlow(story, rst);
        }
        if (wasSentAway(story, rst)) {
            return sentAway(story, rst, "aborted");
        }
        if (answered && Answer.isEarly(story.connection(), story.before(rst))) {
            return answeredEarly(rst);
        }
        if (quiet <= AT_ONCE + way(story, rst)) {
            return answered
                    ? facts.of(rst, "the server aborted in the middle of the conversation")
                            .weighs(Cause.SERVER_RESTART, 14)
                            .weighs(Cause.PROTOCOL_VIOLATION, 12)
                    : upon(
                            story,
                            rst,
                            "the server aborted at once upon what it received, without an answer");
        }
        if (quiet >= Idle.LEAST_NANOS) {
            boolean nothingUnread =
                    answered || Framing.isUnfinishedRequest(story.connection().clientBytes());
            return abortedIdle(story.connection().server(), rst, quiet, nothingUnread);
        }
        return facts.of(
                        rst,
                        "the server aborted " + Idle.hundredths(quiet) + " s after the last packet")
                .weighs(Cause.SERVER_RESTART, 18)
                .weighs(Cause.PROTOCOL_VIOLATION, 10);
    }

    /// A program that is killed leaves a FIN where it had read everything: RST without anything
    /// unread is a decision (`__tcp_close` in net/ipv4/tcp.c).
    private Evidence abortedIdle(Endpoint server, Packet rst, long quiet, boolean nothingUnread) {
        boolean timer = Idle.isRound(quiet);
        String after = "the server aborted after " + Idle.tenths(quiet) + " s of silence";
        if (nothingUnread) {
            return facts.of(
                            rst,
                            after
                                    + (timer ? ", as a timer does" + Idle.whoseDefault(quiet) : "")
                                    + ": it had nothing unread, so it was not killed")
                    .weighs(Cause.IDLE_TIMEOUT, timer ? 24 : 20)
                    .weighs(Cause.SERVER_RESTART, 8);
        }
        if (neighbours.livesThrough(server, rst.nanos() - quiet, rst.nanos())
                || neighbours.livesOn(server, rst.nanos())) {
            return facts.of(
                            rst,
                            after + ", with data that it had not read, and went on serving others")
                    .weighs(Cause.IDLE_TIMEOUT, timer ? 20 : 18)
                    .weighs(Cause.PROTOCOL_VIOLATION, 12)
                    .weighs(Cause.SERVER_RESTART, 10);
        }
        return facts.of(rst, after + ", with data that it had not read")
                .weighs(Cause.SERVER_RESTART, timer ? 16 : 18)
                .weighs(Cause.IDLE_TIMEOUT, timer ? 19 : 8)
                .weighs(Cause.PROTOCOL_VIOLATION, 10);
    }
}
