package dev.unreset.capture;

import java.util.HexFormat;
import java.util.Optional;

/// Whether what a client sent keeps to its protocol: the first byte that breaks it.
///
/// Whatever is wanted on a port for TLS is TLS, unless the server agrees to something else.
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
        Payload begin = stream.beginning();
        ByteStream server = connection.serverBytes();
        boolean tls = isTls(begin);
        boolean serverAgrees = agrees(server.beginning(), tls);
        if (!tls && isForTls(connection.server().port()) && !serverAgrees) {
            return notTls(begin);
        }
        Protocol protocol = Protocol.of(connection);
        if (protocol == Protocol.OTHER) {
            return UNKNOWN;
        }
        Payload sent = stream.bytes();
        return switch (protocol) {
            case TLS -> MessageFraming.tlsRecords(sent);
            case HTTP1 ->
                    tls
                            ? violation(0, "a TLS record on a port for plain HTTP")
                            : HttpFraming.http1(sent, server);
            case HTTP2 -> HttpFraming.http2(sent, server.beginning());
            case REDIS -> MessageFraming.redis(sent, stream.isWhole());
            case POSTGRESQL -> MessageFraming.postgres(sent);
            case MYSQL -> MessageFraming.mysql(sent);
            case MQTT -> MessageFraming.mqtt(sent);
            case AMQP -> MessageFraming.amqp(sent);
            case KAFKA -> MessageFraming.kafka(sent);
            case OTHER -> UNKNOWN;
        };
    }

    /// Whether a server speaks TLS as its client does, or neither does and it does not complain:
    /// whatever the port is for.
    private static boolean agrees(Payload server, boolean clientTls) {
        return server.size() >= TELLS_PROTOCOL
                && isTls(server) == clientTls
                && !HttpFraming.isError(server);
    }

    private static boolean isForTls(int port) {
        return switch (port) {
            case 443, 465, 636, 853, 993, 995, 5671, 8443, 8883, 9443 -> true;
            default -> false;
        };
    }

    private static Verdict notTls(Payload sent) {
        return violation(
                0,
                HttpFraming.isRequest(sent)
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

    /// Whether a proxy says first whom it speaks for: the PROXY protocol of HAProxy
    /// (proxy-protocol.txt, 2.1 and 2.2).
    static boolean isProxied(Payload sent) {
        return sent.startsWith("PROXY ") || sent.startsWith("\r\n\r\n\0\r\nQUIT\n");
    }

    /// Whether something stands before a hello of TLS, or it is one of SSL 2 (RFC 5246, E.2), which
    /// a server of TLS understands.
    static boolean hasPreamble(Payload sent) {
        boolean ssl2 =
                sent.size() > 4 && sent.at(0) >> 7 == 1 && sent.at(2) == 1 && sent.at(3) == 3;
        return ssl2 || isProxied(sent);
    }
}
