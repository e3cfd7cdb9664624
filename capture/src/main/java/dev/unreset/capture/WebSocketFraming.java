package dev.unreset.capture;

import java.util.Optional;

/// The frames of a WebSocket (RFC 6455, 5.2), after the answer that switches to it.
///
/// ```
/// FIN(1 bit) RSV(3) opcode(4) MASK(1) length(7) length(0, 2 or 8 bytes) mask(0 or 4 bytes) payload
/// ```
final class WebSocketFraming {

    private static final int LONGEST_CONTROL = 125;
    private static final int TWO_BYTES = 126;

    private WebSocketFraming() {}

    /// Whether an answer switches to WebSocket (RFC 6455, 4.2.2).
    ///
    /// @param head of the answer, in lower case
    static boolean isAccepted(String head) {
        return head.startsWith("http/1.1 101") && head.contains("upgrade: websocket");
    }

    /// The first violation from `from` on, in what one side sent.
    ///
    /// @param masked whether the side is the client: it has to mask what it sends, and the server
    ///   must not
    /// @param compressed whether an extension was agreed on, which may use the RSV bits
    static Optional<Framing.Verdict> violation(
            Payload sent, int from, boolean masked, boolean compressed) {
        int at = from;
        while (at + 2 <= sent.size()) {
            int first = sent.at(at);
            int second = sent.at(at + 1);
            int opcode = first & 15;
            int length = second & 127;
            boolean control = opcode >= 8;
            if ((opcode > 2 && opcode < 8) || opcode > 10) {
                return violation(at, "a WebSocket frame with opcode " + opcode);
            }
            if ((first & 0x70) != 0 && !compressed) {
                return violation(at, "a WebSocket frame with reserved bits");
            }
            if ((second & 128) != 0 != masked) {
                return violation(
                        at + 1,
                        masked
                                ? "a WebSocket frame that is not masked"
                                : "a masked WebSocket frame from a server");
            }
            if (control && (length > LONGEST_CONTROL || (first & 128) == 0)) {
                return violation(at, "a WebSocket control frame that is long or in parts");
            }
            int head = 2 + (masked ? 4 : 0);
            long size = length;
            if (length >= TWO_BYTES) {
                int bytes = length == TWO_BYTES ? 2 : 8;
                if (at + 2 + bytes > sent.size()) {
                    return Optional.empty();
                }
                head += bytes;
                size =
                        bytes == 2
                                ? sent.at(at + 2) << 8 | sent.at(at + 3)
                                : sent.uint32(at + 2) << 32 | sent.uint32(at + 6);
                if (size < 0) {
                    return violation(at + 2, "a WebSocket frame of more than 2^63 bytes");
                }
            }
            at = (int) Math.min(Integer.MAX_VALUE, at + head + Math.min(size, Integer.MAX_VALUE));
        }
        return Optional.empty();
    }

    private static Optional<Framing.Verdict> violation(int offset, String what) {
        return Optional.of(new Framing.Verdict.Violation(offset, what));
    }
}
