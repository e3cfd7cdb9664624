package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import dev.unreset.capture.Connection.Uncaptured;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/// Why a server reset a connection: what its stack was told, or found (resets.md, 1.3).
final class ServerResets {

    /// A reset so soon after data, but for the way there and back, answers the data.
    static final long AT_ONCE = 50_000_000;

    /// nginx and Apache httpd give a client a minute for the head of its request; longer times are
    /// whole seconds by chance too often.
    private static final long LONGEST_HEAD_TIMER = 61 * Idle.LEAST_NANOS;

    /// As many connections are no chance.
    private static final int FEW = 2;

    /// As many packets of one message are an upload.
    private static final int MANY_PACKETS = 10;

    private static final int LEAST_UPLOAD = 10_000;

    private final Facts facts;
    private final Neighbours neighbours;
    private final RoundTrips roundTrips;
    private final UsualSpeech usual;
    private final Dismissals dismissals;
    private final ForgottenConnections forgotten;

    ServerResets(
            Facts facts,
            Neighbours neighbours,
            RoundTrips roundTrips,
            UsualSpeech usual,
            ForgottenConnections forgotten) {
        this.facts = facts;
        this.neighbours = neighbours;
        this.roundTrips = roundTrips;
        this.usual = usual;
        this.dismissals = new Dismissals(facts, neighbours, roundTrips);
        this.forgotten = forgotten;
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
        boolean beganBefore = !Packets.any(story.before(fin), packet -> packet.has(Decoder.SYN));
        boolean leftOnly =
                uncaptured.isNothing()
                        && !Packets.any(Farewells.without(story.before(fin), fin), Packet::hasData);
        if (leftOnly && beganBefore) {
            return facts.of(
                            fin,
                            "the server closed a connection on which nobody had spoken since the capture began; the client used it again")
                    .weighs(Cause.IDLE_TIMEOUT, 16)
                    .weighs(Cause.SERVER_RESTART, 12);
        }
        if (nothingSaid && idle < Idle.LEAST_NANOS) {
            return turnedAway(
                    story,
                    fin,
                    "the server closed right after the handshake, without a byte",
                    Cause.SERVER_RESTART);
        }
        if (askedAgain(story, fin)
                && Answer.isLast(story.before(fin))
                && !HttpFraming.isUnfinishedRequest(story.connection().clientBytes())) {
            return facts.of(
                            fin,
                            "the server closed after an answer that was to be the last; the client knew, and sent another request")
                    .weighs(Cause.PROTOCOL_VIOLATION, 24)
                    .weighs(Cause.SERVER_RESTART, 8)
                    .weighs(Cause.IDLE_TIMEOUT, 8);
        }
        if (idle >= Idle.LEAST_NANOS) {
            return closedIdle(fin, idle, spokeFirst, wentOn(story, fin));
        }
        if (wasTooSlow(story, fin)) {
            return tooSlow(story, fin);
        }
        Packet leaves = Farewells.orEnd(story.before(fin), fin);
        Optional<Packet> last = Pauses.lastSpeech(story, leaves);
        boolean answered =
                uncaptured.other() == 0 && last.filter(packet -> !packet.fromClient()).isPresent();
        boolean atOnce =
                leaves.nanos() - last.map(Packet::nanos).orElse(0L) <= AT_ONCE + way(story, fin);
        if (dismissals.wasTurnedAway(story, fin, 2)) {
            return turnedAway(
                    story,
                    fin,
                    "the server accepted and closed at once, without an answer",
                    Cause.PROTOCOL_VIOLATION);
        }
        if (lacksItsReason(story, fin, uncaptured)) {
            return afterUncaptured(fin, uncaptured);
        }
        if (dismissals.wasSentAway(story, fin)) {
            return dismissals.sentAway(story, fin, "closed");
        }
        if (hadAnsweredEarly(story, fin, answered)) {
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

    /// Whether the server had answered before it had the whole request. A client that has not read
    /// the error yet goes on with what it was sending.
    ///
    /// @param answered whether the server spoke last
    private static boolean hadAnsweredEarly(Story story, Packet end, boolean answered) {
        return Answer.early(story.connection(), story.before(end), end)
                .filter(answer -> answered || HttpFraming.isError(answer.payload()))
                .isPresent();
    }

    /// Who has sent an answer before the whole request had come does not want the rest, and resets
    /// upon it (RFC 9112, 9.6).
    private Evidence answeredEarly(Packet end) {
        return facts.of(
                        end,
                        "the server answered before it had the whole request, and ended the connection")
                .weighs(Cause.PROTOCOL_VIOLATION, 22)
                .weighs(Cause.SERVER_RESTART, 10);
    }

    /// Whether the head of a request was still coming, in pieces, when a timer ended the
    /// connection.
    private static boolean wasTooSlow(Story story, Packet end) {
        long age = age(story, end);
        return age <= LONGEST_HEAD_TIMER
                && Idle.isRound(age)
                && HttpFraming.isUnfinishedRequest(story.connection().clientBytes());
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

    /// Whether the client sent a request after it had acknowledged the server's end.
    private static boolean askedAgain(Story story, Packet fin) {
        return Packets.any(
                story.connection().packets(),
                packet ->
                        packet.fromClient()
                                && HttpFraming.isRequest(packet.payload())
                                && packet.nanos() > fin.nanos()
                                && packet.acknowledged() - fin.end() >= 0);
    }

    private Evidence closedIdle(Packet fin, long idle, boolean spokeFirst, boolean wentOn) {
        boolean timer = spokeFirst || Idle.isRound(idle);
        boolean veryLong = idle >= 10 * Idle.LEAST_NANOS;
        // Few timers are shorter than three seconds; half a second is as good a time for one.
        boolean brief = !timer && idle < 3 * Idle.LEAST_NANOS;
        boolean half = brief && Idle.isRound(2 * idle);
        return facts.of(
                        fin,
                        (spokeFirst
                                        ? "the server said something and closed after "
                                        : "the server closed after ")
                                + Idle.tenths(idle)
                                + " s of silence"
                                + (timer ? ", as a timer does" + Idle.whoseDefault(idle) : "")
                                + (wentOn ? "; the client used the connection again" : ""))
                .weighs(
                        Cause.IDLE_TIMEOUT,
                        timer ? 24 : veryLong ? 20 : half ? 17 : brief ? 13 : 17)
                .weighs(
                        Cause.SERVER_RESTART,
                        timer ? 6 : veryLong ? 10 : half ? 14 : brief ? 17 : 12);
    }

    private Evidence turnedAway(Story story, Packet end, String what, Cause other) {
        return dismissals.turnedAway(story, end, what, other, () -> upon(story, end, what));
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
        if (wasServedElsewhere(story, end)) {
            return facts.of(end, what + ", although others were given what it asked for")
                    .weighs(Cause.RATE_LIMIT, 22)
                    .weighs(Cause.SERVER_RESTART, 12)
                    .weighs(Cause.PROTOCOL_VIOLATION, 12);
        }
        OptionalLong read = readFor(story, end);
        if (read.isPresent()) {
            return facts.of(
                            end,
                            what
                                    + ", which it had been reading for "
                                    + Idle.tenths(read.getAsLong())
                                    + " s")
                    .weighs(Cause.SERVER_RESTART, 18)
                    .weighs(Cause.PROTOCOL_VIOLATION, 13);
        }
        return facts.of(end, what)
                .weighs(Cause.PROTOCOL_VIOLATION, 18)
                .weighs(Cause.SERVER_RESTART, 10);
    }

    /// How long the server had taken what the client was sending when it ended the connection: a
    /// second or more, in many packets. Who refuses a request does so sooner, or in words.
    private static OptionalLong readFor(Story story, Packet end) {
        int packets = 0;
        long bytes = 0;
        long since = end.nanos();
        for (Packet packet : story.before(end)) {
            if (packet.hasData()) {
                packets = packet.fromClient() ? packets + 1 : 0;
                bytes = packet.fromClient() ? bytes + packet.length() : 0;
                since = packets == 1 ? packet.nanos() : since;
            }
        }
        long read = end.nanos() - since;
        return packets >= MANY_PACKETS && bytes >= LEAST_UPLOAD && read >= Idle.LEAST_NANOS
                ? OptionalLong.of(read)
                : OptionalLong.empty();
    }

    /// Requests within the second before `end` that are like the last one, each of which but the
    /// last was answered before the next.
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
        return Packets.count(requests, packet -> UsualSpeech.areAlike(packet, requests.getLast()));
    }

    /// Whether what the client asked for was given on another connection, several were served just
    /// before, and others were turned away as well.
    private boolean wasServedElsewhere(Story story, Packet end) {
        Endpoint server = story.connection().server();
        return neighbours.servedLately(server, end.nanos()) >= FEW
                && neighbours.turnedAwayAround(server, end.nanos()) >= FEW
                && Packets.last(
                                story.before(end),
                                packet -> packet.hasData() && packet.fromClient())
                        .filter(request -> usual.wasAnsweredElsewhere(story.connection(), request))
                        .isPresent();
    }

    /// The server's kernel has no such connection.
    private Evidence noSuchSocket(Story story, Packet rst) {
        Optional<Evidence> remapped = forgotten.remapped(story, rst);
        if (remapped.isPresent()) {
            return remapped.get();
        }
        Uncaptured uncaptured = story.connection().uncapturedBefore(rst);
        return uncaptured.isNothing()
                ? forgotten.evidence(story, rst)
                : afterUncaptured(rst, uncaptured);
    }

    /// The server aborted a connection that it had.
    private Evidence abort(Story story, Packet rst) {
        long probes = Pauses.probes(story.before(rst), rst);
        if (probes >= 2) {
            return facts.of(rst, probes + " keep-alive probes were not answered")
                    .weighs(Cause.IDLE_TIMEOUT, 26);
        }
        Uncaptured uncaptured = story.connection().uncapturedBefore(rst);
        Packet leaves = Farewells.orEnd(story.before(rst), rst);
        Optional<Packet> last = Pauses.lastSpeech(story, leaves);
        long quiet = Pauses.silenceBefore(story, leaves);
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
        if (dismissals.wasTurnedAway(story, rst, received ? 1 : 0)) {
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
        if (dismissals.wasSentAway(story, rst)) {
            return dismissals.sentAway(story, rst, "aborted");
        }
        if (hadAnsweredEarly(story, rst, answered)) {
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
                    answered || HttpFraming.isUnfinishedRequest(story.connection().clientBytes());
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
