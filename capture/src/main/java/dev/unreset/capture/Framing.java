package dev.unreset.capture;

import java.util.HexFormat;
import java.util.Optional;

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

    static final Verdict UNKNOWN = new Verdict.Unknown();

    /// Fewer bytes do not tell which protocol it is.
    static final int TELLS_PROTOCOL = 3;

    /// Where an answer of HTTP has the first digit of its status.
    static final int STATUS = 9;

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
            return MessageFraming.tlsRecords(sent);
        }
        return switch (port) {
            case 80, 8000, 8080, 8888 ->
                    tls
                            ? violation(0, "a TLS record on a port for plain HTTP")
                            : HttpFraming.http1(sent, connection.serverBytes());
            case 6379 -> MessageFraming.redis(sent, whole);
            case 5432 -> MessageFraming.postgres(sent);
            case 3306 -> MessageFraming.mysql(sent);
            case 1883 -> MessageFraming.mqtt(sent);
            case 5672 -> MessageFraming.amqp(sent);
            case 9092 -> MessageFraming.kafka(sent);
            default -> byContent(sent, connection.serverBytes(), tls, http);
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

    private static Verdict byContent(Payload sent, ByteStream server, boolean tls, boolean http) {
        if (tls) {
            return MessageFraming.tlsRecords(sent);
        }
        if (sent.startsWith("PRI * HTTP/2.0\r\n")) {
            return HttpFraming.http2(sent, server.beginning());
        }
        return http ? HttpFraming.http1(sent, server) : UNKNOWN;
    }

    private static Verdict notTls(Payload sent, boolean http) {
        return violation(
                0,
                http
                        ? "plain HTTP on a port for TLS"
                        : "no TLS record (first byte 0x" + hex(sent.at(0)) + ") on a port for TLS");
    }

    static String hex(int unsignedByte) {
        return HexFormat.of().toHexDigits((byte) unsignedByte);
    }

    static Verdict violation(int offset, String what) {
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
}
