package dev.unreset.capture;

import java.util.List;
import java.util.Locale;
import java.util.OptionalInt;

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

    /// Answers to HEAD, and those that say so, have no body (RFC 9112, 6.3).
    private static final List<String> WITHOUT_BODY = List.of(" 204", " 304", " 101");

    private static final String CONTENT_LENGTH = "\r\ncontent-length:";
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

    /// 100 Continue and its like: the answer proper follows.
    private static boolean isInterim(Payload said) {
        return said.size() > 12 && said.at(9) == '1' && said.at(10) == '0';
    }

    /// @param answer the packets from the one that begins with the head on
    private static Answer http(Packet question, List<Packet> answer) {
        Packet first = answer.getFirst();
        String text = first.payload().text();
        int end = text.indexOf("\r\n\r\n");
        // A packet of which only the beginning was captured may still say how long the answer is.
        int headEnd = end < 0 ? text.length() : end + 4;
        int status = text.indexOf(' ');
        boolean bodiless =
                question.payload().startsWith("HEAD ")
                        || WITHOUT_BODY.stream().anyMatch(code -> text.startsWith(code, status));
        if (bodiless) {
            return WHOLE;
        }
        String head = text.substring(0, headEnd).toLowerCase(Locale.ROOT);
        Packet last = first;
        for (Packet packet : answer) {
            if (packet.hasData() && !packet.fromClient() && packet.end() - last.end() > 0) {
                last = packet;
            }
        }
        if (head.contains("\r\ntransfer-encoding:")) {
            return inChunks(last);
        }
        OptionalInt length = contentLength(head);
        if (length.isEmpty()) {
            return UNKNOWN;
        }
        int came = last.sequence() + last.length();
        return came - (first.sequence() + headEnd + length.getAsInt()) >= 0 ? WHOLE : CUT;
    }

    private static Answer inChunks(Packet last) {
        if (last.payload().text().endsWith(LAST_CHUNK)) {
            return WHOLE;
        }
        return last.payload().size() < last.length() ? UNKNOWN : CUT;
    }

    private static OptionalInt contentLength(String head) {
        int field = head.indexOf(CONTENT_LENGTH);
        int end = field < 0 ? -1 : head.indexOf("\r\n", field + CONTENT_LENGTH.length());
        if (end < 0) {
            return OptionalInt.empty();
        }
        String number = head.substring(field + CONTENT_LENGTH.length(), end).strip();
        return number.matches("\\d{1,9}")
                ? OptionalInt.of(Integer.parseInt(number))
                : OptionalInt.empty();
    }
}
