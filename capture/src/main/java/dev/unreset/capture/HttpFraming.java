package dev.unreset.capture;

import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Pattern;

/// HTTP on the wire: what requests and answers look like, and how messages and frames say where
/// they end.
final class HttpFraming {

    /// Longer ones are cut by many servers: Apache httpd and Tomcat from 8 KiB on, Node.js from 16,
    /// nginx and Varnish from 32.
    private static final int LONGEST_HEAD = 8 << 10;

    /// A letter of a method or of a field's name (RFC 9110, 5.6.2).
    private static final String TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]";

    private static final Pattern REQUEST_LINE =
            Pattern.compile(TOKEN + "{1,32} \\S+ HTTP/\\d\\.\\d");
    private static final Pattern START_OF_REQUEST_LINE = Pattern.compile(TOKEN + "{1,32}( .*)?");
    private static final Pattern FIELD = Pattern.compile(TOKEN + "+:.*", Pattern.DOTALL);
    private static final Pattern LENGTH = Pattern.compile("\\d{1,18}");
    private static final Pattern CHUNK_SIZE = Pattern.compile("[0-9A-Fa-f]{1,8}");

    private static final String CONTENT_LENGTH = "\r\ncontent-length:";

    /// With what an answer begins, and where the first digit of its status is.
    static final String ANSWER = "HTTP/1.";

    private static final int STATUS = 9;

    /// With what an answer begins after which another protocol follows (RFC 9110, 15.2.2).
    static final String SWITCHING = "HTTP/1.1 101";

    private HttpFraming() {}

    /// Whether a client begins a request.
    static boolean isRequest(Payload sent) {
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

    /// How many request lines there are in a packet that begins with one.
    static int requestLines(Payload sent) {
        return sent.text().split(" HTTP/1\\.", -1).length - 1;
    }

    static boolean isAnswer(Payload said) {
        return said.startsWith(ANSWER);
    }

    /// Whether it is an answer with a status of that hundred.
    static boolean isAnswer(Payload said, int hundred) {
        return isAnswer(said) && said.size() > STATUS && said.at(STATUS) == '0' + hundred;
    }

    /// Whether it is an answer that says that the request is not served.
    static boolean isError(Payload said) {
        return isAnswer(said, 4) || isAnswer(said, 5);
    }

    /// 100 Continue and its like: the answer proper follows.
    static boolean isInterim(Payload said) {
        return isAnswer(said, 1) && !said.startsWith(SWITCHING);
    }

    /// RFC 9112: request lines, header fields, and bodies as long as they say.
    static Framing.Verdict http1(Payload sent, ByteStream server) {
        String text = sent.text();
        int at = 0;
        while (at < text.length()) {
            if (text.startsWith("\r\n", at)) {
                // RFC 9112, 2.2: an empty line before a request is ignored.
                at += 2;
                continue;
            }
            int end = text.indexOf("\r\n\r\n", at);
            int lineEnd = text.indexOf('\n', at);
            String line = text.substring(at, lineEnd < 0 ? text.length() : lineEnd).stripTrailing();
            if (lineEnd >= 0 && !REQUEST_LINE.matcher(line).matches()) {
                return Framing.violation(at, "a line that is no HTTP request line");
            }
            if (lineEnd < 0 && !START_OF_REQUEST_LINE.matcher(line).matches()) {
                return Framing.violation(at, "bytes that are no HTTP request line");
            }
            if (end < 0) {
                return text.length() - at > LONGEST_HEAD
                        ? Framing.violation(at, "an HTTP head of more than 8 KiB, and no end of it")
                        : Framing.UNKNOWN;
            }
            if (end - at > LONGEST_HEAD && server.isEmpty()) {
                return Framing.violation(
                        at, "an HTTP head of more than 8 KiB, which was not answered");
            }
            String head = text.substring(at, end + 2);
            Optional<Framing.Verdict> fields = headerFields(head, at);
            if (fields.isPresent()) {
                return fields.get();
            }
            if (line.startsWith("CONNECT ")) {
                // What follows is a tunnel's.
                return Framing.UNKNOWN;
            }
            if (head.toLowerCase(Locale.ROOT).contains("upgrade: websocket")) {
                return webSocket(sent, end + 4, server.beginning());
            }
            if (server.beginning().startsWith(SWITCHING)) {
                // Another protocol follows.
                return Framing.UNKNOWN;
            }
            Optional<Integer> next = bodyEnd(text, head, end + 4);
            if (next.isEmpty()) {
                return Framing.violation(end + 4, "a chunk size that is no number");
            }
            if (next.get() > text.length()) {
                return Framing.UNKNOWN;
            }
            at = next.get();
        }
        return new Framing.Verdict.WellFormed("HTTP");
    }

    /// Whether a client has begun an HTTP request and not come to the end of its head: the server
    /// has read it, and waits.
    static boolean isUnfinishedRequest(ByteStream sent) {
        return sent.isWhole() && isRequest(sent.beginning()) && !sent.bytes().contains("\r\n\r\n");
    }

    /// What follows a request to switch to WebSocket, if the server does.
    private static Framing.Verdict webSocket(Payload sent, int from, Payload server) {
        String answer = server.text();
        int end = answer.indexOf("\r\n\r\n");
        String head = answer.substring(0, Math.max(0, end)).toLowerCase(Locale.ROOT);
        if (!WebSocketFraming.isAccepted(head)) {
            return Framing.UNKNOWN;
        }
        return WebSocketFraming.violation(
                        sent, from, true, head.contains("sec-websocket-extensions:"))
                .orElse(new Framing.Verdict.WellFormed("WebSocket"));
    }

    static Optional<Framing.Verdict> headerFields(String head, int offset) {
        int at = head.indexOf("\r\n") + 2;
        boolean length = false;
        boolean chunked = false;
        while (at > 1 && at < head.length()) {
            int end = head.indexOf("\r\n", at);
            String field = head.substring(at, end < 0 ? head.length() : end);
            boolean broken = field.indexOf('\0') >= 0 || field.indexOf('\n') >= 0;
            if (broken || !FIELD.matcher(field).matches()) {
                return Optional.of(
                        Framing.violation(offset + at, "a line that is no HTTP header field"));
            }
            String name = field.substring(0, field.indexOf(':')).toLowerCase(Locale.ROOT);
            String value = field.substring(field.indexOf(':') + 1).strip();
            if (name.equals("content-length")) {
                if (!LENGTH.matcher(value).matches() || length) {
                    return Optional.of(
                            Framing.violation(
                                    offset + at, "a Content-Length that is no single number"));
                }
                length = true;
            }
            chunked |= name.equals("transfer-encoding");
            if (length && chunked) {
                return Optional.of(
                        Framing.violation(
                                offset + at, "both Content-Length and Transfer-Encoding"));
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
        return LENGTH.matcher(number).matches()
                ? OptionalLong.of(Long.parseLong(number))
                : OptionalLong.empty();
    }

    /// Whether a head says that its message is the last of the connection (RFC 9112, 9.3 and 9.6).
    ///
    /// @param head in lower case
    static boolean endsConnection(String head) {
        int field = head.indexOf("\r\nconnection:");
        String line = head.substring(field < 0 ? 0 : field + 2).lines().findFirst().orElse("");
        return field < 0
                ? line.startsWith("http/1.0 ") || line.endsWith(" http/1.0")
                : line.contains("close");
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
            String size = text.substring(at, end).split(";", 2)[0].strip();
            if (!CHUNK_SIZE.matcher(size).matches()) {
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
    static Framing.Verdict http2(Payload sent, Payload server) {
        long most = mostInFrame(server);
        int at = 24;
        while (at + 9 <= sent.size()) {
            int length = sent.at(at) << 16 | sent.at(at + 1) << 8 | sent.at(at + 2);
            if (length > most) {
                return Framing.violation(at, "an HTTP/2 frame of " + length + " bytes");
            }
            at += 9 + length;
        }
        return new Framing.Verdict.WellFormed("HTTP/2");
    }

    /// Whether all that was sent are frames about the connection, which carry nothing of an
    /// exchange: SETTINGS, PING, GOAWAY and WINDOW_UPDATE (RFC 9113, 6).
    static boolean isControl(Payload sent) {
        int at = 0;
        while (at + 9 <= sent.size()) {
            int length = sent.at(at) << 16 | sent.at(at + 1) << 8 | sent.at(at + 2);
            boolean control =
                    switch (sent.at(at + 3)) {
                        case 4 -> length % 6 == 0;
                        case 6 -> length == 8;
                        case 7 -> length >= 8;
                        case 8 -> length == 4;
                        default -> false;
                    };
            if (!control || sent.at(at + 5) > 127) {
                return false;
            }
            at += 9 + length;
        }
        return at > 0 && at == sent.size();
    }

    /// Whether a server begins as RFC 9113, 3.4 says: a SETTINGS frame of the connection.
    static boolean beginsHttp2(Payload server) {
        return server.size() >= 9
                && server.at(0) == 0
                && server.at(2) % 6 == 0
                && server.at(3) == 4
                && server.at(4) == 0
                && server.uint32(5) == 0;
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
                most = server.uint32(at + 2);
            }
        }
        return most;
    }
}
