package dev.unreset.capture;

import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;

/// Whether what a server sent keeps to the protocol that its client speaks: the first byte that
/// breaks it. What cannot be told is empty.
final class ServerFraming {

    /// The types of replies (RESP3).
    private static final String REDIS_TYPES = "+-:$*_,#!=%~>(|.";

    private static final Pattern STATUS_LINE =
            Pattern.compile("HTTP/1\\.[01] \\d{3}( .*)?", Pattern.DOTALL);
    private static final Pattern BODILESS =
            Pattern.compile("HTTP/1\\.[01] (1\\d\\d|204|304).*", Pattern.DOTALL);

    private ServerFraming() {}

    static Optional<Framing.Verdict> violation(Connection connection) {
        Protocol protocol = Protocol.of(connection);
        boolean fromBeginning = Packets.any(connection.packets(), Packet::isSynAck);
        if (protocol == Protocol.OTHER || connection.serverBytes().isEmpty() || !fromBeginning) {
            return Optional.empty();
        }
        Payload asked = connection.clientBytes().bytes();
        Payload said = connection.serverBytes().bytes();
        return switch (protocol) {
            case TLS ->
                    Framing.isTls(said)
                            ? violationIn(MessageFraming.tlsRecords(said))
                            : Optional.empty();
            case HTTP1 -> HttpFraming.isAnswer(said) ? http1(asked, said) : Optional.empty();
            case HTTP2 -> http2(said);
            case REDIS -> copiesAll(asked) ? Optional.empty() : redis(said);
            case POSTGRESQL -> postgres(said);
            case MYSQL -> mysql(said);
            case MQTT -> mqtt(said);
            case AMQP -> amqp(said);
            case KAFKA -> kafka(said);
            case OTHER -> Optional.empty();
        };
    }

    private static Optional<Framing.Verdict> broken(int offset, String what) {
        return Optional.of(new Framing.Verdict.Violation(offset, what));
    }

    private static Optional<Framing.Verdict> violationIn(Framing.Verdict verdict) {
        return Optional.of(verdict).filter(Framing.Verdict.Violation.class::isInstance);
    }

    /// RFC 9112: answers one after the other, as long as their heads say.
    private static Optional<Framing.Verdict> http1(Payload asked, Payload said) {
        String text = said.text();
        // Answers to HEAD have no body, whatever they say.
        boolean mayLackBodies = asked.contains("HEAD ");
        int at = 0;
        while (at < text.length()) {
            int end = text.indexOf("\r\n\r\n", at);
            int lineEnd = text.indexOf('\n', at);
            String line = text.substring(at, lineEnd < 0 ? text.length() : lineEnd).stripTrailing();
            if (lineEnd >= 0 && !STATUS_LINE.matcher(line).matches()) {
                return broken(at, "a line that is no HTTP status line");
            }
            if (end < 0) {
                return Optional.empty();
            }
            String head = text.substring(at, end + 2);
            Optional<Framing.Verdict> fields = HttpFraming.headerFields(head, at);
            if (fields.isPresent()) {
                return fields;
            }
            String lower = head.toLowerCase(Locale.ROOT);
            if (WebSocketFraming.isAccepted(lower)) {
                return WebSocketFraming.violation(
                        said, end + 4, false, lower.contains("sec-websocket-extensions:"));
            }
            if (line.startsWith(HttpFraming.SWITCHING)) {
                return Optional.empty();
            }
            boolean bodiless = BODILESS.matcher(line).matches();
            boolean untilClose =
                    !lower.contains("\r\ncontent-length:")
                            && !lower.contains("\r\ntransfer-encoding:");
            if (!bodiless && (untilClose || mayLackBodies)) {
                return Optional.empty();
            }
            Optional<Integer> next =
                    bodiless ? Optional.of(end + 4) : HttpFraming.bodyEnd(text, head, end + 4);
            if (next.isEmpty()) {
                return broken(end + 4, "a chunk size that is no number");
            }
            at = next.get();
        }
        return Optional.empty();
    }

    /// RFC 9113, 3.4: the server's preface is a SETTINGS frame.
    private static Optional<Framing.Verdict> http2(Payload said) {
        boolean settings = said.size() < 9 || (said.at(3) == 4 && said.uint32(5) == 0);
        return settings ? Optional.empty() : broken(0, "no HTTP/2 SETTINGS at the beginning");
    }

    /// Whether a replica asks for all data, which comes without the line end of a string.
    private static boolean copiesAll(Payload asked) {
        return asked.text().toUpperCase(Locale.ROOT).contains("SYNC");
    }

    private static Optional<Framing.Verdict> redis(Payload said) {
        String text = said.text();
        int at = 0;
        while (at < text.length()) {
            if (REDIS_TYPES.indexOf(text.charAt(at)) < 0) {
                return broken(at, "a reply of no type that Redis has");
            }
            int end = text.indexOf("\r\n", at);
            if (end < 0) {
                return Optional.empty();
            }
            String rest = text.substring(at + 1, end);
            boolean bulk = "$!=".indexOf(text.charAt(at)) >= 0;
            if (bulk && rest.equals("?")) {
                // A string in parts, of which nobody knows how many.
                return Optional.empty();
            }
            if (bulk && !rest.matches("-?\\d{1,9}")) {
                return broken(at, "a bulk length that is no number");
            }
            long size = bulk ? Long.parseLong(rest) : -1;
            at = (int) Math.min(Integer.MAX_VALUE, end + 2 + (size < 0 ? 0 : size + 2));
        }
        return Optional.empty();
    }

    /// Perhaps answers to requests for encryption, then messages of a type and a length.
    private static Optional<Framing.Verdict> postgres(Payload said) {
        int at = 0;
        while (at < said.size() && said.at(at) == 'N') {
            at++;
        }
        boolean encrypted =
                at < said.size()
                        && said.at(at) == 'S'
                        && (said.size() == at + 1 || Framing.isTls(said, at + 1));
        return encrypted
                ? Optional.empty()
                : violationIn(MessageFraming.postgresMessages(said, at));
    }

    /// The greeting is packet 0.
    private static Optional<Framing.Verdict> mysql(Payload said) {
        return said.size() >= 4 && said.at(3) != 0
                ? broken(3, "a first packet with number " + said.at(3))
                : Optional.empty();
    }

    /// MQTT 5.0, 3.2 and 3.15: the first packet is CONNACK, or AUTH.
    private static Optional<Framing.Verdict> mqtt(Payload said) {
        return said.at(0) == 0x20 || said.at(0) == 0xf0
                ? Optional.empty()
                : broken(0, "no CONNACK at the beginning");
    }

    /// A server that does not want the client's version says which it wants.
    private static Optional<Framing.Verdict> amqp(Payload said) {
        return said.startsWith("AMQP") || said.at(0) == 1
                ? Optional.empty()
                : broken(0, "neither an AMQP header nor a frame of a method at the beginning");
    }

    private static Optional<Framing.Verdict> kafka(Payload said) {
        int at = 0;
        while (at + 4 <= said.size()) {
            long length = said.uint32(at);
            if (length < 4 || length > 1L << 30) {
                return broken(at, "a response that claims " + length + " bytes");
            }
            at = (int) Math.min(Integer.MAX_VALUE, at + 4L + length);
        }
        return Optional.empty();
    }
}
