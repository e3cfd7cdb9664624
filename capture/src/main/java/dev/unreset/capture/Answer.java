package dev.unreset.capture;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// How much of the server's last answer had come before a packet.
enum Answer {
    /// Nobody had asked for anything.
    NOT_ASKED,
    /// The client had asked, and the server had said nothing.
    NONE,
    /// The answer had begun, and something was missing.
    CUT,
    /// All of it.
    WHOLE,
    /// Something had come; its protocol does not tell.
    UNKNOWN;

    /// Statuses whose answers have no body (RFC 9112, 6.3).
    private static final List<String> WITHOUT_BODY = List.of(" 204", " 304", " 101");

    private static final int MOST_HEAD = 64 << 10;
    private static final int LONGEST_TRAILER = 1 << 10;

    /// A chunk of no bytes, and extensions.
    private static final Pattern LAST_CHUNK = Pattern.compile("0+(;.*)?");

    private static final Pattern CHUNKED =
            Pattern.compile("\r\ntransfer-encoding:[^\r\n]*\\bchunked\\b");

    /// Fields of messages that are over when the client says so, or that wait for the server.
    private static final List<String> MAY_END_ANYWHERE =
            List.of("\r\ncontent-type: text/event-stream", "\r\nexpect: 100-continue");

    /// The answer to the client's last words among `packets`, which are in order.
    static Answer in(List<Packet> packets) {
        int question = -1;
        for (int i = 0; i < packets.size(); i++) {
            if (packets.get(i).hasData() && packets.get(i).fromClient()) {
                question = i;
            }
        }
        if (question < 0) {
            return NOT_ASKED;
        }
        boolean begun = false;
        for (int i = question + 1; i < packets.size(); i++) {
            Packet packet = packets.get(i);
            if (packet.hasData() && !packet.fromClient()) {
                begun = true;
                boolean http =
                        HttpFraming.isRequest(packets.get(question).payload())
                                && HttpFraming.isAnswer(packet.payload());
                if (http && !HttpFraming.isInterim(packet.payload())) {
                    return http(packets.get(question), packets.subList(i, packets.size()));
                }
            }
        }
        return begun ? UNKNOWN : NONE;
    }

    /// Where the client speaks HTTP, and the server answered its last request, right before `end`,
    /// before the body of that was whole: the answer. One that is no error must have come without
    /// the whole body until the end, because a server may answer while it reads.
    ///
    /// @param packets before `end`
    static Optional<Packet> early(Connection connection, List<Packet> packets, Packet end) {
        if (!HttpFraming.isRequest(connection.clientBytes().beginning())) {
            return Optional.empty();
        }
        int answer = -1;
        for (int i = packets.size() - 1; i >= 0; i--) {
            Packet packet = packets.get(i);
            if (packet.fromClient() && HttpFraming.isRequest(packet.payload())) {
                return answer > i && isEarly(packets, i, answer)
                        ? Optional.of(packets.get(answer))
                        : Optional.empty();
            }
            boolean answers =
                    !packet.fromClient()
                            && end.nanos() - packet.nanos() <= Pauses.FAREWELL
                            && HttpFraming.isAnswer(packet.payload())
                            && !HttpFraming.isAnswer(packet.payload(), 1);
            answer = answers ? i : answer;
        }
        return Optional.empty();
    }

    /// Whether the client's last request of HTTP came as a whole, as its head tells.
    static boolean hasWholeRequest(List<Packet> packets) {
        for (int i = packets.size() - 1; i >= 0; i--) {
            Packet packet = packets.get(i);
            if (packet.fromClient() && HttpFraming.isRequest(packet.payload())) {
                return body(packets.subList(i, packets.size())) == WHOLE;
            }
        }
        return false;
    }

    private static boolean isEarly(List<Packet> packets, int request, int answer) {
        // One that was sent behind another may not be what was answered.
        boolean first =
                Packets.last(packets.subList(0, request), Packet::hasData)
                        .filter(Packet::fromClient)
                        .isEmpty();
        boolean error = HttpFraming.isError(packets.get(answer).payload());
        Answer body = body(packets.subList(request, error ? answer : packets.size()));
        return first
                && (body == CUT || (body == UNKNOWN && error && goesOn(packets, request, answer)));
    }

    /// Whether the client sent more of its request after the answer. A whole head that does not say
    /// how long the body is has none (RFC 9112, 6.3).
    private static boolean goesOn(List<Packet> packets, int request, int answer) {
        if (head(packets.subList(request, packets.size())).endsWith("\r\n\r\n")) {
            return false;
        }
        long sent =
                Packets.last(packets.subList(0, answer), packet -> packet.fromClient())
                        .map(Packet::end)
                        .orElse(0L);
        return Packets.first(
                        packets.subList(answer, packets.size()),
                        packet ->
                                packet.fromClient() && packet.hasData() && packet.end() - sent > 0)
                .filter(more -> !HttpFraming.isRequest(more.payload()))
                .isPresent();
    }

    /// Whether the server has answered each request of HTTP among `packets`, and the last answer is
    /// the last of the connection, as one of the two has said.
    static boolean isLast(List<Packet> packets) {
        int request = -1;
        int answer = -1;
        int waiting = 0;
        for (int i = 0; i < packets.size(); i++) {
            Packet packet = packets.get(i);
            Payload said = packet.payload();
            if (packet.fromClient() && HttpFraming.isRequest(said)) {
                waiting += HttpFraming.requestLines(said);
                request = i;
            } else if (!packet.fromClient()
                    && HttpFraming.isAnswer(said)
                    && !HttpFraming.isInterim(said)) {
                waiting--;
                answer = i;
            }
        }
        return waiting == 0
                && answer > request
                && (HttpFraming.endsConnection(head(packets.subList(request, packets.size())))
                        || HttpFraming.endsConnection(
                                head(packets.subList(answer, packets.size()))));
    }

    /// @param message the packets of both sides from the one that begins with its head on
    /// @return the head in lower case; a packet of which only the beginning was captured may still
    ///   say how long the message is
    private static String head(List<Packet> message) {
        String text = beginning(message);
        int end = text.indexOf("\r\n\r\n");
        return text.substring(0, end < 0 ? text.length() : end + 4).toLowerCase(Locale.ROOT);
    }

    /// @param answer the packets from the one that begins with the head on
    private static Answer http(Packet question, List<Packet> answer) {
        String text = answer.getFirst().payload().text();
        int status = text.indexOf(' ');
        boolean bodiless =
                question.payload().startsWith("HEAD ")
                        || WITHOUT_BODY.stream().anyMatch(code -> text.startsWith(code, status));
        if (bodiless) {
            return WHOLE;
        }
        // RFC 9110, 9.3.6: a tunnel.
        boolean tunnel = question.payload().startsWith("CONNECT ") && text.startsWith(" 2", status);
        return tunnel ? UNKNOWN : body(answer);
    }

    /// How much of a message had come, as its head tells.
    ///
    /// @param message the packets of both sides from the one that begins with its head on
    private static Answer body(List<Packet> message) {
        Packet first = message.getFirst();
        String head = head(message);
        Packet last = first;
        for (Packet packet : message) {
            if (follows(first, packet) && packet.end() - last.end() > 0) {
                last = packet;
            }
        }
        boolean chunked = CHUNKED.matcher(head).find();
        OptionalLong length = chunked ? OptionalLong.empty() : HttpFraming.contentLength(head);
        if (isMissing(message, last) || MAY_END_ANYWHERE.stream().anyMatch(head::contains)) {
            return UNKNOWN;
        }
        if (chunked) {
            return inChunks(message, last);
        }
        if (length.isEmpty()) {
            return UNKNOWN;
        }
        long come = last.sequence() + last.length() - first.sequence() - head.length();
        return length.getAsLong() <= come ? WHOLE : CUT;
    }

    /// Whether a packet has data of the same side as the `first` one.
    private static boolean follows(Packet first, Packet packet) {
        return packet.hasData() && packet.fromClient() == first.fromClient();
    }

    /// The first packets of a message, up to the end of its head if all of it was captured.
    private static String beginning(List<Packet> message) {
        Packet first = message.getFirst();
        StringBuilder text = new StringBuilder();
        long next = first.sequence();
        for (Packet packet : message) {
            boolean follows = follows(first, packet) && packet.sequence() == next;
            if (follows) {
                text.append(packet.payload().text());
                next = packet.end();
            }
            boolean over = text.indexOf("\r\n\r\n") >= 0 || text.length() > MOST_HEAD;
            if (over || (follows && packet.payload().size() < packet.length())) {
                break;
            }
        }
        return text.toString();
    }

    /// Whether the other side acknowledges more than the capture has: what comes behind `last` was
    /// sent. A FIN takes one number.
    private static boolean isMissing(List<Packet> message, Packet last) {
        return Packets.any(
                message,
                packet ->
                        packet.fromClient() != last.fromClient()
                                && packet.has(Decoder.ACK)
                                && !packet.isRst()
                                && packet.acknowledged() - last.end() > 1);
    }

    /// @param last the packet with the last bytes of the message
    private static Answer inChunks(List<Packet> message, Packet last) {
        if (last.payload().size() < last.length()) {
            return UNKNOWN;
        }
        // The last chunk and its trailer may be in several packets.
        String said = last.payload().text();
        long begin = last.sequence();
        for (Packet packet : message.reversed()) {
            if (follows(last, packet) && packet.end() == begin && said.length() < LONGEST_TRAILER) {
                said = packet.payload().text() + said;
                begin = packet.sequence();
            }
        }
        return endsWithLastChunk(said) ? WHOLE : CUT;
    }

    /// RFC 9112, 7.1: the last chunk, fields of a trailer, and an empty line. Read from the end,
    /// because what is before may be long.
    private static boolean endsWithLastChunk(String text) {
        int lineEnd = text.endsWith("\r\n\r\n") ? text.length() - 4 : -1;
        while (lineEnd > 0) {
            int before = text.lastIndexOf("\r\n", lineEnd - 1);
            String line = text.substring(before < 0 ? 0 : before + 2, lineEnd);
            boolean last = LAST_CHUNK.matcher(line).matches();
            if (last || line.indexOf(':') < 0) {
                return last;
            }
            lineEnd = before;
        }
        return false;
    }
}
