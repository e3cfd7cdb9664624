package dev.unreset.capture;

import dev.unreset.Cause;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The codes by which databases and brokers say why they end a connection: they stand before the
/// text, which a capture may have cut off.
final class ErrorCodes {

    /// MySQL 8.0 Error Message Reference; MariaDB has the same.
    private static final Map<Integer, Cause> MYSQL =
            Map.of(
                    1040, Cause.CONNECTION_LIMIT,
                    1203, Cause.CONNECTION_LIMIT,
                    1053, Cause.SERVER_RESTART,
                    1043, Cause.PROTOCOL_VIOLATION,
                    1153, Cause.PROTOCOL_VIOLATION,
                    1156, Cause.PROTOCOL_VIOLATION,
                    1835, Cause.PROTOCOL_VIOLATION,
                    1159, Cause.IDLE_TIMEOUT,
                    4031, Cause.IDLE_TIMEOUT);

    /// PostgreSQL 17 Documentation, Appendix A; without 08P01, by which PgBouncer says everything.
    private static final Map<String, Cause> POSTGRESQL =
            Map.of(
                    "53300", Cause.CONNECTION_LIMIT,
                    "57P01", Cause.SERVER_RESTART,
                    "57P02", Cause.SERVER_RESTART,
                    "57P03", Cause.SERVER_RESTART,
                    "57P05", Cause.IDLE_TIMEOUT,
                    "25P03", Cause.IDLE_TIMEOUT,
                    "25P04", Cause.IDLE_TIMEOUT);

    /// The severity, once or twice, and the code (ErrorResponse, PostgreSQL 17 Documentation,
    /// 53.8).
    private static final Pattern SQLSTATE =
            Pattern.compile(
                    "\\AE.{4}S[A-Z]+\\x00(?:V[A-Z]+\\x00)?C([0-9A-Z]{5})\\x00", Pattern.DOTALL);

    private static final int QUOTA = 0x97;

    /// MQTT 5.0, 3.2.2.2 and 3.14.2.1: of CONNACK and DISCONNECT, some brokers send them to clients
    /// of 3.1.1 too.
    private static final Map<Integer, Cause> MQTT =
            Map.ofEntries(
                    Map.entry(0x81, Cause.PROTOCOL_VIOLATION),
                    Map.entry(0x82, Cause.PROTOCOL_VIOLATION),
                    Map.entry(0x84, Cause.PROTOCOL_VIOLATION),
                    Map.entry(0x89, Cause.CONNECTION_LIMIT),
                    Map.entry(0x8b, Cause.SERVER_RESTART),
                    Map.entry(0x8d, Cause.IDLE_TIMEOUT),
                    Map.entry(0x93, Cause.PROTOCOL_VIOLATION),
                    Map.entry(0x95, Cause.PROTOCOL_VIOLATION),
                    Map.entry(0x96, Cause.RATE_LIMIT),
                    Map.entry(QUOTA, Cause.CONNECTION_LIMIT),
                    Map.entry(0x9f, Cause.RATE_LIMIT));

    private static final int WEIGHT = 32;

    private ErrorCodes() {}

    /// What the code in `last` means, the last packet that the server of `connection` sent.
    static Optional<LastWords.Meaning> of(Connection connection, Packet last) {
        Payload said = last.payload();
        if (isMySql(connection)) {
            return ofMySql(said, last.length());
        }
        return Protocol.isConnectOfMqtt(connection.clientBytes().beginning())
                ? ofMqtt(said)
                : ofPostgreSql(said);
    }

    /// CONNACK (0x20): length of the rest, flags, code. DISCONNECT (0xe0): length, code.
    private static Optional<LastWords.Meaning> ofMqtt(Payload said) {
        boolean whole = said.size() >= 3 && said.at(1) == said.size() - 2;
        int code =
                switch (whole ? said.at(0) : 0) {
                    case 0x20 -> said.size() > 3 ? said.at(3) : 0;
                    // In the middle of a session, a quota is one of messages or bytes.
                    case 0xe0 -> said.at(2) == QUOTA ? 0 : said.at(2);
                    default -> 0;
                };
        return Optional.ofNullable(MQTT.get(code))
                .map(cause -> meaning("0x" + Integer.toHexString(code), cause));
    }

    private static boolean isMySql(Connection connection) {
        return Protocol.greeting(connection.serverBytes().beginning())
                .filter("MySQL"::equals)
                .isPresent();
    }

    /// An ERR packet: length of the rest (3 bytes, low first), number, 0xff, code (2 bytes, low
    /// first).
    private static Optional<LastWords.Meaning> ofMySql(Payload said, int length) {
        boolean error =
                said.size() >= 7
                        && said.at(4) == 0xff
                        && (said.at(0) | said.at(1) << 8 | said.at(2) << 16) == length - 4;
        return error ? meaning(said.at(5) | said.at(6) << 8) : Optional.empty();
    }

    private static Optional<LastWords.Meaning> meaning(int code) {
        return Optional.ofNullable(MYSQL.get(code)).map(cause -> meaning("" + code, cause));
    }

    private static Optional<LastWords.Meaning> ofPostgreSql(Payload said) {
        if (!said.startsWith("E")) {
            return Optional.empty();
        }
        Matcher code = SQLSTATE.matcher(said.text());
        return code.find()
                ? Optional.ofNullable(POSTGRESQL.get(code.group(1)))
                        .map(cause -> meaning(code.group(1), cause))
                : Optional.empty();
    }

    private static LastWords.Meaning meaning(String code, Cause cause) {
        return new LastWords.Meaning("the server gave error " + code, cause, WEIGHT);
    }
}
