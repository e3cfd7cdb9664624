package dev.unreset.capture;

import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/// Whether what a client sent keeps to its protocol: the first byte that breaks it.
///
/// The protocol is the one that the port stands for, unless the bytes begin like another one that
/// can be told for sure.
final class Framing {

    /// What a check found.
    sealed interface Verdict {
        /// The protocol is broken.
        ///
        /// @param offset of the first byte that breaks it
        record Violation(int offset, String what) implements Verdict {}

        record WellFormed(String protocol) implements Verdict {}

        /// Too little was seen, or the protocol is not known.
        record Unknown() implements Verdict {}
    }

    private static final Verdict UNKNOWN = new Verdict.Unknown();

    /// Fewer bytes do not tell which protocol it is.
    static final int TELLS_PROTOCOL = 3;

    /// Where an answer of HTTP has the first digit of its status.
    static final int STATUS = 9;

    private static final int LONGEST_INLINE = 64 << 10;

    /// Longer ones are cut by many servers: Apache httpd and Tomcat from 8 KiB on, Node.js from 16,
    /// nginx and Varnish from 32.
    private static final int LONGEST_HEAD = 8 << 10;

    private static final String CONTENT_LENGTH = "\r\ncontent-length:";

    // PostgreSQL's requests for encryption (protocol documentation, "Message Formats").
    private static final int SSL_REQUEST = 80877103;
    private static final int GSS_REQUEST = 80877104;

    private final Optional<UserFraming> user;

    Framing(Optional<UserFraming> user) {
        this.user = user;
    }

    Verdict check(Connection connection) {
        ByteStream stream = connection.clientBytes();
        if (stream.isEmpty()) {
            return UNKNOWN;
        }
        if (user.isPresent()) {
            return user.get().check(stream.bytes());
        }
        int port = connection.server().port();
        Payload begin = stream.beginning();
        boolean tls = isTls(begin);
        boolean http = isHttp(begin);
        boolean serverAgrees = agrees(connection.serverBytes().beginning(), tls);
        if (!tls && isForTls(port) && !serverAgrees) {
            return notTls(begin, http);
        }
        Payload sent = stream.bytes();
        boolean whole = stream.isWhole();
        if (tls && serverAgrees) {
            return tlsRecords(sent);
        }
        return switch (port) {
            case 80, 8000, 8080, 8888 ->
                    tls
                            ? violation(0, "a TLS record on a port for plain HTTP")
                            : http1(sent, connection.serverBytes(), whole);
            case 6379 -> redis(sent, whole);
            case 5432 -> postgres(sent);
            case 3306 -> mysql(sent);
            case 1883 -> mqtt(sent);
            case 5672 -> amqp(sent);
            case 9092 -> kafka(sent);
            default -> byContent(sent, connection.serverBytes(), whole, tls, http);
        };
    }

    /// Whether a server speaks TLS as its client does, or neither does and it does not complain:
    /// whatever the port is for.
    private static boolean agrees(Payload server, boolean clientTls) {
        return server.size() >= TELLS_PROTOCOL
                && isTls(server) == clientTls
                && !isComplaint(server);
    }

    /// Whether a server answers by HTTP that it does not serve: status 400 and above.
    static boolean isComplaint(Payload server) {
        return server.startsWith("HTTP/1.") && server.size() > STATUS && server.at(STATUS) >= '4';
    }

    private static boolean isForTls(int port) {
        return switch (port) {
            case 443, 465, 636, 853, 993, 995, 8443, 9443 -> true;
            default -> false;
        };
    }

    private static Verdict byContent(
            Payload sent, ByteStream server, boolean whole, boolean tls, boolean http) {
        if (tls) {
            return tlsRecords(sent);
        }
        if (sent.startsWith("PRI * HTTP/2.0\r\n")) {
            return http2(sent, server.beginning());
        }
        return http ? http1(sent, server, whole) : UNKNOWN;
    }

    private static Verdict notTls(Payload sent, boolean http) {
        return violation(
                0,
                http
                        ? "plain HTTP on a port for TLS"
                        : "no TLS record (first byte 0x" + hex(sent.at(0)) + ") on a port for TLS");
    }

    private static String hex(int unsignedByte) {
        return HexFormat.of().toHexDigits((byte) unsignedByte);
    }

    private static Verdict violation(int offset, String what) {
        return new Verdict.Violation(offset, what);
    }

    static boolean isTls(Payload sent) {
        return isTls(sent, 0);
    }

    static boolean isTls(Payload sent, int at) {
        return sent.size() >= at + 3
                && sent.at(at) >= 20
                && sent.at(at) <= 24
                && sent.at(at + 1) == 3
                && sent.at(at + 2) <= 4;
    }

    /// The protocol that a server that speaks first greets with: SSH (RFC 4253, 4.2), SMTP or FTP
    /// (code 220), POP3, IMAP, MySQL (a packet that begins with version 10).
    static Optional<String> greeting(Payload server) {
        if (server.startsWith("SSH-")) {
            return Optional.of("SSH");
        }
        if (server.startsWith("220 ") || server.startsWith("220-")) {
            return Optional.of("SMTP or FTP");
        }
        if (server.startsWith("+OK")) {
            return Optional.of("POP3");
        }
        if (server.startsWith("* OK")) {
            return Optional.of("IMAP");
        }
        boolean mysql = server.size() > 5 && server.at(3) == 0 && server.at(4) == 10;
        return mysql ? Optional.of("MySQL") : Optional.empty();
    }

    /// Whether a client has begun an HTTP request and not come to the end of its head: the server
    /// has read it, and waits.
    static boolean isUnfinishedRequest(ByteStream sent) {
        return sent.isWhole() && isHttp(sent.beginning()) && !sent.bytes().contains("\r\n\r\n");
    }

    static boolean isHttp(Payload sent) {
        for (String method :
                new String[] {
                    "GET ",
                    "POST ",
                    "PUT ",
                    "HEAD ",
                    "DELETE ",
                    "OPTIONS ",
                    "PATCH ",
                    "CONNECT ",
                    "TRACE "
                }) {
            if (sent.startsWith(method)) {
                // A client of NATS begins with CONNECT and JSON.
                return !sent.startsWith("CONNECT {");
            }
        }
        return false;
    }

    /// Whether a proxy says first whom it speaks for: the PROXY protocol of HAProxy
    /// (proxy-protocol.txt, 2.1 and 2.2); or the hello is one of SSL 2 (RFC 5246, E.2), which a
    /// server of TLS understands.
    static boolean hasPreamble(Payload sent) {
        boolean ssl2 =
                sent.size() > 4 && sent.at(0) >> 7 == 1 && sent.at(2) == 1 && sent.at(3) == 3;
        return ssl2 || sent.startsWith("PROXY ") || sent.startsWith("\r\n\r\n\0\r\nQUIT\n");
    }

    /// RFC 8446, 5.1: type, version 3.x, at most 2^14 + 256 bytes.
    static Verdict tlsRecords(Payload sent) {
        int at = 0;
        while (at + 5 <= sent.size()) {
            if (sent.at(at) < 20 || sent.at(at) > 24 || sent.at(at + 1) != 3) {
                return violation(at, "what should be a TLS record is none");
            }
            int length = sent.at(at + 3) << 8 | sent.at(at + 4);
            if (length > (1 << 14) + 2048) {
                return violation(at + 3, "a TLS record of " + length + " bytes");
            }
            at += 5 + length;
        }
        return new Verdict.WellFormed("TLS");
    }

    /// RFC 9112: request lines, header fields, and bodies as long as they say.
    private static Verdict http1(Payload sent, ByteStream server, boolean whole) {
        String text = sent.text();
        int at = 0;
        while (at < text.length()) {
            int end = text.indexOf("\r\n\r\n", at);
            int lineEnd = text.indexOf('\n', at);
            String line = text.substring(at, lineEnd < 0 ? text.length() : lineEnd).stripTrailing();
            if (lineEnd >= 0
                    && !line.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32} \\S+ HTTP/\\d\\.\\d")) {
                return violation(at, "a line that is no HTTP request line");
            }
            if (end < 0) {
                return text.length() - at > LONGEST_HEAD
                        ? violation(at, "an HTTP head of more than 8 KiB, and no end of it")
                        : lineEnd < 0 && !line.matches("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}( .*)?")
                                ? violation(at, "bytes that are no HTTP request line")
                                : UNKNOWN;
            }
            if (end - at > LONGEST_HEAD && server.isEmpty()) {
                return violation(at, "an HTTP head of more than 8 KiB, which was not answered");
            }
            String head = text.substring(at, end + 2);
            Optional<Verdict> fields = headerFields(head, at);
            if (fields.isPresent()) {
                return fields.get();
            }
            if (line.startsWith("CONNECT ")) {
                // What follows is a tunnel's.
                return UNKNOWN;
            }
            if (head.toLowerCase(Locale.ROOT).contains("upgrade: websocket")) {
                return webSocket(sent, end + 4, server.beginning());
            }
            Optional<Integer> next = bodyEnd(text, head, end + 4);
            if (next.isEmpty()) {
                return violation(end + 4, "a chunk size that is no number");
            }
            if (next.get() > text.length()) {
                return whole ? new Verdict.Unknown() : UNKNOWN;
            }
            at = next.get();
        }
        return new Verdict.WellFormed("HTTP");
    }

    /// What follows a request to switch to WebSocket, if the server does.
    private static Verdict webSocket(Payload sent, int from, Payload server) {
        String answer = server.text();
        int end = answer.indexOf("\r\n\r\n");
        String head = answer.substring(0, Math.max(0, end)).toLowerCase(Locale.ROOT);
        if (!WebSocketFraming.isAccepted(head)) {
            return UNKNOWN;
        }
        return WebSocketFraming.violation(
                        sent, from, true, head.contains("sec-websocket-extensions:"))
                .orElse(new Verdict.WellFormed("WebSocket"));
    }

    static Optional<Verdict> headerFields(String head, int offset) {
        int at = head.indexOf("\r\n") + 2;
        boolean length = false;
        boolean chunked = false;
        while (at > 1 && at < head.length()) {
            int end = head.indexOf("\r\n", at);
            String field = head.substring(at, end < 0 ? head.length() : end);
            boolean broken = field.indexOf('\0') >= 0 || field.indexOf('\n') >= 0;
            if (broken || !field.matches("(?s)[!#$%&'*+.^_`|~0-9A-Za-z-]+:.*")) {
                return Optional.of(violation(offset + at, "a line that is no HTTP header field"));
            }
            String name = field.substring(0, field.indexOf(':')).toLowerCase(Locale.ROOT);
            String value = field.substring(field.indexOf(':') + 1).strip();
            if (name.equals("content-length")) {
                if (!value.matches("\\d{1,18}") || length) {
                    return Optional.of(
                            violation(offset + at, "a Content-Length that is no single number"));
                }
                length = true;
            }
            chunked |= name.equals("transfer-encoding");
            if (length && chunked) {
                return Optional.of(
                        violation(offset + at, "both Content-Length and Transfer-Encoding"));
            }
            at = end < 0 ? head.length() : end + 2;
        }
        return Optional.empty();
    }

    /// What a head says of the body's length; empty if that is not there, not whole or no number.
    ///
    /// @param head in lower case
    static OptionalLong contentLength(String head) {
        int field = head.indexOf(CONTENT_LENGTH);
        int end = field < 0 ? -1 : head.indexOf("\r\n", field + CONTENT_LENGTH.length());
        if (end < 0) {
            return OptionalLong.empty();
        }
        String number = head.substring(field + CONTENT_LENGTH.length(), end).strip();
        return number.matches("\\d{1,18}")
                ? OptionalLong.of(Long.parseLong(number))
                : OptionalLong.empty();
    }

    /// Where the message ends; past the text if it has not ended; empty if its chunks are wrong.
    static Optional<Integer> bodyEnd(String text, String head, int body) {
        String lower = head.toLowerCase(Locale.ROOT);
        OptionalLong length = contentLength(lower);
        if (length.isPresent()) {
            return Optional.of((int) Math.min(body + length.getAsLong(), text.length() + 1L));
        }
        if (!lower.contains("\r\ntransfer-encoding:")) {
            return Optional.of(body);
        }
        int at = body;
        while (at < text.length()) {
            int end = text.indexOf("\r\n", at);
            if (end < 0) {
                return Optional.of(text.length() + 1);
            }
            String size = text.substring(at, end).replaceFirst(";.*", "").strip();
            if (!size.matches("[0-9A-Fa-f]{1,8}")) {
                return Optional.empty();
            }
            long chunk = Long.parseLong(size, 16);
            if (chunk == 0) {
                int trailer = text.indexOf("\r\n\r\n", at);
                return Optional.of(trailer < 0 ? text.length() + 1 : trailer + 4);
            }
            at = (int) Math.min(text.length() + 1L, end + 2 + chunk + 2);
        }
        return Optional.of(text.length() + 1);
    }

    /// RFC 9113, 4.1: nine bytes of header, 16384 bytes unless the peer allowed more.
    private static Verdict http2(Payload sent, Payload server) {
        long most = mostInFrame(server);
        int at = 24;
        while (at + 9 <= sent.size()) {
            int length = sent.at(at) << 16 | sent.at(at + 1) << 8 | sent.at(at + 2);
            if (length > most) {
                return violation(at, "an HTTP/2 frame of " + length + " bytes");
            }
            at += 9 + length;
        }
        return new Verdict.WellFormed("HTTP/2");
    }

    /// SETTINGS_MAX_FRAME_SIZE (RFC 9113, 6.5.2) of the server's first frame.
    private static long mostInFrame(Payload server) {
        long most = 1 << 14;
        if (server.size() < 9 || server.at(3) != 4) {
            return most;
        }
        int end = 9 + (server.at(1) << 8 | server.at(2));
        for (int at = 9; at + 6 <= Math.min(end, server.size()); at += 6) {
            if ((server.at(at) << 8 | server.at(at + 1)) == 5) {
                most = uint32(server, at + 2);
            }
        }
        return most;
    }

    /// RESP: an array of bulk strings, or an inline command.
    private static Verdict redis(Payload sent, boolean whole) {
        String text = sent.text();
        int at = 0;
        while (at < text.length()) {
            int end = text.indexOf("\r\n", at);
            if (end < 0) {
                return text.length() - at > LONGEST_INLINE
                        ? violation(at, "an inline command of more than 64 KiB")
                        : UNKNOWN;
            }
            if (text.charAt(at) != '*') {
                // GET is a command of Redis, too.
                if (text.substring(at, end).matches("[A-Z]+ \\S+ HTTP/1\\.[01]")) {
                    return violation(at, "HTTP on a port for Redis");
                }
                at = end + 2;
                continue;
            }
            String count = text.substring(at + 1, end);
            if (!count.matches("-?\\d{1,7}")) {
                return violation(at, "an array length that is no number");
            }
            at = end + 2;
            for (int i = 0; i < Integer.parseInt(count) && at < text.length(); i++) {
                int line = text.indexOf("\r\n", at);
                if (text.charAt(at) != '$') {
                    return violation(at, "no bulk string where one is due");
                }
                if (line < 0) {
                    return UNKNOWN;
                }
                String size = text.substring(at + 1, line);
                if (!size.matches("\\d{1,9}")) {
                    return violation(at, "a bulk length that is no number");
                }
                at = (int) Math.min(text.length() + 1L, line + 2L + Long.parseLong(size) + 2);
            }
        }
        return at == text.length() && whole ? new Verdict.WellFormed("RESP") : UNKNOWN;
    }

    /// Perhaps requests for encryption; a startup message without a type; then messages of a type
    /// and a length.
    private static Verdict postgres(Payload sent) {
        int at = 0;
        boolean started = false;
        while (!started) {
            if (at + 8 > sent.size()) {
                return at > 0 && at >= sent.size() ? new Verdict.WellFormed("PostgreSQL") : UNKNOWN;
            }
            if (at > 0 && isTls(sent, at)) {
                return new Verdict.WellFormed("PostgreSQL");
            }
            long length = uint32(sent, at);
            if (length < 8 || length > 10_000) {
                return violation(at, "a startup packet that claims " + length + " bytes");
            }
            long code = uint32(sent, at + 4);
            started = code != SSL_REQUEST && code != GSS_REQUEST;
            at += (int) length;
        }
        return postgresMessages(sent, at);
    }

    static Verdict postgresMessages(Payload sent, int start) {
        int at = start;
        while (at + 5 <= sent.size()) {
            if (sent.at(at) < 'A' || sent.at(at) > 'z') {
                return violation(at, "message type 0x" + hex(sent.at(at)));
            }
            long size = uint32(sent, at + 1);
            if (size < 4 || size > 1 << 30) {
                return violation(at + 1, "a message that claims " + size + " bytes");
            }
            at = (int) Math.min(Integer.MAX_VALUE, at + 1L + size);
        }
        return new Verdict.WellFormed("PostgreSQL");
    }

    /// Three bytes of length, a sequence number.
    private static Verdict mysql(Payload sent) {
        int at = 0;
        while (at + 4 <= sent.size()) {
            int length = sent.at(at) | sent.at(at + 1) << 8 | sent.at(at + 2) << 16;
            if (at == 0 && (sent.at(3) > 3 || length > 1 << 16)) {
                return violation(
                        0, "a first packet of " + length + " bytes with number " + sent.at(3));
            }
            at += 4 + length;
        }
        return new Verdict.WellFormed("MySQL");
    }

    /// MQTT 5.0, 3.1: CONNECT comes first, and once.
    private static Verdict mqtt(Payload sent) {
        int at = 0;
        while (at + 2 <= sent.size()) {
            int type = sent.at(at) >> 4;
            if ((at == 0 && type != 1) || type == 0) {
                return violation(at, at == 0 ? "no CONNECT at the beginning" : "packet type 0");
            }
            if (at > 0 && type == 1) {
                return violation(at, "a second CONNECT");
            }
            int flags = sent.at(at) & 15;
            int due = type == 6 || type == 8 || type == 10 ? 2 : 0;
            if (type != 3 && flags != due) {
                return violation(at, "reserved flags 0x" + hex(flags) + " of packet type " + type);
            }
            int length = 0;
            int shift = 0;
            int next = at + 1;
            while (next < sent.size() && shift <= 21) {
                length |= (sent.at(next) & 127) << shift;
                shift += 7;
                if ((sent.at(next++) & 128) == 0) {
                    break;
                }
                if (shift > 21) {
                    return violation(at + 1, "a length of more than four bytes");
                }
            }
            at = next + length;
        }
        return new Verdict.WellFormed("MQTT");
    }

    private static Verdict amqp(Payload sent) {
        if (!sent.startsWith("AMQP")) {
            return violation(0, "no AMQP header at the beginning");
        }
        if (sent.size() > 8 && sent.at(4) == 0 && sent.at(5) == 0) {
            int at = 8;
            while (at + 8 <= sent.size()) {
                long length = uint32(sent, at + 3);
                if (sent.at(at) == 0 || sent.at(at) > 8 || length > 1 << 27) {
                    return violation(at, "what should be an AMQP frame is none");
                }
                long end = at + 7 + length;
                if (end < sent.size() && sent.at((int) end) != 0xce) {
                    return violation((int) end, "an AMQP frame without its end octet");
                }
                at = (int) Math.min(Integer.MAX_VALUE, end + 1);
            }
        }
        return new Verdict.WellFormed("AMQP");
    }

    private static Verdict kafka(Payload sent) {
        int at = 0;
        while (at + 6 <= sent.size()) {
            long length = uint32(sent, at);
            if (length < 8 || length > 100 << 20) {
                return violation(at, "a request that claims " + length + " bytes");
            }
            if ((sent.at(at + 4) << 8 | sent.at(at + 5)) > 200) {
                return violation(at + 4, "an API key that does not exist");
            }
            at = (int) Math.min(Integer.MAX_VALUE, at + 4L + length);
        }
        return new Verdict.WellFormed("Kafka");
    }

    static long uint32(Payload sent, int at) {
        return (long) sent.at(at) << 24
                | sent.at(at + 1) << 16
                | sent.at(at + 2) << 8
                | sent.at(at + 3);
    }
}
