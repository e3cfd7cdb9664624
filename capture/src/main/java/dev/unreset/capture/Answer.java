package dev.unreset.capture;

import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

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
    private static final long MOST_COMPARED = 1L << 30;
    private static final String LAST_CHUNK = "0\r\n\r\n";

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

    /// Whether the client speaks HTTP, and the body of its last request among `packets` was not
    /// whole yet.
    static boolean isEarly(Connection connection, List<Packet> packets) {
        boolean http = Framing.isHttp(connection.clientBytes().beginning());
        for (int i = packets.size() - 1; http && i >= 0; i--) {
            Packet packet = packets.get(i);
            if (packet.fromClient() && packet.hasData() && Framing.isHttp(packet.payload())) {
                return body(packets.subList(i, packets.size())) == CUT;
            }
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
        return bodiless ? WHOLE : body(answer);
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
        if (head.contains("\r\ntransfer-encoding:")) {
            return inChunks(last);
        }
        OptionalLong length = Framing.contentLength(head);
        if (length.isEmpty()) {
            return UNKNOWN;
        }
        int left =
                first.sequence()
                        + headEnd
                        + (int) length.getAsLong()
                        - (last.sequence() + last.length());
        // Where sequence numbers come around, only the very last one is known for sure.
        boolean whole = length.getAsLong() <= MOST_COMPARED ? left <= 0 : left == 0;
        return whole ? WHOLE : CUT;
    }

    /// Whether a packet has data of the same side as the `first` one.
    private static boolean follows(Packet first, Packet packet) {
        return packet.hasData() && packet.fromClient() == first.fromClient();
    }

    /// The first packets of a message, up to the end of its head if all of it was captured.
    private static String beginning(List<Packet> message) {
        Packet first = message.getFirst();
        StringBuilder text = new StringBuilder();
        int next = first.sequence();
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

    private static Answer inChunks(Packet last) {
        String said = last.payload().text();
        if (said.equals(LAST_CHUNK) || said.endsWith("\r\n" + LAST_CHUNK)) {
            return WHOLE;
        }
        return last.payload().size() < last.length() ? UNKNOWN : CUT;
    }
}
