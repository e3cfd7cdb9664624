package dev.unreset.capture;

import java.util.List;
import java.util.Locale;
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

    /// RFC 9112, 7.1: a chunk of no bytes, extensions, and a trailer.
    private static final Pattern LAST_CHUNK =
            Pattern.compile("(^|\r\n)0+(;[^\r\n]*)?\r\n([^\r\n]+\r\n)*\r\n$");

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
                        Framing.isHttp(packets.get(question).payload())
                                && packet.payload().startsWith("HTTP/1.");
                if (http && !isInterim(packet.payload())) {
                    return http(packets.get(question), packets.subList(i, packets.size()));
                }
            }
        }
        return begun ? UNKNOWN : NONE;
    }

    /// Whether the client speaks HTTP, and the server answered its last request before the body of
    /// that had been seen as a whole, and right before `end`.
    ///
    /// @param packets before `end`
    static boolean isEarly(Connection connection, List<Packet> packets, Packet end) {
        boolean http = Framing.isHttp(connection.clientBytes().beginning());
        int answer = -1;
        for (int i = packets.size() - 1; http && i >= 0; i--) {
            Packet packet = packets.get(i);
            if (packet.hasData() && packet.fromClient() && Framing.isHttp(packet.payload())) {
                // One that was sent behind another may not be what was answered.
                boolean first =
                        Packets.last(packets.subList(0, i), Packet::hasData)
                                .filter(Packet::fromClient)
                                .isEmpty();
                return answer > i && first && body(packets.subList(i, answer)) == CUT;
            }
            boolean answers =
                    packet.hasData()
                            && !packet.fromClient()
                            && end.nanos() - packet.nanos() <= Pauses.FAREWELL
                            && packet.payload().startsWith("HTTP/1.")
                            && packet.payload().size() > Framing.STATUS
                            && packet.payload().at(Framing.STATUS) != '1';
            answer = answers ? i : answer;
        }
        return false;
    }

    /// 100 Continue and its like: the answer proper follows.
    private static boolean isInterim(Payload said) {
        return said.size() > 12 && said.at(9) == '1' && said.at(11) != '1';
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
        String text = beginning(message);
        int end = text.indexOf("\r\n\r\n");
        // A packet of which only the beginning was captured may still say how long the answer is.
        int headEnd = end < 0 ? text.length() : end + 4;
        String head = text.substring(0, headEnd).toLowerCase(Locale.ROOT);
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
        long come = last.sequence() + last.length() - first.sequence() - headEnd;
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
        return LAST_CHUNK.matcher(said).find() ? WHOLE : CUT;
    }
}
