package dev.unreset.capture;

import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.last;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Databases and brokers say by a code why they end a connection; the capture has cut off the text
/// behind it.
class ErrorCodesTest {

    @ParameterizedTest(name = "MySQL {0}")
    @CsvSource({
        "1040, CONNECTION_LIMIT",
        "1053, SERVER_RESTART",
        "1153, PROTOCOL_VIOLATION",
        "4031, IDLE_TIMEOUT"
    })
    void anErrorOfMySql(int code, Cause expected) throws Exception {
        TestCapture capture = mySql(packet(2, "\u00ff" + word(code) + "#08S01" + "x".repeat(60)));

        assertThat(last(capture.cutTo(20 + 20 + 12)).evidence())
                .anyMatch(each -> each.fact().equals("the server gave error " + code));
        assertThat(cause(last(capture.cutTo(20 + 20 + 12)))).contains(expected);
    }

    /// A row that holds such a byte, a code that says nothing, and a length that is another.
    @Test
    void whatIsNoSuchErrorOfMySql() throws Exception {
        for (String answer :
                new String[] {
                    packet(2, "a\u00ff" + word(1153) + "x".repeat(60)),
                    packet(2, "\u00ff" + word(1064) + "x".repeat(60)),
                    "\u0001" + packet(2, "\u00ff" + word(1153) + "x".repeat(60)).substring(1)
                }) {
            assertThat(last(mySql(answer).cutTo(20 + 20 + 12)).evidence())
                    .noneMatch(each -> each.fact().contains("gave error"));
        }
    }

    private static TestCapture mySql(String answer) {
        String greeting = packet(0, "\n8.0.33\u0000" + "x".repeat(70));
        String login = packet(1, "x".repeat(30));
        String query = packet(0, "\u0003select 1");
        int said = 1 + greeting.length();
        int asked = 1 + login.length() + query.length();
        TestCapture capture = new TestCapture(3306).handshake().server("PA", 1, 1, greeting);
        capture.client("PA", 1, said, login + query).after(0.001);
        capture.server("PA", said, asked, answer).server("FA", said + answer.length(), asked, "");
        capture.after(0.3).client("PA", asked, said + answer.length() + 1, query);
        return capture.after(0.02).serverPassive("R", said + answer.length() + 1, 0);
    }

    private static String packet(int number, String body) {
        return "" + (char) body.length() + "\u0000\u0000" + (char) number + body;
    }

    private static String word(int code) {
        return "" + (char) (code & 255) + (char) (code >> 8);
    }

    @ParameterizedTest(name = "PostgreSQL {0}")
    @CsvSource({"53300, CONNECTION_LIMIT", "57P01, SERVER_RESTART", "57P05, IDLE_TIMEOUT"})
    void anErrorOfPostgreSql(String code, Cause expected) throws Exception {
        assertThat(cause(last(postgreSql(code).cutTo(20 + 20 + 30)))).contains(expected);
        assertThat(read(postgreSql(code).cutTo(20 + 20 + 30)).connections().getFirst().diagnosis())
                .get()
                .matches(each ->
                        each.evidence().stream()
                                .anyMatch(fact ->
                                        fact.fact().equals("the server gave error " + code)));
    }

    /// PgBouncer gives this one for whatever it says.
    @Test
    void aCodeForEverythingSaysNothing() throws Exception {
        assertThat(last(postgreSql("08P01").cutTo(20 + 20 + 30)).evidence())
                .noneMatch(each -> each.fact().contains("gave error"));
    }

    private static TestCapture postgreSql(String code) {
        String error =
                "E\u0000\u0000\u0000dSFATAL\u0000VFATAL\u0000C" + code + "\u0000M" + "x".repeat(70);
        int said = 1 + error.length();
        TestCapture capture = new TestCapture(5432).handshake();
        capture.client("PA", 1, 1, "\u0000\u0000\u0000\b\u0000\u0003\u0000\u0000").after(0.2);
        capture.server("PA", 1, 9, error).client("A", 9, said, "");
        capture.server("FA", said, 9, "").after(0.3);
        return capture.client("PA", 9, said + 1, "Q\u0000\u0000\u0000\u0005x")
                .after(0.02)
                .serverPassive("R", said + 1, 0);
    }

    @ParameterizedTest(name = "MQTT {0}")
    @CsvSource({
        "CONNACK, 0x97, CONNECTION_LIMIT",
        "CONNACK, 0x9f, RATE_LIMIT",
        "DISCONNECT, 0x8b, SERVER_RESTART",
        "DISCONNECT, 0x8d, IDLE_TIMEOUT",
        "DISCONNECT, 0x95, PROTOCOL_VIOLATION"
    })
    void aCodeOfMqtt(String packet, String code, Cause expected) throws Exception {
        char byCode = (char) (int) Integer.decode(code);
        String said =
                packet.equals("CONNACK")
                        ? " \u0003\u0000" + byCode + "\u0000"
                        : "\u00e0\u0002" + byCode + "\u0000";

        assertThat(last(mqtt(said)).evidence())
                .anyMatch(each -> each.fact().equals("the server gave error " + code));
        assertThat(cause(last(mqtt(said)))).contains(expected);
    }

    /// It is about silence, however long the client had spoken before.
    @Test
    void aMissedKeepAliveIsNoLimitOfAnUpload() throws Exception {
        String connect = "\u0010\r\u0000\u0004MQTT\u0005\u0002\u0000<\u0000\u0001a";
        String accepted = " \u0003\u0000\u0000\u0000";
        TestCapture capture = new TestCapture(1883).handshake().client("PA", 1, 1, connect);
        int at = 1 + connect.length();
        capture.after(0.01).server("PA", 1, at, accepted).client("A", at, 6, "");
        for (int i = 0; i < 20; i++, at += 6) {
            capture.after(50).client("PA", at, 6, "0\u0004\u0000\u0001ax").after(0.01);
            capture.server("A", 6, at + 6, "");
        }
        capture.after(90).server("PA", 6, at, "\u00e0\u0002\u008d\u0000").after(0.01);

        assertThat(last(capture.server("RA", 10, at, "")).evidence())
                .noneMatch(each -> each.fact().contains("while the client was sending"));
    }

    /// Accepted; a code of 3.1.1 that leaves it open; a length that is another.
    @Test
    void whatIsNoSuchCodeOfMqtt() throws Exception {
        for (String said :
                new String[] {
                    " \u0002\u0000\u0000", " \u0002\u0000\u0003", " \t\u0000\u0097\u0000"
                }) {
            assertThat(last(mqtt(said)).evidence())
                    .noneMatch(each -> each.fact().contains("gave error"));
        }
    }

    private static TestCapture mqtt(String said) {
        String connect = "\u0010\r\u0000\u0004MQTT\u0005\u0002\u0000<\u0000\u0001a";
        int asked = 1 + connect.length();
        TestCapture capture = new TestCapture(1883).handshake().client("PA", 1, 1, connect);
        capture.after(0.03).server("PA", 1, asked, said).client("A", asked, 1 + said.length(), "");
        return capture.after(0.05).server("RA", 1 + said.length(), asked, "");
    }
}
