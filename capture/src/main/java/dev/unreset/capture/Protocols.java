package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Evidence;
import dev.unreset.Remedy;
import java.util.List;
import java.util.Optional;

/// What the two sides of a connection said to each other: reasons in words, broken framing, and
/// different protocols.
final class Protocols {

    /// More connections of a client within a minute may be too many.
    private static final int FEW = 3;

    /// Servers look now and then for clients whose keep-alive is overdue.
    private static final long MOST_OVERDUE = 10 * Idle.LEAST_NANOS;

    private final Facts facts;
    private final Neighbours neighbours;
    private final Framing framing;

    private final UsualSpeech usual;

    Protocols(Facts facts, Neighbours neighbours, UsualSpeech usual, Framing framing) {
        this.facts = facts;
        this.neighbours = neighbours;
        this.usual = usual;
        this.framing = framing;
    }

    /// The server's last words name the reason.
    Optional<Evidence> serverSaid(Story story) {
        List<Packet> message = LastWords.message(story.connection());
        return LastWords.of(story.connection(), message)
                .or(() ->
                        spokeLast(story, story.decisive().orElseThrow())
                                ? LastWords.ofRefusal(message)
                                : Optional.empty())
                .map(meaning -> whileSending(story, message.getLast(), meaning))
                .map(meaning -> unasked(story, message.getFirst(), meaning))
                .map(meaning -> alone(story, message.getFirst(), meaning))
                .map(meaning -> atTheEnd(story, meaning))
                .map(meaning -> {
                    Evidence said =
                            facts.of(message.getLast(), meaning.what())
                                    .weighs(meaning.cause(), meaning.weight());
                    return meaning.other().map(other -> said.weighs(other, 12)).orElse(said);
                });
    }

    /// A client of MQTT says in CONNECT how often it will speak at least, and the server has to end
    /// the connection after half as long again (MQTT 3.1.1, 3.1.2.10).
    Optional<Evidence> keepAliveMissed(Story story, Packet rst) {
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        long silence = clientSilence(story, end);
        return missedKeepAlive(story, end)
                .map(promised ->
                        facts.of(
                                        end,
                                        "the client had said that it would speak every "
                                                + promised
                                                + " s (CONNECT of MQTT), and was silent for "
                                                + Idle.tenths(silence)
                                                + " s")
                                .weighs(Cause.IDLE_TIMEOUT, 30));
    }

    /// What helps a client whose keep-alive of MQTT was missed: TCP keep-alives do not.
    Optional<Remedy> keepAliveRemedy(Story story, Packet rst) {
        return missedKeepAlive(story, Pauses.serverFin(story, rst).orElse(rst))
                .map(promised ->
                        new Remedy(
                                Remedy.Where.CLIENT,
                                "Send something, or PINGREQ, every "
                                        + promised
                                        + " s at least, as CONNECT of MQTT promised, or promise less (a longer keep-alive)."));
    }

    private static long clientSilence(Story story, Packet end) {
        return Packets.last(story.before(end), packet -> packet.fromClient() && packet.hasData())
                .map(last -> end.nanos() - last.nanos())
                .orElse(0L);
    }

    /// The keep-alive in seconds, if the client missed it before the server ended the connection.
    private static Optional<Integer> missedKeepAlive(Story story, Packet end) {
        boolean decided = end.isFin() || !Pauses.isPassive(end);
        if (!decided
                || Protocol.of(story.connection()) != Protocol.MQTT
                || !story.connection().uncapturedBefore(end).isNothing()) {
            return Optional.empty();
        }
        int promised =
                MessageFraming.mqttKeepAlive(
                        story.connection().clientBytes().beginning(),
                        story.connection().serverBytes().beginning());
        long due = promised * Idle.LEAST_NANOS * 3 / 2;
        long silence = clientSilence(story, end);
        // A server that waited for longer does not look.
        boolean missed =
                promised > 0 && silence >= due && silence <= due + Math.max(due, MOST_OVERDUE);
        return missed ? Optional.of(promised) : Optional.empty();
    }

    /// A complaint about a request that is not whole, after whole seconds of silence, is a timer's:
    /// nobody had said anything that is wrong.
    private static LastWords.Meaning unasked(Story story, Packet said, LastWords.Meaning meaning) {
        boolean timer =
                meaning.cause() == Cause.PROTOCOL_VIOLATION
                        && Idle.isRound(Pauses.silenceBefore(story, said))
                        && HttpFraming.isUnfinishedRequest(story.connection().clientBytes());
        return timer
                ? new LastWords.Meaning(
                        meaning.what() + " after a silence, to half a request",
                        Cause.IDLE_TIMEOUT,
                        28,
                        Optional.of(Cause.PROTOCOL_VIOLATION))
                : meaning;
    }

    /// Where the words leave it open whether connections were too many or came too fast, as those
    /// of Postfix do: none was open but this one, after several.
    private LastWords.Meaning alone(Story story, Packet said, LastWords.Meaning meaning) {
        Endpoint server = story.connection().server();
        boolean open =
                meaning.cause() == Cause.CONNECTION_LIMIT
                        && meaning.other().filter(Cause.RATE_LIMIT::equals).isPresent();
        boolean alone =
                open
                        && neighbours.openAt(server, said.nanos()) <= 1
                        && neighbours.servesAround(server, said.nanos())
                        && neighbours.acceptedWithin(server, said.nanos(), 60) > FEW;
        return alone
                ? new LastWords.Meaning(
                        meaning.what() + ", while no other was open",
                        Cause.RATE_LIMIT,
                        meaning.weight(),
                        Optional.of(Cause.CONNECTION_LIMIT))
                : meaning;
    }

    /// Whether the server's last words came right before its end, and so belong to it.
    boolean spokeLast(Story story, Packet rst) {
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        return Packets.last(
                        story.connection().packets(),
                        packet -> packet.hasData() && !packet.fromClient())
                .filter(last -> end.nanos() - last.nanos() <= Pauses.FAREWELL)
                .isPresent();
    }

    /// Whoever does not understand, or has no room, says so and ends it at once: what was said long
    /// before is no reason.
    private LastWords.Meaning atTheEnd(Story story, LastWords.Meaning meaning) {
        boolean atOnce =
                meaning.equals(LastWords.NOT_UNDERSTOOD) || meaning.equals(LastWords.NO_ROOM);
        if (!atOnce) {
            return meaning;
        }
        boolean atTheEnd = spokeLast(story, story.decisive().orElseThrow());
        return new LastWords.Meaning(meaning.what(), meaning.cause(), atTheEnd ? 28 : 12);
    }

    /// A time limit that cut an upload was no limit of silence; one for the head of a request is,
    /// and what a database or a broker has a code for.
    private static LastWords.Meaning whileSending(
            Story story, Packet said, LastWords.Meaning meaning) {
        long age = said.nanos() - story.connection().summary().startNanos();
        boolean sending =
                meaning.cause() == Cause.IDLE_TIMEOUT
                        && ErrorCodes.of(story.connection(), said).isEmpty()
                        && !HttpFraming.isUnfinishedRequest(story.connection().clientBytes())
                        && Packets.last(
                                        story.before(said),
                                        packet -> packet.fromClient() && packet.hasData())
                                .filter(last -> said.nanos() - last.nanos() < age / 8)
                                .isPresent();
        return sending && age >= Idle.LEAST_NANOS
                ? new LastWords.Meaning(
                        meaning.what() + " while the client was sending",
                        Cause.TRANSFER_LIMIT,
                        28,
                        Optional.of(Cause.IDLE_TIMEOUT))
                : meaning;
    }

    /// The two sides speak different protocols: TLS on one side alone, or HTTP or TLS to a server
    /// that greeted as another.
    Optional<Evidence> differentProtocols(Story story) {
        return difference(story.connection()).map(what -> differs(story, what));
    }

    /// The server ended it without a word, and its other clients speak another protocol.
    Optional<Evidence> unlikeOthers(Story story) {
        return usual.unlikeOthers(story.connection())
                .filter(what -> wasHeard(story))
                .map(what -> differs(story, what));
    }

    /// Whether the client's first words had come to the server when it ended the connection.
    private static boolean wasHeard(Story story) {
        Packet rst = story.decisive().orElseThrow();
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        return Packets.first(
                        story.connection().packets(),
                        packet -> packet.fromClient() && packet.hasData())
                .filter(first ->
                        end.has(Decoder.ACK)
                                ? end.acknowledged() - first.sequence() > 0
                                : first.nanos() < end.nanos())
                .isPresent();
    }

    private Evidence differs(Story story, String what) {
        return facts.of(story.decisive().orElseThrow(), what).weighs(Cause.PROTOCOL_VIOLATION, 34);
    }

    /// How the protocols of the two sides differ; empty if they do not, or if that is not known.
    static Optional<String> difference(Connection connection) {
        Payload client = connection.clientBytes().beginning();
        Payload server = connection.serverBytes().beginning();
        if (client.size() < Framing.TELLS_PROTOCOL || server.size() < Framing.TELLS_PROTOCOL) {
            return Optional.empty();
        }
        if (!Packets.any(connection.packets(), Packet::isSynAck) || Framing.hasPreamble(client)) {
            // What was captured may be no beginning, or another's words are in front of it.
            return Optional.empty();
        }
        boolean clientTls = Framing.isTls(client);
        boolean serverTls = Framing.isTls(server);
        // A banner may cross the client's first words.
        boolean greets = serverSpokeFirst(connection) || server.startsWith("SSH-");
        Optional<String> greeting = greets ? Protocol.greeting(server) : Optional.empty();
        if (greeting.isPresent() && (clientTls || HttpFraming.isRequest(client))) {
            return Optional.of(
                    "the server greets as "
                            + greeting.get()
                            + ", the client speaks "
                            + (clientTls ? "TLS" : "HTTP"));
        }
        if (HttpFraming.isRequest(client) && HttpFraming.beginsHttp2(server)) {
            return Optional.of("the client speaks HTTP/1.1, the server HTTP/2");
        }
        if (clientTls == serverTls || server.startsWith("S") || server.startsWith("N")) {
            return Optional.empty();
        }
        return Optional.of(
                clientTls
                        ? "the client speaks TLS, the server does not"
                        : "the server speaks TLS, the client does not");
    }

    private static boolean serverSpokeFirst(Connection connection) {
        return Packets.first(connection.packets(), Packet::hasData)
                .filter(packet -> !packet.fromClient())
                .isPresent();
    }

    /// The client's bytes break their own protocol, or keep it.
    Optional<Evidence> framingBroken(Story story) {
        Packet last = story.decisive().orElseThrow();
        // Not a switch: for one over records, the JDK generates a class in each run.
        Framing.Verdict verdict = framing.check(story.connection());
        if (verdict instanceof Framing.Verdict.Violation(int offset, String what)) {
            long number = story.connection().clientBytes().packetAt(offset);
            if (cameAfterTheEnd(story, number)
                    || wasTaken(story, number)
                    || isOfAnotherProtocol(story.connection())) {
                return Optional.empty();
            }
            return Optional.of(
                    Evidence.of(
                                    what + " at byte " + offset + " of what the client sent",
                                    facts.place(last, number))
                            .weighs(Cause.PROTOCOL_VIOLATION, 28));
        }
        if (verdict instanceof Framing.Verdict.WellFormed(String protocol)) {
            return Optional.of(
                    facts.of(last, "what the client sent is well-formed " + protocol)
                            .weighs(Cause.PROTOCOL_VIOLATION, -6));
        }
        return Optional.empty();
    }

    /// Whether what looks like HTTP is none: the server converses with others in something else,
    /// and has not answered this client in HTTP.
    private boolean isOfAnotherProtocol(Connection connection) {
        return Protocol.of(connection) == Protocol.HTTP1
                && usual.takesMethodsOtherwise(connection.server())
                && !HttpFraming.isAnswer(connection.serverBytes().beginning());
    }

    /// The server's bytes break the protocol: a client that resets upon them has a reason.
    Optional<Evidence> answerBroken(Story story) {
        Packet rst = story.decisive().orElseThrow();
        Framing.Verdict verdict = ServerFraming.violation(story.connection()).orElse(null);
        if (verdict instanceof Framing.Verdict.Violation(int offset, String what)) {
            long number = story.connection().serverBytes().packetAt(offset);
            return Optional.of(
                    Evidence.of(
                                    what + " at byte " + offset + " of what the server sent",
                                    facts.place(rst, number))
                            .weighs(Cause.PROTOCOL_VIOLATION, 34));
        }
        return Optional.empty();
    }

    /// A client does not go on with a request that the server has already refused.
    Optional<Evidence> refusedEarly(Story story) {
        Packet rst = story.decisive().orElseThrow();
        return Answer.early(story.connection(), story.before(rst), rst)
                .flatMap(answer ->
                        LastWords.ofAnswer(answer)
                                .map(meaning ->
                                        facts.of(
                                                        answer,
                                                        meaning.what()
                                                                + " before it had the whole request")
                                                .weighs(meaning.cause(), 36)));
    }

    /// Whether the client sent the packet when the server had ended the connection already.
    private static boolean cameAfterTheEnd(Story story, long number) {
        Packet rst = story.decisive().orElseThrow();
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        return Packets.any(
                story.connection().packets(),
                packet ->
                        packet.fromClient()
                                && packet.number() == number
                                && packet.nanos() > end.nanos());
    }

    /// Whether the server answered the packet at length, or then another of the client, or was
    /// still there a second after it had answered last: whoever does not understand is brief, and
    /// ends it at once.
    private static boolean wasTaken(Story story, long number) {
        Packet rst = story.decisive().orElseThrow();
        Packet end = Pauses.serverFin(story, rst).orElse(rst);
        List<Packet> since =
                story.before(end).stream()
                        .dropWhile(packet -> !packet.fromClient() || packet.number() != number)
                        .filter(Packet::hasData)
                        .toList();
        return Packets.answers(since) > 1
                || Patterns.isTransfer(since)
                || Packets.last(since, packet -> !packet.fromClient())
                        .filter(last -> end.nanos() - last.nanos() >= Idle.LEAST_NANOS)
                        .isPresent();
    }
}
