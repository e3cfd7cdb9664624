package dev.unreset.capture;

import dev.unreset.Cause;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/// What servers say before they end a connection, and what it means: an error text, an HTTP status,
/// a TLS alert, an HTTP/2 GOAWAY, a WebSocket's Close.
final class LastWords {

    /// What a server said.
    ///
    /// @param other a cause that it leaves possible
    record Meaning(String what, Cause cause, int weight, Optional<Cause> other) {

        Meaning(String what, Cause cause, int weight) {
            this(what, cause, weight, Optional.empty());
        }

        Meaning noSurerThan(int most) {
            return new Meaning(what, cause, Math.min(weight, most), other);
        }
    }

    /// Something that servers say.
    ///
    /// @param words in lower case; where none of them is, the pattern is not: to look for words is
    ///   many times faster
    private record Phrase(List<String> words, Pattern pattern, Meaning meaning) {

        boolean isIn(String text, String lower) {
            for (String word : words) {
                if (lower.contains(word)) {
                    return pattern.matcher(text).find();
                }
            }
            return false;
        }
    }

    /// What a server says in words to what it cannot make sense of.
    static final Meaning NOT_UNDERSTOOD =
            new Meaning("the server said that it did not understand", Cause.PROTOCOL_VIOLATION, 24);

    /// What a server says to those for whom it has no room.
    static final Meaning NO_ROOM =
            new Meaning("the server said that it has no room for more", Cause.CONNECTION_LIMIT, 28);

    /// Fewer printable characters than this are no word.
    private static final int LEAST_RUN = 4;

    /// Each of the phrases has so many letters in a row.
    private static final int LEAST_WORD = 3;

    /// More bytes from the server are no error text.
    private static final int LONGEST_MESSAGE = 1 << 10;

    /// "AMQP" and four numbers, by which each side begins.
    private static final int AMQP_HEADER = 8;

    /// What prose in a page weighs at most, whatever it speaks of.
    private static final int PROSE = 24;

    private static final List<String> GOOD =
            List.of("+", "OK ", "OK\r", "OK\n", "$", "STAT ", "VALUE ", "RESERVED ", "FOUND ");

    /// These have many reasons.
    private static final Set<String> REFUSALS = Set.of("403", "500", "502");

    private static final Set<Cause> USED_UP =
            Set.of(Cause.CONNECTION_LIMIT, Cause.RATE_LIMIT, Cause.TRANSFER_LIMIT);

    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.[01] (\\d{3})");

    /// Made when a server has said something in words.
    private static final class Phrases {

        private static final String PLACES =
                "(children|processes|workers|threads|slots|players|peers)";

        private static final String PLACE =
                "((child )?process|child|worker|thread|slot|player|peer|" + PLACES + ")";

        /// Where it ends, or what to do follows.
        private static final String END =
                "$|[^\\w -]|- |(try|please|sorry|available|free|left|now|right now)\\b";

        /// What follows "busy".
        private static final String BUSY_ENDS =
                "(?= *(" + END + "|(at|to|on|for|in|by|with|serving|processing|handling)\\b))";

        /// What follows "no more slots": whose, or for whom.
        private static final String NO_MORE_ENDS =
                "(?= *("
                        + END
                        + "|at\\b|to (handle|serve|process|accept|take|run|assign|spawn|allocate|start|execute|join)\\b|on (this|the|host|node|server)\\b"
                        + "|for ((this|the|your|any|another|new|more) )?(you|new|more|another|clients?|users?|requests?|connections?)\\b))";

        // The first that is found counts. "Too many connections from" is what Postfix says of a
        // rate as well. "Too many connections" comes from MySQL, "too many clients" from
        // PostgreSQL, "max number of clients" from Redis, "too many open connections" from
        // memcached, "too many connected users" from vsftpd, "max connections reached" from mail
        // servers, "Exceeded MaxStartups" from OpenSSH.
        static final List<Phrase> ALL =
                List.of(
                        // MySQL: max_connections_per_hour, max_questions_per_hour.
                        phrase(
                                "per",
                                "(connections?|sessions?|requests?|queries|questions|updates|messages)"
                                        + ".{0,15}\\bper[ _](second|minute|hour|day)"
                                        + "|max_\\w+_per_hour",
                                "that it is asked too often",
                                Cause.RATE_LIMIT,
                                32),
                        phrase(
                                "connections from",
                                "too many connections from",
                                new Meaning(
                                        "the server said that its client has too many connections",
                                        Cause.CONNECTION_LIMIT,
                                        32,
                                        Optional.of(Cause.RATE_LIMIT))),
                        phrase(
                                "connection|client|user|session|maxstartups",
                                "too many (\\w+ ){0,3}(connections|clients|users|sessions)"
                                        + "|max(imum)? (number of )?(\\w+ )?(connections|clients|users|sessions)"
                                        + "|remaining connection slots|MaxStartups"
                                        + "|(connection|session|user|client)s? limit|(connection|session)s? quota|no more connections"
                                        + "|max_(user_)?connections",
                                "that it has too many connections",
                                Cause.CONNECTION_LIMIT,
                                32),
                        phrase(
                                "limit|too |slow down|throttl|_calm|allowed|flood",
                                "rate.?limit|too many (requests|commands|messages)|too (fast|frequent)"
                                        + "|slow down|throttl|ENHANCE_YOUR_CALM|not allowed at this time|flood",
                                "that it is asked too often",
                                Cause.RATE_LIMIT,
                                32),
                        // That of a mailbox or a disk ends no connection.
                        phrase(
                                "quota|limit",
                                "^(?!.*(mailbox|storage|disk|overquota))"
                                        + ".*(quota|(transfer|bandwidth|traffic|volume|download|upload) limit)"
                                        + "( \\d+| of .{1,40}?)?( is| was| has been)? (exceeded|reached|exhausted|used up)",
                                new Meaning(
                                        "the server said that a quota is used up",
                                        Cause.TRANSFER_LIMIT,
                                        28,
                                        Optional.of(Cause.RATE_LIMIT))),
                        phrase(
                                "crash|down|restarting|command|postmaster|forced",
                                "crash of another server process|shutting down(?! (\\w+ )?(connection|session|link)\\b(?! (services?|pool|manager)))|shut ?down in progress|going down|restarting"
                                        + "|due to (administrator|immediate shutdown) command|postmaster exit|CONNECTION_FORCED",
                                "that it shuts down",
                                Cause.SERVER_RESTART,
                                32),
                        // Of whatever serves one connection each, none is left. What is full
                        // elsewhere, and what others wrote, ends no connection; records tell of
                        // busy workers too, unless they tell of an error, and of success they do.
                        phrase(
                                "reached|exceeded|full|busy|capacity|no |in use|exhausted|overload",
                                "(?s)\\A(?!.*(mailbox|mail server|disk|storage|file ?system)\\b.{0,60}\\bfull)"
                                        + "(?!.*(mailbox|disk|storage|file ?system)\\b([^,.]{0,40}\\bexhausted|( pool| space| server)?( is| are)? (busy|at capacity)))"
                                        + "(?!.*\"(code|status|message|result)\" ?: ?\"(ok|success)\")"
                                        + "(?!(?!.*\\b(err|fail|refus)).*\"(code|status|result)\" ?: ?0\\b)"
                                        + "(?!.*(gr[ae]ylist|PRIVMSG| FETCH \\())"
                                        + "(?!.*\\{((?!err(or)?\\b|fail|refus|\"(code|message|reason|detail)\")[^{])*\\z).*("
                                        + "\\bmax(imum)? (number of )?(\\w+ )?"
                                        + PLACE
                                        + " (reached|exceeded)"
                                        + "|\\bno (free|available|more) "
                                        + PLACE
                                        + NO_MORE_ENDS
                                        + "|\\b"
                                        + PLACES
                                        + " (are |is )?(all )?(in use|busy|exhausted)"
                                        + BUSY_ENDS
                                        + "|\\ball (network )?ports (are )?in use\\b"
                                        + "|\\bpool (is full|(is )?exhausted)\\b"
                                        + "|\\b(server|service) (is )?(full|(too )?busy|overloaded|at capacity)"
                                        + BUSY_ENDS
                                        + ")",
                                NO_ROOM),
                        phrase(
                                "time|inactiv|idle|autologout|stale",
                                "time(d)?.?out|inactiv|(?<!\\d )\\bidle\\b(?!=\\d)|\\bidle=\\d+ ?m?s|\\d idle (ms|sec|min|hour)"
                                        + "|autologout|stale connection",
                                "that it had waited too long",
                                Cause.IDLE_TIMEOUT,
                                24),
                        // InspIRCd: of a client that sends more than the server has read.
                        phrase(
                                "recvq",
                                "recvq exceeded",
                                "that it was sent too much at once",
                                Cause.PROTOCOL_VIOLATION,
                                24),
                        // Two codes are those of JSON-RPC 2.0, 5.1, for what is no JSON, or no
                        // request.
                        phrase(
                                "protocol|violation|invalid|malformed|bad|order|unsupported|recogni|unknown|version|understood|syntax|error|unexpected|too |bigger|-32|this is ",
                                "protocol (mismatch|error)|violation|invalid|malformed|bad (request|handshake"
                                        + "|command|packet|frame)|\\bbad_magic\\b(?!\\W*\\d)|out of order|unsupported|(un|not )recogni[sz]ed"
                                        + "|unknown (command|protocol|operation|method|STOMP action)|versions? (differ|mismatch)|not understood|syntax error|\"code\" ?: ?-32[67]00\\b|request received\\? this is \\w+!|this is not an? (HTTP|TLS|SSL) (server|port)|(FRAME|COMMAND)_ERROR"
                                        + "|UNEXPECTED_FRAME|synchroni[sz]ation error|too (large|long|big)|bigger than|unexpected"
                                        + "|CLIENT_ERROR|too many errors",
                                NOT_UNDERSTOOD));

        private static final String WHO =
                "\\b(hosts?|clients?|address(es)?|users?|ip|you|list|mode)\\b";
        private static final String NO =
                "\\b(denied|rejected|blocked|refused|banned|not (allowed|permitted|authori[sz]ed))\\b";

        /// Whom a server does not let in.
        static final Pattern DENIAL =
                Pattern.compile(
                        "access denied|blacklist|blocklist|"
                                + WHO
                                + ".*"
                                + NO
                                + "|"
                                + NO
                                + ".*"
                                + WHO,
                        Pattern.CASE_INSENSITIVE);

        /// There is no room, for whomever.
        static final Pattern FULL =
                Pattern.compile(
                        "\\b(full|busy|slots?|exhausted|maximum|limit|too many)\\b",
                        Pattern.CASE_INSENSITIVE);

        private static Phrase phrase(
                String words, String pattern, String what, Cause cause, int weight) {
            return phrase(words, pattern, new Meaning("the server said " + what, cause, weight));
        }

        private static Phrase phrase(String words, String pattern, Meaning meaning) {
            return new Phrase(
                    List.of(words.split("\\|")),
                    Pattern.compile(pattern, Pattern.CASE_INSENSITIVE),
                    meaning);
        }
    }

    private LastWords() {}

    /// The packets in which the server spoke last: since the client had, or in answer to what it
    /// said last.
    static List<Packet> message(Connection connection) {
        List<Packet> message = new ArrayList<>();
        for (Packet packet : connection.packets().reversed()) {
            if (packet.hasData() && packet.fromClient() && !message.isEmpty()) {
                break;
            }
            if (packet.hasData() && !packet.fromClient()) {
                message.addFirst(packet);
            }
        }
        return message;
    }

    /// What the server's last words mean.
    ///
    /// @param message [#message]
    static Optional<Meaning> of(Connection connection, List<Packet> message) {
        if (message.isEmpty()) {
            return Optional.empty();
        }
        if (Framing.isTls(connection.serverBytes().beginning())) {
            // All else that it said is encrypted.
            return tlsAlert(message.getLast().payload());
        }
        Optional<Meaning> closed = closeFrame(connection, message.getLast().payload());
        if (closed.isPresent()) {
            return closed;
        }
        Optional<Meaning> code =
                ErrorCodes.of(connection, message.getLast())
                        .or(() -> otherVersion(connection, message.getLast().payload()));
        if (code.isPresent()) {
            return code;
        }
        return of(
                Packets.last(message, packet -> HttpFraming.isAnswer(packet.payload()))
                        .map(Packet::payload)
                        .orElseGet(() -> connection.serverBytes().lastMessage()),
                shortText(sinceSilence(message)),
                message.getLast().payload());
    }

    /// What was said since the last second of silence: a timer's words are no part of an answer.
    private static List<Packet> sinceSilence(List<Packet> message) {
        int from = 0;
        for (int i = 1; i < message.size(); i++) {
            long pause = message.get(i).nanos() - message.get(i - 1).nanos();
            from = pause >= Idle.LEAST_NANOS ? i : from;
        }
        return message.subList(from, message.size());
    }

    /// All of a message; nothing if it is too long for an error text.
    private static Payload shortText(List<Packet> message) {
        int bytes = 0;
        for (Packet packet : message) {
            bytes += packet.length();
        }
        return bytes <= LONGEST_MESSAGE
                ? Payload.joined(message.stream().map(Packet::payload).toList())
                : Payload.NONE;
    }

    /// What a server's last words mean.
    ///
    /// @param http where an HTTP status may be: the first packet of its last answer, or the end of
    ///   what it sent
    /// @param message what it sent since the client had last spoken; empty if that is too long for
    ///   an error text
    /// @param last its last packet with data
    static Optional<Meaning> of(Payload http, Payload message, Payload last) {
        Optional<Meaning> binary = tlsAlert(last).or(() -> goAway(last));
        if (binary.isPresent()) {
            return binary;
        }
        Optional<String> status = lastStatus(http);
        if (status.isPresent()) {
            return ofStatus(status.get());
        }
        return ofText(isGoodAnswer(message) ? complaints(message) : words(message));
    }

    /// Whether it begins as POP3, Redis, beanstalkd and memcached answer what they have done.
    /// Counts of timeouts and limits may be in that.
    private static boolean isGoodAnswer(Payload answer) {
        return GOOD.stream().anyMatch(answer::startsWith);
    }

    private static Optional<String> lastStatus(Payload http) {
        if (!http.contains(HttpFraming.ANSWER)) {
            return Optional.empty();
        }
        Matcher matcher = STATUS.matcher(http.text());
        List<String> all = new ArrayList<>();
        while (matcher.find()) {
            all.add(matcher.group(1));
        }
        return all.isEmpty() ? Optional.empty() : Optional.of(all.getLast());
    }

    /// What the status of an HTTP answer means, of which `packet` has the beginning.
    static Optional<Meaning> ofAnswer(Packet packet) {
        return lastStatus(packet.payload()).flatMap(LastWords::ofStatus);
    }

    private static Optional<Meaning> ofStatus(String status) {
        String what = "the server had answered " + status;
        return switch (status) {
            case "429" -> Optional.of(new Meaning(what, Cause.RATE_LIMIT, 32));
            case "503" ->
                    Optional.of(
                            new Meaning(
                                    what,
                                    Cause.CONNECTION_LIMIT,
                                    24,
                                    Optional.of(Cause.RATE_LIMIT)));
            // Bandwidth Limit Exceeded, of hosting panels.
            case "509" -> Optional.of(new Meaning(what, Cause.TRANSFER_LIMIT, 28));
            case "408" ->
                    Optional.of(
                            new Meaning(
                                    what,
                                    Cause.IDLE_TIMEOUT,
                                    26,
                                    Optional.of(Cause.PROTOCOL_VIOLATION)));
            case "400", "411", "413", "414", "417", "426", "431", "501", "505" ->
                    Optional.of(new Meaning(what, Cause.PROTOCOL_VIOLATION, 28));
            default -> Optional.empty();
        };
    }

    /// What the text says with which an HTTP server refuses, where the status does not: of what is
    /// used up. It may tell of what is behind the server, and is a reason only of a bad end that
    /// comes with it.
    ///
    /// @param message [#message]
    static Optional<Meaning> ofRefusal(List<Packet> message) {
        Payload said = shortText(message);
        Matcher status = STATUS.matcher(said.text());
        return status.lookingAt() && REFUSALS.contains(status.group(1))
                ? ofText(words(said))
                        .filter(meaning -> USED_UP.contains(meaning.cause()))
                        .map(meaning -> meaning.noSurerThan(PROSE))
                : Optional.empty();
    }

    /// Whether a server said that it does not let this client in: none of the causes. MySQL says
    /// "not allowed to connect", Redis "DENIED", mail servers "rejected" or "blocked".
    ///
    /// @param message [#message]
    static boolean denyAccess(List<Packet> message) {
        if (message.isEmpty()) {
            return false;
        }
        String text = words(message.getLast().payload());
        return Phrases.DENIAL.matcher(text).find() && !Phrases.FULL.matcher(text).find();
    }

    /// What follows a good answer and begins as Redis and POP3 complain.
    private static String complaints(Payload answer) {
        return answer.text()
                .lines()
                .filter(line -> line.startsWith("-") || line.startsWith("ERR"))
                .collect(Collectors.joining("\n"));
    }

    /// Binary protocols carry their error texts in frames.
    private static String words(Payload message) {
        return message.words(LEAST_RUN, LEAST_WORD);
    }

    private static Optional<Meaning> ofText(String text) {
        if (text.isEmpty()) {
            return Optional.empty();
        }
        String lower = text.toLowerCase(Locale.ROOT);
        for (Phrase phrase : Phrases.ALL) {
            if (phrase.isIn(text, lower)) {
                return Optional.of(phrase.meaning());
            }
        }
        return Optional.empty();
    }

    /// The status in a WebSocket's Close frame (RFC 6455, 5.5.1 and 7.4; 1012 and 1013 are in
    /// IANA's registry). 1001 says nothing: a server that goes away sends it, and one whose timer
    /// is over.
    private static Optional<Meaning> closeFrame(Connection connection, Payload last) {
        boolean close = last.size() >= 4 && last.at(0) == 0x88 && last.at(1) == last.size() - 2;
        if (!close || !connection.serverBytes().beginning().startsWith(HttpFraming.SWITCHING)) {
            return Optional.empty();
        }
        boolean answer =
                Packets.last(
                                connection.packets(),
                                packet -> packet.fromClient() && packet.payload().size() > 0)
                        .filter(packet -> packet.payload().at(0) == 0x88)
                        .isPresent();
        if (answer) {
            return Optional.empty();
        }
        int status = last.at(2) << 8 | last.at(3);
        String what = "the server closed the WebSocket with status " + status;
        return switch (status) {
            case 1012 -> Optional.of(new Meaning(what, Cause.SERVER_RESTART, 26));
            case 1002, 1003, 1007, 1009 ->
                    Optional.of(new Meaning(what, Cause.PROTOCOL_VIOLATION, 30));
            case 1013 ->
                    Optional.of(
                            new Meaning(
                                    what,
                                    Cause.CONNECTION_LIMIT,
                                    22,
                                    Optional.of(Cause.RATE_LIMIT)));
            // The rest is a text (RFC 6455, 5.5.1).
            default -> ofText(words(last));
        };
    }

    /// A broker that does not speak the version of AMQP that the client named last names its own,
    /// and closes (AMQP 0-9-1, 4.2.2; AMQP 1.0, 2.2).
    private static Optional<Meaning> otherVersion(Connection connection, Payload last) {
        boolean header = last.size() == AMQP_HEADER && last.startsWith("AMQP");
        boolean same =
                header
                        && Packets.last(
                                        connection.packets(),
                                        packet ->
                                                packet.fromClient()
                                                        && packet.payload().startsWith("AMQP"))
                                .filter(named -> named.payload().beginsAs(last, AMQP_HEADER))
                                .isPresent();
        return header && !same
                ? Optional.of(
                        new Meaning(
                                "the server speaks another version of AMQP",
                                Cause.PROTOCOL_VIOLATION,
                                28))
                : Optional.empty();
    }

    private static Optional<Meaning> tlsAlert(Payload last) {
        boolean alert = last.size() == 7 && last.at(0) == 21 && last.at(1) == 3 && last.at(5) == 2;
        return alert
                ? Optional.of(
                        new Meaning(
                                "the server sent TLS alert " + last.at(6),
                                Cause.PROTOCOL_VIOLATION,
                                28))
                : Optional.empty();
    }

    /// RFC 9113, 6.8 and 7: a frame of type 7 with the last stream and an error code.
    private static Optional<Meaning> goAway(Payload last) {
        for (int at = 0; at + 17 <= last.size() && at < 1024; ) {
            int length = last.at(at) << 16 | last.at(at + 1) << 8 | last.at(at + 2);
            boolean found =
                    last.at(at + 3) == 7
                            && length >= 8
                            && last.at(at + 4) == 0
                            && last.uint32(at + 5) == 0;
            if (found) {
                return ofErrorCode(last.uint32(at + 13));
            }
            if (last.at(at + 3) > 9 || length > 1 << 14) {
                return Optional.empty();
            }
            at += 9 + length;
        }
        return Optional.empty();
    }

    private static Optional<Meaning> ofErrorCode(long code) {
        String what = "the server sent GOAWAY with error " + code;
        if (code == 0 || code > 13) {
            return Optional.empty();
        }
        return Optional.of(
                code == 11
                        ? new Meaning(what, Cause.RATE_LIMIT, 30)
                        : new Meaning(what, Cause.PROTOCOL_VIOLATION, 28));
    }
}
