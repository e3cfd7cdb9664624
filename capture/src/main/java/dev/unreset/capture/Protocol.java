package dev.unreset.capture;

import java.util.Optional;

/// The protocol of a connection, as far as its first bytes or its server's port tell.
enum Protocol {
    TLS,
    HTTP1,
    HTTP2,
    REDIS,
    POSTGRESQL,
    MYSQL,
    MQTT,
    AMQP,
    KAFKA,
    OTHER;

    static final String HTTP2_PREFACE = "PRI * HTTP/2.0\r\n";

    // PostgreSQL's first messages (protocol documentation, "Message Formats"): versions 3.0 and
    // 3.2, and requests for encryption.
    private static final long POSTGRESQL_3_0 = 3 << 16;
    private static final long POSTGRESQL_3_2 = POSTGRESQL_3_0 + 2;
    static final long SSL_REQUEST = 80877103;
    static final long GSS_REQUEST = 80877104;

    /// What both sides speak, TLS or HTTP, or HTTP/2 by its preface; else what the port is for;
    /// else what the first bytes tell for sure.
    static Protocol of(Connection connection) {
        Payload client = connection.clientBytes().beginning();
        Payload server = connection.serverBytes().beginning();
        if (Framing.isTls(client) && Framing.isTls(server)) {
            return TLS;
        }
        if (HttpFraming.isRequest(client) && HttpFraming.isAnswer(server)) {
            return HTTP1;
        }
        if (client.startsWith(HTTP2_PREFACE)) {
            return HTTP2;
        }
        return switch (connection.server().port()) {
            case 80, 8000, 8080, 8888 -> HTTP1;
            case 6379 -> REDIS;
            case 5432 -> POSTGRESQL;
            case 3306 -> MYSQL;
            case 1883 -> MQTT;
            case 5672 -> AMQP;
            case 9092 -> KAFKA;
            default -> of(client, server);
        };
    }

    private static Protocol of(Payload client, Payload server) {
        if (Framing.isTls(client)) {
            return TLS;
        }
        if (HttpFraming.isRequest(client)) {
            return HTTP1;
        }
        if (client.startsWith("AMQP")) {
            return AMQP;
        }
        if (greetsAsMySql(server)) {
            return MYSQL;
        }
        if (isCommandOfRedis(client)) {
            return REDIS;
        }
        if (isConnectOfMqtt(client)) {
            return MQTT;
        }
        if (isStartOfPostgreSql(client)) {
            return POSTGRESQL;
        }
        return asksKafkaForVersions(client) ? KAFKA : OTHER;
    }

    /// Packet 0 of less than 256 bytes, protocol version 10, and the server's version in digits.
    static boolean greetsAsMySql(Payload server) {
        return server.size() > 5
                && server.at(1) == 0
                && server.at(2) == 0
                && server.at(3) == 0
                && server.at(4) == 10
                && Character.isDigit(server.at(5));
    }

    /// An array whose first element is a string.
    private static boolean isCommandOfRedis(Payload client) {
        return client.startsWith("*")
                && client.text().matches("(?s)\\*\\d{1,7}\r\n\\$\\d{1,9}\r\n.*");
    }

    /// CONNECT names the protocol after a length of one or two bytes: MQIsdp in version 3.1.
    static boolean isConnectOfMqtt(Payload client) {
        return client.size() > 8
                && client.at(0) == 0x10
                && client.text().matches("(?s)..{1,2}\0(\4MQTT|\6MQIsdp).*");
    }

    private static boolean isStartOfPostgreSql(Payload client) {
        if (client.size() < 8 || client.at(0) != 0) {
            return false;
        }
        long code = client.uint32(4);
        return code == SSL_REQUEST
                || code == GSS_REQUEST
                || code == POSTGRESQL_3_0
                || code == POSTGRESQL_3_2;
    }

    /// Clients begin with key 18: length, key, version, correlation, and the client's name, with
    /// which it ends in versions 0 to 2 (protocol guide, "Request Header v1", "ApiVersions").
    private static boolean asksKafkaForVersions(Payload client) {
        if (client.size() < 14 || client.uint32(4) >>> 16 != 18) {
            return false;
        }
        long version = client.uint32(4) & 0xffff;
        int name = (short) (client.at(12) << 8 | client.at(13));
        long end = 10L + Math.max(0, name);
        return name >= -1
                && version <= 4
                && (version <= 2 ? client.uint32(0) == end : client.uint32(0) > end);
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
        return greetsAsMySql(server) ? Optional.of("MySQL") : Optional.empty();
    }
}
