package dev.unreset.capture;

import static dev.unreset.capture.Reports.last;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Sender;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The first byte that breaks a protocol, in what the client sent or the server.
class FramingTest {

    private static final String UPGRADE =
            "GET /chat HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
    private static final String SWITCHED =
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";

    // ---- WebSocket

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "810548656c6c6f | a WebSocket frame that is not masked at byte 64 of what the client sent",
                "838100000000 | a WebSocket frame with opcode 3 at byte 63 of what the client sent",
                "c181000000000a | a WebSocket frame with reserved bits at byte 63 of what the client sent",
                "098000000000 | a WebSocket control frame that is long or in parts at byte 63 of what the client sent",
                "81810000000041 81810000000041 810141 | a WebSocket frame that is not masked at byte 78 of what the client sent"
            })
    void aFrameThatTheServerDoesNotTake(String frames, String fact) throws Exception {
        assertThat(facts(webSocket(text(frames)))).contains(fact);
    }

    @Test
    void framesAsTheyShouldBeSpeakAgainstAViolation() throws Exception {
        String frames = text("818100000000418980000000008881000000000a");

        assertThat(facts(webSocket(frames)))
                .contains("what the client sent is well-formed WebSocket");
    }

    private static TestCapture webSocket(String frames) {
        int asked = 1 + UPGRADE.length();
        int switched = 1 + SWITCHED.length();
        return new TestCapture(8000)
                .handshake()
                .client("PA", 1, 1, UPGRADE)
                .after(0.02)
                .server("PA", 1, asked, SWITCHED)
                .client("PA", asked, switched, frames)
                .after(0.02)
                .server("A", switched, asked + frames.length(), "")
                .server("RA", switched, asked + frames.length(), "");
    }

    private static String text(String hex) {
        StringBuilder text = new StringBuilder();
        String digits = hex.replace(" ", "");
        for (int i = 0; i < digits.length(); i += 2) {
            text.append((char) Integer.parseInt(digits.substring(i, i + 2), 16));
        }
        return text.toString();
    }

    /// RFC 9112, 2.2.
    @Test
    void anEmptyLineBetweenRequestsIsNoViolation() throws Exception {
        String get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

        assertThat(facts(aborted(new TestCapture(8000).handshake(), 1, get + "\r\n" + get)))
                .contains("what the client sent is well-formed HTTP");
    }

    // ---- protocols that are told by their beginning, whatever the port

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "414d515000000901 0900000000 000000ce | what should be an AMQP frame is none at byte 8",
                "100c00044d5154540402003c0000 100c00044d5154540402003c0000 | a second CONNECT at byte 14",
                "101000064d51497364700302003c00026162 00 00 | packet type 0 at byte 18",
                "000000090003000000 01 00000005 | message type 0x01 at byte 9",
                "2a310d0a24340d0a50494e470d0a2a780d0a | an array length that is no number at byte 14",
                "0000000a0012000000000001ffff 7fffffff00000000 | a request that claims 2147483647 bytes at byte 14",
                "505249202a20485454502f322e300d0a0d0a534d0d0a0d0a 7fffff0400 00000000 | an HTTP/2 frame of 8388607 bytes at byte 24"
            })
    void aBrokenMessageOnAPortOfItsOwn(String sent, String fact) throws Exception {
        assertThat(facts(aborted(new TestCapture(9104).handshake(), 1, text(sent))))
                .contains(fact + " of what the client sent");
    }

    @Test
    void aServerThatGreetsAsMySqlOnAPortOfItsOwn() throws Exception {
        String greeting = text("200000000a") + "8.0.36\0" + "x".repeat(24);
        TestCapture capture = new TestCapture(9104).handshake().server("PA", 1, 1, greeting);

        assertThat(facts(aborted(capture, 1 + greeting.length(), text("2000000901000000"))))
                .contains(
                        "a first packet of 32 bytes with number 9 at byte 0 of what the client sent");
    }

    /// gRPC without TLS.
    @Test
    void http2OnAPortForHttpIsNoViolation() throws Exception {
        String preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + text("000000040000000000");

        assertThat(facts(aborted(new TestCapture(8080).handshake(), 1, preface)))
                .contains("what the client sent is well-formed HTTP/2");
    }

    /// What is sent after `serverNumber` is acknowledged, and the server resets.
    private static TestCapture aborted(TestCapture capture, int serverNumber, String sent) {
        return capture.client("PA", 1, serverNumber, sent)
                .after(0.02)
                .server("A", serverNumber, 1 + sent.length(), "")
                .server("RA", serverNumber, 1 + sent.length(), "");
    }

    // ---- what the server sent

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "80 | HTTP/1.1 200 OK~Content-Length: many~~ | a Content-Length that is no single number at byte 17",
                "80 | HTTP/1.1 200 OK~Transfer-Encoding: chunked~~2~ok~x~ | a chunk size that is no number at byte 47",
                "80 | HTTP/1.1 200 OK~Content-Length: 2~~okHTTP/2 500~~ | a line that is no HTTP status line at byte 40",
                "80 | HTTP/1.1 200 OK~bad header~~ | a line that is no HTTP header field at byte 17",
                "6379 | +OK~what?~ | a reply of no type that Redis has at byte 5",
                "6379 | $many~ | a bulk length that is no number at byte 0"
            })
    void anAnswerThatMakesTheClientReset(int port, String answer, String what) throws Exception {
        Diagnosis diagnosis = diagnosis(answered(port, answer.replace("~", "\r\n")));

        assertThat(diagnosis.sender()).isEqualTo(Sender.CLIENT);
        assertThat(diagnosis.leading().map(Diagnosis.RankedCause::cause))
                .contains(Cause.PROTOCOL_VIOLATION);
        assertThat(diagnosis.evidence())
                .anySatisfy(evidence ->
                        assertThat(evidence.fact()).isEqualTo(what + " of what the server sent"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "80 | HTTP/1.1 100 Continue~~HTTP/1.1 200 OK~Content-Length: 90~~ok",
                "80 | HTTP/1.1 200 OK~X-City: \u00c3\u0085rsta~Content-Length: 90~~ok",
                "80 | HTTP/1.1 200 OK~~anything until the end~",
                "6379 | *2~$2~ok~:1~$-1~+OK~$90~begun",
                "1883 | \u00f0\u0002\u0018\u0000"
            })
    void anAnswerThatKeepsItsProtocolIsNoReason(int port, String answer) throws Exception {
        String said = answer.replace("~", "\r\n");
        Diagnosis diagnosis =
                diagnosis(answered(port, said).server("PA", 1 + said.length(), 19, "more"));

        assertThat(diagnosis.leading().map(Diagnosis.RankedCause::cause))
                .contains(Cause.CLIENT_ABORT);
    }

    /// What a port is for matters less than what a client begins with.
    @ParameterizedTest
    @ValueSource(ints = {1883, 5672, 6379})
    void http2OnAPortForSomethingElse(int port) throws Exception {
        String preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + text("000000040000000000");
        String settings = text("000000040000000000000000040100000000");
        int sent = 1 + preface.length();
        TestCapture capture =
                new TestCapture(port)
                        .handshake()
                        .client("PA", 1, 1, preface)
                        .after(0.01)
                        .server("PA", 1, sent, settings)
                        .after(0.1)
                        .client("RA", sent, 1 + settings.length(), "");

        assertThat(reports(capture)).isEmpty();
    }

    /// The capture begins in the middle of a value.
    @ParameterizedTest
    @ValueSource(ints = {6379, 6380})
    void anAnswerThatBeganBeforeTheCapture(int port) throws Exception {
        TestCapture capture =
                new TestCapture(port)
                        .client("A", 1, 1, "")
                        .server("PA", 1, 1, "the rest of a value\r\n")
                        .client("PA", 1, 22, "*1\r\n$4\r\nPING\r\n")
                        .after(0.01)
                        .server("PA", 22, 15, "+PONG\r\n")
                        .after(0.1)
                        .client("RA", 15, 29, "");

        assertThat(reports(capture)).isEmpty();
    }

    /// What follows an upgrade is none of HTTP's answers.
    @Test
    void framesAfterAnUpgradeAreNoBrokenAnswer() throws Exception {
        String get = "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n";
        String answer =
                "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n"
                        + text("000000040000000000");
        TestCapture capture =
                new TestCapture(8000)
                        .handshake()
                        .client("PA", 1, 1, get)
                        .after(0.01)
                        .server("PA", 1, 1 + get.length(), answer)
                        .after(0.1)
                        .client("RA", 1 + get.length(), 1 + answer.length(), "");

        assertThat(reports(capture)).isEmpty();
    }

    private static TestCapture answered(int port, String answer) {
        String get = port == 80 ? "GET / HTTP/1.1\r\n\r\n" : "MGET a b c d e f\r\n";
        return new TestCapture(port)
                .handshake()
                .client("PA", 1, 1, get)
                .after(0.02)
                .server("PA", 1, 1 + get.length(), answer)
                .client("RA", 1 + get.length(), 1 + answer.length(), "");
    }

    private static List<String> facts(TestCapture capture) throws Exception {
        return diagnosis(capture).evidence().stream().map(evidence -> evidence.fact()).toList();
    }

    private static List<ConnectionReport> reports(TestCapture capture) throws Exception {
        return read(capture).connections();
    }

    private static Diagnosis diagnosis(TestCapture capture) throws Exception {
        assertThat(reports(capture)).hasSize(1);
        return last(capture);
    }
}
