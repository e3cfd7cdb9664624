package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.closedWell;
import static dev.unreset.capture.Conversations.record;
import static dev.unreset.capture.Reports.assertClosed;
import static dev.unreset.capture.Reports.assertEnded;
import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Sender;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Which RSTs only clear away a connection that was over, and which ended one.
class ClosingTest {

    @TempDir private Path folder;

    private static TestCapture asked(int port) {
        return new TestCapture(port)
                .handshake()
                .client("PA", 1, 1, GET)
                .after(0.02)
                .server("A", 1, ASKED, "");
    }

    private static TestCapture answered(int port, String answer) {
        return asked(port)
                .server("PA", 1, ASKED, answer)
                .client("A", ASKED, 1 + answer.length(), "");
    }

    // ---- a RST as a way to close

    @Test
    void aClientThatResetsWithItsWholeAnswer() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

        assertClosed(answered(80, answer).client("RA", ASKED, 1 + answer.length(), ""));
    }

    /// A scan of ports, or `nc -z`: the greeting comes to somebody who is gone.
    @Test
    void aClientThatClosesAtOnceAndDoesNotWaitForTheGreeting() throws Exception {
        assertClosed(
                new TestCapture(22)
                        .handshake()
                        .client("FA", 1, 1, "")
                        .after(0.02)
                        .server("PA", 1, 2, "SSH-2.0-OpenSSH_9.2\r\n")
                        .clientPassive("R", 2, 0));
    }

    /// One that had waited, and gave up.
    @Test
    void aClientThatClosesBeforeTheGreetingThatIsLate() throws Exception {
        assertEnded(
                new TestCapture(22)
                        .handshake()
                        .after(0.5)
                        .client("FA", 1, 1, "")
                        .after(0.02)
                        .server("PA", 1, 2, "SSH-2.0-OpenSSH_9.2\r\n")
                        .clientPassive("R", 2, 0),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    /// Seen at the server: what it had sent is on its way, behind many acknowledgements.
    @Test
    void aClientThatResetsWhatIsOnItsWay() throws Exception {
        TestCapture capture =
                new TestCapture(9000)
                        .handshake()
                        .client("PA", 1, 1, "select")
                        .after(0.01)
                        .server("PA", 1, 7, "x".repeat(100));
        int at = 101;
        for (int i = 0; i < 200; i++, at += 1000) {
            capture.server("A", at, 7, "x".repeat(1000));
        }
        capture.after(0.1);
        for (int i = 1; i <= 100; i++) {
            capture.client("A", 7, 101 + i * 1000, "");
        }

        assertEnded(
                capture.client("RA", 7, 110_101, "").clientPassive("R", 7, 0),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    @Test
    void aClientThatResetsAfterTheLastChunk() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n";

        assertClosed(answered(80, answer).client("RA", ASKED, 1 + answer.length(), ""));
    }

    @Test
    void aClientThatResetsInTheMiddleOfAnAnswer() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";

        assertEnded(
                answered(80, answer).client("RA", ASKED, 1 + answer.length(), ""),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    @Test
    void aClientThatResetsBeforeTheLastChunk() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n";

        assertEnded(
                answered(80, answer).client("RA", ASKED, 1 + answer.length(), ""),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    /// Java's `Socket.close` after `shutdownOutput`, with bytes unread.
    @Test
    void aClientThatClosesAndResetsInTheMiddleOfAnAnswer() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
        int end = 1 + answer.length();

        assertEnded(
                answered(80, answer).client("FA", ASKED, end, "").client("RA", ASKED + 1, end, ""),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    @Test
    void aClientThatClosesAndResetsWithItsWholeAnswer() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        int end = 1 + answer.length();

        assertClosed(
                answered(80, answer).client("FA", ASKED, end, "").client("RA", ASKED + 1, end, ""));
    }

    /// With a trailer, more than one zero, or ends that came in packets of their own.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "2\r\nok\r\n0\r\nDigest: x\r\n\r\n",
                "2\r\nok\r\n0000\r\n\r\n",
                "2\r\nok\r\n0;last\r\n\r\n",
                "2\r\nok\r\n0\r\n|\r\n",
                "2\r\nok\r\n|0\r\n\r|\n"
            })
    void aClientThatClosesAndResetsAfterTheLastChunk(String body) throws Exception {
        String head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        TestCapture capture = answered(80, head);
        int end = 1 + head.length();
        for (String part : body.split("\\|", -1)) {
            capture.server("PA", end, ASKED, part);
            end += part.length();
        }
        capture.client("A", ASKED, end, "");

        assertClosed(capture.client("FA", ASKED, end, "").client("RA", ASKED + 1, end, ""));
    }

    /// The capture lost the end of the answer, which the client acknowledges.
    @Test
    void anAnswerWhoseEndWasNotCapturedIsNotCut() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello";
        int end = 1 + answer.length() + 45;

        assertClosed(
                answered(80, answer).client("FA", ASKED, end, "").client("RA", ASKED + 1, end, ""));
    }

    /// Events: their client ends them.
    @Test
    void aStreamOfEventsEndsWhenItsClientCloses() throws Exception {
        String answer =
                "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n:ok\r\n";
        int end = 1 + answer.length();

        assertClosed(
                answered(80, answer).client("FA", ASKED, end, "").client("RA", ASKED + 1, end, ""));
    }

    /// No protocol that is known, but the client had not read what came.
    @Test
    void aClientThatResetsWithoutRoomForMoreHasNoWholeAnswer() throws Exception {
        String answer = "x".repeat(1000);

        assertEnded(
                answered(9000, answer)
                        .clientFull(ASKED, 1001)
                        .after(0.2)
                        .client("RA", ASKED, 1001, ""),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
        assertClosed(answered(9000, answer).after(0.2).client("RA", ASKED, 1001, ""));
    }

    /// As long as its head says, but the answer to HEAD has no body.
    @Test
    void anAnswerToHeadIsWhole() throws Exception {
        String head = "HEAD / HTTP/1.1\r\n\r\n";
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n";

        assertClosed(
                new TestCapture(80)
                        .handshake()
                        .client("PA", 1, 1, head)
                        .after(0.02)
                        .server("PA", 1, 1 + head.length(), answer)
                        .client("RA", 1 + head.length(), 1 + answer.length(), ""));
    }

    @Test
    void anotherProtocolsShortAnswerIsWhole() throws Exception {
        assertClosed(
                new TestCapture(6379)
                        .handshake()
                        .client("PA", 1, 1, "PING\r\n")
                        .after(0.02)
                        .server("PA", 1, 7, "+PONG\r\n")
                        .client("RA", 7, 8, ""));
    }

    /// A load balancer asks no more than that.
    @Test
    void aHealthCheckThatResetsAfterTheHandshake() throws Exception {
        assertClosed(new TestCapture(80).handshake().client("RA", 1, 1, ""));
    }

    /// The same, where the way was not ready: the SYN was sent again, and so was the answer.
    @Test
    void aHealthCheckWhoseSynWasLost() throws Exception {
        TestCapture capture = new TestCapture(2525).client("S", 0, 0, "").after(1.01);
        capture.client("S", 0, 0, "").server("SA", 0, 1, "").client("A", 1, 1, "");
        capture.after(0.007).server("SA", 0, 1, "").client("A", 1, 1, "");

        assertClosed(capture.client("RA", 1, 1, ""));
    }

    /// nmap -sS: the scanner's kernel does not know the connection.
    @Test
    void aScanThatIsHalfOpen() throws Exception {
        assertClosed(
                new TestCapture(80)
                        .client("S", 0, 0, "")
                        .after(0.001)
                        .server("SA", 0, 1, "")
                        .clientPassive("R", 1, 0));
    }

    /// It waited for a greeting.
    @Test
    void whoResetsAfterSecondsWithoutAWordGaveUp() throws Exception {
        assertEnded(
                new TestCapture(25).handshake().after(30).client("RA", 1, 1, ""),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    /// The answer is in a long record and a short one, each in more than one packet.
    private static TestCapture sealedAnswer(String answer) {
        TestCapture capture = new TestCapture(8443).handshake().client("PA", 1, 1, record(20));
        int sent = 0;
        for (; sent < answer.length(); sent += Math.min(1400, answer.length() - sent)) {
            String part = answer.substring(sent, Math.min(answer.length(), sent + 1400));
            capture.server("PA", 1 + sent, 26, part);
        }
        return capture.client("A", 26, 1 + sent, "").client("RA", 26, 1 + sent, "");
    }

    @Test
    void aClientThatResetsAtTheEndOfTheLastRecord() throws Exception {
        assertClosed(sealedAnswer(record(6000) + record(2000)));
    }

    /// The records of the answer before are no measure for it.
    @Test
    void aSecondAnswerOverTlsIsJudgedAlone() throws Exception {
        String answer = record(2000).substring(0, 1200);
        String rest = record(2000).substring(1200);

        assertClosed(
                new TestCapture(8443)
                        .handshake()
                        .client("PA", 1, 1, record(20))
                        .server("PA", 1, 26, record(100))
                        .client("PA", 26, 106, record(20))
                        .server("A", 106, 51, answer)
                        .server("PA", 1306, 51, rest)
                        .client("A", 51, 2111, "")
                        .client("RA", 51, 2111, ""));
    }

    /// A mail client that takes its leave: LOGOUT, and the answer to it.
    @Test
    void aClientThatResetsAfterTheAnswerToACommandOverTls() throws Exception {
        assertClosed(sealedAnswer(record(40)));
    }

    /// A server whose records are not padded answers in as many bytes as Java's farewell has.
    @Test
    void aClientThatClosedBeforeItsAnswerCameOverTls() throws Exception {
        assertEnded(
                new TestCapture(8443)
                        .handshake()
                        .client("PA", 1, 1, record(20))
                        .after(0.01)
                        .server("PA", 1, 26, record(22))
                        .client("PA", 26, 28, record(300))
                        .client("FA", 331, 28, "")
                        .after(0.01)
                        .server("PA", 28, 332, record(35))
                        .clientPassive("R", 332, 0),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    /// A mail client, 0.15 s away, that grants the answer to its QUIT less than a round trip; one
    /// that waits for more than that wanted an answer, which crosses its end.
    @ParameterizedTest(name = "after {0} s")
    @CsvSource({"0.14, false", "1.0, true"})
    void aClientOfTlsThatWaitsForTheAnswerToItsLastCommand(double waits, boolean aborts)
            throws Exception {
        TestCapture capture = new TestCapture(993).client("S", 0, 0, "").after(0.15);
        capture.server("SA", 0, 1, "").client("A", 1, 1, "").client("PA", 1, 1, record(200));
        capture.after(0.15).server("PA", 1, 206, record(900)).client("PA", 206, 906, record(30));
        capture.after(waits).client("FA", 241, 906, "").after(0.01);
        capture.server("PA", 906, 241, record(45)).clientPassive("R", 242, 0);
        capture.after(0.02).server("FA", 956, 241, "").clientPassive("R", 242, 0);
        if (aborts) {
            assertEnded(capture, Sender.CLIENT, Cause.CLIENT_ABORT);
        } else {
            assertClosed(capture);
        }
    }

    /// HTTP/2 over TLS: an idle client leaves, and the server says GOAWAY before it closes. One
    /// that says something else, and does not close, had not done yet.
    @ParameterizedTest(name = "the server closes: {0}")
    @ValueSource(booleans = {true, false})
    void anIdleClientThatLeavesAServerOverTls(boolean closes) throws Exception {
        TestCapture capture = new TestCapture(443).handshake().client("PA", 1, 1, record(200));
        capture.after(0.01).server("PA", 1, 206, record(900)).client("PA", 206, 906, record(140));
        capture.after(0.01).server("PA", 906, 351, record(700)).client("A", 351, 1611, "");
        capture.after(30).client("PA", 351, 1611, record(19)).client("FA", 375, 1611, "");
        capture.after(0.01).server("PA", 1611, 376, record(48)).clientPassive("R", 376, 0);
        if (closes) {
            assertClosed(capture.server("FA", 1664, 376, "").clientPassive("R", 376, 0));
        } else {
            assertEnded(capture, Sender.CLIENT, Cause.CLIENT_ABORT);
        }
    }

    /// A client that waited in vain for the answer to its command, and closed; its TLS takes its
    /// leave, or does not.
    @ParameterizedTest(name = "with a close_notify: {0}")
    @ValueSource(booleans = {false, true})
    void aClientThatTimedOutOverTls(boolean farewell) throws Exception {
        TestCapture capture = new TestCapture(6379).handshake().client("PA", 1, 1, record(200));
        capture.after(0.01).server("PA", 1, 206, record(300)).client("PA", 206, 306, record(40));
        capture.after(0.12);
        int end = 251;
        if (farewell) {
            capture.client("PA", end, 306, record(19));
            end += 24;
        }
        capture.client("FA", end, 306, "").after(0.7).server("PA", 306, end + 1, record(60));

        assertEnded(capture.clientPassive("R", end + 1, 0), Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    /// The server is killed with a request unread that is as long as a padded farewell.
    @Test
    void aServerThatResetsUponACommandOverTlsWasNotLeft() throws Exception {
        assertThat(
                        read(new TestCapture(6379)
                                        .handshake()
                                        .client("PA", 1, 1, record(200))
                                        .after(0.01)
                                        .server("PA", 1, 206, record(300))
                                        .after(0.3)
                                        .client("PA", 206, 306, record(35))
                                        .server("RA", 306, 206, ""))
                                .connections())
                .hasSize(1);
    }

    /// The same upon a connection that the server had closed a while before.
    @Test
    void aCommandOverTlsOnAConnectionThatIsClosedIsUnwelcome() throws Exception {
        TestCapture capture = new TestCapture(8883).handshake().client("PA", 1, 1, record(200));
        capture.after(0.01).server("PA", 1, 206, record(300)).client("A", 206, 306, "");
        capture.after(60).server("FA", 306, 206, "").client("A", 206, 307, "").after(3);

        assertEnded(
                capture.client("PA", 206, 307, record(35)).after(0.01).serverPassive("R", 307, 0),
                Sender.SERVER,
                Cause.IDLE_TIMEOUT);
    }

    /// What HTTP/2 says of the connection itself is no answer; nor is what comes while an upload of
    /// several packets is under way.
    @ParameterizedTest(name = "a hello with {0} at {1}, asked for in two packets: {2}")
    @CsvSource({"h2, 5, false", "h2, 50, false", "http/1.1, 5, true"})
    void aClientThatResetsUponAShortRecord(String protocol, int at, boolean upload)
            throws Exception {
        String offered = "\u0016\u0003\u0001\u0000@" + "x".repeat(at - 5);
        offered += (char) protocol.length() + protocol;
        String hello = offered + "x".repeat(69 - offered.length());
        String asked = record(upload ? 500 : 60);
        String begin = asked.substring(0, upload ? 450 : 0);
        TestCapture capture = new TestCapture(443).handshake();
        capture.client("A", 1, 1, hello.substring(0, 40)).client("PA", 41, 1, hello.substring(40));
        capture.after(0.01).server("PA", 1, 70, record(900)).client("PA", 70, 906, record(40));
        capture.after(0.1).server("PA", 906, 115, record(600)).client("A", 115, 1511, "");
        if (upload) {
            capture.client("A", 115, 1511, begin);
        }
        capture.client("PA", 115 + begin.length(), 1511, asked.substring(begin.length()));
        int end = 115 + asked.length();
        capture.after(0.01).server("PA", 1511, end, record(30)).client("A", end, 1546, "");

        assertEnded(capture.client("RA", end, 1546, ""), Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    /// The words tell nothing, as where their head was cut off.
    @ParameterizedTest(name = "in packets of {0} and {1} bytes")
    @CsvSource({"97, 800", "97, 1525"})
    void aClientThatResetsAfterAShortAnswerInTwoPackets(int first, int second) throws Exception {
        int end = 1 + first + second;

        assertClosed(
                new TestCapture(7002)
                        .handshake()
                        .client("PA", 1, 1, "ask")
                        .after(0.01)
                        .server("PA", 1, 4, "x".repeat(first))
                        .server("PA", 1 + first, 4, "x".repeat(second))
                        .client("A", 4, end, "")
                        .client("RA", 4, end, ""));
    }

    /// What a program writes at once, as its own host sees it, and segments that a host puts
    /// together.
    @ParameterizedTest(name = "{0} bytes, in segments of {1}")
    @CsvSource({"4000, 1460", "2048, 1460", "2920, 1460", "2736, 1368"})
    void aClientThatResetsAfterTheFirstOfMany(int bytes, int segment) throws Exception {
        assertEnded(
                new TestCapture(7002)
                        .withSegmentsOf(segment)
                        .handshake()
                        .client("PA", 1, 1, "ask")
                        .after(0.01)
                        .server("PA", 1, 4, "x".repeat(bytes))
                        .client("A", 4, 1 + bytes, "")
                        .client("RA", 4, 1 + bytes, ""),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    /// A load balancer that wants to see the greeting, and no more.
    @Test
    void aHealthCheckThatResetsUponTheGreeting() throws Exception {
        TestCapture capture = new TestCapture(25).handshake().after(0.01);

        assertClosed(capture.server("PA", 1, 1, "220 mx ESMTP\r\n").client("RA", 1, 15, ""));
    }

    /// Seen at the server, the greeting takes 0.22 s to the client and back.
    @ParameterizedTest(name = "acknowledged apart: {0}")
    @ValueSource(booleans = {true, false})
    void aHealthCheckFromFarAwayThatResetsUponTheGreeting(boolean apart) throws Exception {
        TestCapture capture = new TestCapture(25).client("S", 0, 0, "").server("SA", 0, 1, "");
        capture.after(0.22).client("A", 1, 1, "").after(0.01);
        capture.server("PA", 1, 1, "220 mx ESMTP\r\n").after(0.22);
        if (apart) {
            capture.client("A", 1, 15, "");
        }

        assertClosed(capture.after(0.01).client("RA", 1, 15, ""));
    }

    /// Who had said something wanted more than the greeting, and who thinks about it does not like
    /// it.
    @ParameterizedTest
    @ValueSource(strings = {"EHLO", ""})
    void whoResetsAfterTheGreetingGaveUp(String said) throws Exception {
        TestCapture capture = new TestCapture(25).handshake().after(0.01);
        capture.server("PA", 1, 1, "220 mx ESMTP\r\n");
        if (said.isEmpty()) {
            capture.after(0.3);
        } else {
            capture.client("PA", 1, 15, said);
        }

        assertEnded(
                capture.client("RA", 1 + said.length(), 15, ""), Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    /// A server that writes blocks of 16 KiB: each but the last ends in a packet of 456 bytes.
    @Test
    void aClientThatResetsAfterEqualBlocksAndAShorterOne() throws Exception {
        TestCapture capture = new TestCapture(7002).handshake().client("PA", 1, 1, "ask");
        int at = 1;
        for (int i = 0; i < 3; i++) {
            for (int sent = 0; sent < 16_384; sent += 1448) {
                int size = Math.min(1448, 16_384 - sent);
                capture.server(size < 1448 ? "PA" : "A", at, 4, "x".repeat(size));
                at += size;
            }
        }
        capture.server("PA", at, 4, "x".repeat(700)).client("A", 4, at + 700, "");

        assertClosed(capture.client("RA", 4, at + 700, ""));
    }

    /// What is written in equal blocks may go on with another.
    @Test
    void aClientThatResetsAfterTwoEqualBlocks() throws Exception {
        TestCapture capture = new TestCapture(7002).handshake().client("PA", 1, 1, "ask");
        int at = 1;
        for (int block = 0; block < 2; block++) {
            capture.after(0.02);
            for (int left = 16_384; left > 0; ) {
                int length = Math.min(1460, left);
                left -= length;
                capture.server(left == 0 ? "PA" : "A", at, 4, "x".repeat(length));
                at += length;
            }
        }
        capture.client("A", 4, at, "").after(0.003).client("RA", 4, at, "");

        assertEnded(capture, Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    /// On loopback, packets are as long as they like.
    @Test
    void aClientThatResetsAfterAnAnswerThatIsShorterThanASegment() throws Exception {
        assertClosed(
                new TestCapture(7002)
                        .withSegmentsOf(65_495)
                        .handshake()
                        .client("PA", 1, 1, "ask")
                        .after(0.001)
                        .server("PA", 1, 4, "x".repeat(2600))
                        .client("A", 4, 2601, "")
                        .client("RA", 4, 2601, ""));
    }

    /// Two commands in one packet have two answers that are as long; and a tail that is sent again
    /// (RFC 8985, 7) is one answer.
    @ParameterizedTest
    @ValueSource(ints = {9, 1})
    void aClientThatResetsAfterTwoEqualPackets(int second) throws Exception {
        TestCapture capture = new TestCapture(6380).handshake().client("PA", 1, 1, "twice");
        capture.after(0.01).server("PA", 1, 6, "answered").after(0.012);
        capture.server("PA", second, 6, "answered").client("A", 6, second + 8, "");

        assertClosed(capture.client("RA", 6, second + 8, ""));
    }

    /// A command right behind the end of the handshake of TLS, and one that is sent twice.
    @ParameterizedTest(name = "behind the handshake: {0}")
    @ValueSource(booleans = {true, false})
    void aClientThatResetsAfterTheAnswerToItsOnlyCommandOverTls(boolean behind) throws Exception {
        String hello = "\u0016\u0003\u0001\u0000@" + "x".repeat(64);
        String finished = "\u0014\u0003\u0003\u0000\u0001\u0001" + record(53);
        TestCapture capture = new TestCapture(6380).handshake().client("PA", 1, 1, hello);
        capture.after(0.01).server("PA", 1, 70, record(900)).client("PA", 70, 906, finished);
        int at = 70 + finished.length();
        int said = 906;
        if (!behind) {
            capture.server("PA", said, at, record(600));
            said += 605;
            capture.client("PA", at, said, record(57)).after(0.3);
        }
        capture.client("PA", at, said, record(57)).after(0.01);
        capture.server("PA", said, at + 62, record(60)).client("A", at + 62, said + 65, "");

        assertClosed(capture.client("RA", at + 62, said + 65, ""));
    }

    /// TLS 1.3 without session tickets, and with or without a Change Cipher Spec: the Finished is
    /// no command.
    @ParameterizedTest(name = "with a Change Cipher Spec: {0}")
    @ValueSource(booleans = {true, false})
    void aClientThatResetsAfterTheAnswerToACommandBehindItsFinished(boolean change)
            throws Exception {
        TestCapture capture = new TestCapture(993).handshake().client("PA", 1, 1, hello(200));
        capture.after(0.01).server("PA", 1, 206, record(2000).substring(0, 1400));
        capture.server("PA", 1401, 206, record(2000).substring(1400)).client("A", 206, 2006, "");
        int at = 206;
        if (change) {
            capture.client("PA", at, 2006, "\u0014\u0003\u0003\u0000\u0001\u0001");
            at += 6;
        }
        capture.client("PA", at, 2006, record(69)).client("PA", at + 74, 2006, record(57));
        int end = at + 74 + 62;
        capture.after(0.01).server("PA", 2006, end, record(40)).client("A", end, 2051, "");

        assertClosed(capture.client("RA", end, 2051, ""));
    }

    private static String hello(int bytes) {
        return "\u0016" + record(bytes).substring(1);
    }

    /// The pieces of an answer that goes on are short now and then: a chunk's end, for instance, in
    /// a packet of its own.
    @Test
    void aClientThatResetsAfterAShortPieceOfMany() throws Exception {
        TestCapture capture = new TestCapture(7002).handshake().client("PA", 1, 1, "ask");
        int at = 1;
        for (int i = 0; i < 4; i++) {
            capture.after(0.01).server("PA", at, 4, "x".repeat(1400));
            capture.server("PA", at + 1400, 4, "\r\n");
            at += 1402;
        }

        assertEnded(capture.client("RA", 4, at, ""), Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    /// Each of the events is as long as the others, and none is the last, however soon the next
    /// comes.
    @ParameterizedTest
    @ValueSource(doubles = {0.37, 0.012})
    void aClientThatResetsUponAnEventOfAStream(double every) throws Exception {
        TestCapture capture = new TestCapture(7002).handshake().client("PA", 1, 1, "follow");
        for (int i = 0; i < 4; i++) {
            capture.after(every).server("PA", 1 + i * 5, 7, "event").client("A", 7, 6 + i * 5, "");
        }

        assertEnded(capture.client("RA", 7, 21, ""), Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    @Test
    void aClientThatResetsInTheMiddleOfARecord() throws Exception {
        String answer = record(6000) + record(2000);

        assertEnded(
                sealedAnswer(answer.substring(0, answer.length() - 300)),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    /// What is sent in equal records has not ended.
    @Test
    void aClientThatResetsBetweenTwoEqualRecords() throws Exception {
        assertEnded(sealedAnswer(record(2000) + record(2000)), Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    @Test
    void aClientThatWasNotAnsweredGaveUp() throws Exception {
        assertEnded(
                asked(80).after(3).client("RA", ASKED, 1, ""), Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    /// It comes from elsewhere: the client had its answer, but did not end the connection.
    @Test
    void aForgedResetAfterAWholeAnswerIsNoClose() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        CaptureReport report =
                read(answered(80, answer).after(5).forged("RA", 1 + answer.length(), ASKED, 200));

        assertThat(report.connections())
                .singleElement()
                .satisfies(connection ->
                        assertThat(connection.diagnosis().orElseThrow().sender())
                                .isEqualTo(Sender.MIDDLEBOX));
    }

    /// Rows that end in 0: a data chunk looks like the last one.
    @Test
    void aChunkThatEndsInZeroIsNotTheLast() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n7;0\r\n\r\n";

        assertEnded(
                answered(80, answer).client("RA", ASKED, 1 + answer.length(), ""),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    @Test
    void aVeryLongAnswerIsNotWholeAtItsBeginning() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5000000000\r\n\r\nhello";

        assertEnded(
                answered(80, answer).after(1).client("RA", ASKED, 1 + answer.length(), ""),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    @Test
    void aHeadInTwoPacketsIsNoBody() throws Exception {
        String begin = "HTTP/1.1 200 OK\r\nContent-Length: 90\r\n";
        String rest = "X-Long: " + "x".repeat(200) + "\r\n\r\nhello";
        int end = 1 + begin.length() + rest.length();

        assertEnded(
                asked(80)
                        .server("PA", 1, ASKED, begin)
                        .server("PA", 1 + begin.length(), ASKED, rest)
                        .client("A", ASKED, end, "")
                        .client("RA", ASKED, end, ""),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    /// Its host died in the middle of a request; the client's TLS says farewell to nobody.
    @Test
    void aServerThatClosedWithoutAnAnswerDidNotCloseWell() throws Exception {
        String request = record(44);
        String farewell = record(19);

        assertEnded(
                new TestCapture(8443)
                        .handshake()
                        .client("PA", 1, 1, request)
                        .after(0.01)
                        .server("PA", 1, 50, request)
                        .client("PA", 50, 50, request)
                        .server("A", 50, 99, "")
                        .after(0.7)
                        .server("FA", 50, 99, "")
                        .client("PA", 99, 51, farewell)
                        .client("FA", 123, 51, "")
                        .after(0.01)
                        .serverPassive("R", 51, 0),
                Sender.SERVER,
                Cause.SERVER_RESTART);
    }

    /// A server that ends the connection with its answer, as one of the two has said, and has not
    /// read all that its client sent.
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "GET / HTTP/1.1 | HTTP/1.1 200 OK | Connection: close | 0",
                "GET / HTTP/1.1 | HTTP/1.1 404 Not Found | Connection: close | 0",
                "GET / HTTP/1.1~Connection: close | HTTP/1.1 200 OK | X: y | 0",
                "GET / HTTP/1.0 | HTTP/1.0 200 OK | X: y | 0",
                "GET / HTTP/1.0~Connection: keep-alive | HTTP/1.1 200 OK | X: y | 1",
                "GET / HTTP/1.1 | HTTP/1.1 200 OK | Connection: keep-alive | 1",
                "GET / HTTP/1.1 | HTTP/1.1 503 Busy | Connection: close | 1",
                "GET / HTTP/1.1~~GET /two HTTP/1.1 | HTTP/1.1 200 OK | Connection: close | 1"
            })
    void aServerThatResetsAfterItsAnswer(String asked, String status, String field, int reported)
            throws Exception {
        String get = asked.replace("~", "\r\n") + "\r\n\r\n";
        String head = status + "\r\nContent-Length: 2\r\n";
        String rest = field + "\r\n\r\nok";
        int end = 1 + head.length() + rest.length();
        TestCapture capture =
                new TestCapture(8000)
                        .handshake()
                        .client("PA", 1, 1, get)
                        .after(0.01)
                        .server("PA", 1, 1 + get.length(), head)
                        .server("PA", 1 + head.length(), 1 + get.length(), rest)
                        .client("A", 1 + get.length(), end, "")
                        .after(0.3)
                        .server("RA", end, 1 + get.length(), "");

        assertThat(read(capture).connections()).hasSize(reported);
    }

    /// A table in chunks: a line that is "0", and thousands after it.
    @ParameterizedTest
    @CsvSource({"0~~, 0", "'', 1"})
    void aChunkOfManyLines(String last, int reported) throws Exception {
        String table = "0\r\n" + "12\r\n".repeat(3000);
        String answer =
                "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                        + Integer.toHexString(table.length())
                        + "\r\n"
                        + table
                        + "\r\n"
                        + last.replace("~", "\r\n");

        TestCapture capture = answered(8000, answer).client("RA", ASKED, 1 + answer.length(), "");

        assertThat(read(capture).connections()).hasSize(reported);
    }

    /// A server that answers while it reads, and closes when it has read all.
    @Test
    void aServerThatAnswersBeforeItHasTheWholeRequest() throws Exception {
        String head = "POST / HTTP/1.1\r\nContent-Length: 2000\r\n\r\n";
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n";
        int asked = 1 + head.length() + 2000;
        int begun = 1 + answer.length();
        int end = begun + 2;

        assertClosed(
                new TestCapture(8000)
                        .handshake()
                        .client("PA", 1, 1, head)
                        .client("A", 1 + head.length(), 1, "x".repeat(1000))
                        .after(0.01)
                        .server("PA", 1, asked - 1000, answer)
                        .client("PA", asked - 1000, begun, "x".repeat(1000))
                        .after(0.01)
                        .server("PA", begun, asked, "ok")
                        .server("FA", end, asked, "")
                        .server("RA", end + 1, asked, ""));
    }

    /// HTTP/2: the client has closed, and what comes is the answer to a PING.
    @ParameterizedTest
    @CsvSource({"6, 0", "0, 1"})
    void aFrameThatComesAfterTheClientClosed(int type, int reported) throws Exception {
        String preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        String settings = "\0\0\0\4\0\0\0\0\0";
        String frame = "\0\0\10" + (char) type + "\1\0\0\0\0" + "12345678";
        int sent = 1 + preface.length();
        TestCapture capture =
                new TestCapture(50051)
                        .handshake()
                        .client("PA", 1, 1, preface)
                        .after(0.01)
                        .server("PA", 1, sent, settings)
                        .client("FA", sent, 10, "")
                        .after(0.01)
                        .server("PA", 10, sent + 1, frame)
                        .clientPassive("R", sent + 1, 0);

        assertThat(read(capture).connections()).hasSize(reported);
    }

    /// RFC 9293, 3.5: the first SYN of one side was lost, and those that follow cross.
    @Test
    void twoThatOpenTheConnectionAtOnce() throws Exception {
        TestCapture capture = new TestCapture(7000);
        capture.client("S", 0, 0, "").after(1).client("S", 0, 0, "").server("S", 0, 0, "");
        capture.client("SA", 0, 1, "").server("SA", 0, 1, "").client("A", 1, 1, "");
        capture.server("PA", 1, 1, "hello").client("A", 1, 6, "").client("FA", 1, 6, "");
        capture.server("FA", 6, 2, "").client("A", 2, 7, "");

        assertClosed(closedWell(capture.after(3).from(1001)));
    }

    // ---- RSTs after FINs

    /// The clock was set back in between.
    @Test
    void aClockThatWasSetBackIsNoReasonToFail() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        int end = 1 + answer.length();

        CaptureReport report =
                read(
                        answered(80, answer)
                                .after(1)
                                .client("A", ASKED, end, "")
                                .after(-0.4)
                                .server("FA", end, ASKED, "")
                                .client("PA", ASKED, end + 1, GET)
                                .serverPassive("R", end + 1, 0));

        assertThat(report.connections()).hasSize(1);
    }

    /// The client closes as well when it reads the end; its request is lost all the same.
    @Test
    void aRequestThatMetAClosedServerIsLost() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        int end = 1 + answer.length();

        assertEnded(
                answered(80, answer)
                        .after(5)
                        .server("FA", end, ASKED, "")
                        .client("A", ASKED, end + 1, "")
                        .after(1)
                        .client("PA", ASKED, end + 1, GET)
                        .client("FA", ASKED + GET.length(), end + 1, "")
                        .after(0.02)
                        .serverPassive("R", end + 1, 0),
                Sender.SERVER,
                Cause.IDLE_TIMEOUT);
    }

    /// Seen at the client, the request comes before the FIN, which does not acknowledge it.
    @Test
    void aRequestThatCrossedTheFinIsLost() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        int end = 1 + answer.length();

        assertEnded(
                answered(80, answer)
                        .after(5)
                        .client("PA", ASKED, end, GET)
                        .server("FA", end, ASKED, "")
                        .client("FA", ASKED + GET.length(), end + 1, "")
                        .after(0.02)
                        .serverPassive("R", end, 0),
                Sender.SERVER,
                Cause.IDLE_TIMEOUT);
    }

    @Test
    void aLateAnswerToAClientThatHadGivenUp() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

        assertEnded(
                asked(80)
                        .after(3)
                        .client("FA", ASKED, 1, "")
                        .server("A", 1, ASKED + 1, "")
                        .after(2)
                        .server("PA", 1, ASKED + 1, answer)
                        .server("FA", 1 + answer.length(), ASKED + 1, "")
                        .clientPassive("R", ASKED + 1, 0),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    @Test
    void whatClosedWellDoesNotKeepOthersFromBeingLookedAt() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        int end = 1 + answer.length();
        TestCapture capture = new TestCapture(80);
        for (int port = 40_000; port < 40_009; port++) {
            capture.from(port)
                    .handshake()
                    .client("PA", 1, 1, GET)
                    .server("PA", 1, ASKED, answer)
                    .server("FA", end, ASKED, "")
                    .client("FA", ASKED, end + 1, "")
                    .serverPassive("R", end + 1, 0);
        }
        capture.from(41_000).handshake().client("PA", 1, 1, GET).server("RA", 1, ASKED, "");
        Path file = Files.write(folder.resolve("many.pcap"), capture.pcap());

        CaptureReport report =
                Capture.read(
                        List.of(file),
                        InputStream.nullInputStream(),
                        CaptureOptions.usual(),
                        Integer.MAX_VALUE,
                        3);

        assertThat(report.connections())
                .singleElement()
                .satisfies(
                        connection -> assertThat(connection.client()).isEqualTo("10.0.0.1:41000"));
        assertThat(report.troubles())
                .containsExactly("7 more connections may have ended badly: they are not looked at");
    }

    // ---- a host that was gone

    private static TestCapture repeated(TestCapture capture) {
        for (int i = 0; i < 5; i++) {
            capture.client("PA", ASKED, 1, "more").after(0.3 * (1 << i));
        }
        return capture;
    }

    @Test
    void aHostThatCameBackKnowsNothing() throws Exception {
        assertEnded(
                repeated(asked(80)).client("PA", ASKED, 1, "more").serverPassive("R", 1, 0),
                Sender.SERVER,
                Cause.SERVER_RESTART);
    }

    @Test
    void aConnectionThatWasLostAfterSilenceWasLostBeforeTheReset() throws Exception {
        CaptureReport report =
                read(
                        repeated(asked(80).after(60))
                                .client("PA", ASKED, 1, "more")
                                .serverPassive("R", 1, 0));

        assertThat(report.connections().getFirst().end()).isEqualTo(ConnectionEnd.TIMEOUT);
    }

    @Test
    void aHostThatSomebodySaidWasGoneCameBack() throws Exception {
        assertEnded(
                repeated(asked(80).after(60))
                        .unreachable(0x0a0000fe, 1, ASKED)
                        .client("PA", ASKED, 1, "more")
                        .serverPassive("R", 1, 0),
                Sender.SERVER,
                Cause.SERVER_RESTART);
    }

    // ---- ICMP

    @Test
    void aSynThatAFirewallRejectsByIcmp() throws Exception {
        CaptureReport report =
                read(new TestCapture().client("S", 7, 0, "").unreachable(0x0a0000fe, 13, 7));

        assertThat(report.tcpPackets()).isEqualTo(1);
        ConnectionReport connection = report.connections().getFirst();
        assertThat(connection.end()).isEqualTo(ConnectionEnd.REFUSED);
        Diagnosis diagnosis = connection.diagnosis().orElseThrow();
        assertThat(diagnosis.sender()).isEqualTo(Sender.MIDDLEBOX);
        assertThat(cause(diagnosis)).contains(Cause.MIDDLEBOX);
        assertThat(diagnosis.evidence())
                .anySatisfy(evidence ->
                        assertThat(evidence.fact())
                                .isEqualTo(
                                        "10.0.0.254 says by ICMP that it is administratively prohibited"));
    }

    /// Several queues or interfaces: what was captured a moment later may be written first.
    @Test
    void aRejectionThatStandsBeforeItsSyn() throws Exception {
        CaptureReport report =
                read(
                        new TestCapture()
                                .after(0.0002)
                                .unreachable(0x0a0000fe, 13, 7)
                                .after(-0.0002)
                                .client("S", 7, 0, "")
                                .after(1)
                                .client("S", 7, 0, "")
                                .after(2)
                                .client("S", 7, 0, ""));

        ConnectionReport connection = report.connections().getFirst();
        assertThat(connection.end()).isEqualTo(ConnectionEnd.REFUSED);
        assertThat(connection.diagnosis().orElseThrow().sender()).isEqualTo(Sender.MIDDLEBOX);
    }

    @Test
    void aSynToAHostThatIsGone() throws Exception {
        CaptureReport report =
                read(new TestCapture().client("S", 7, 0, "").unreachable(0x0a0000fe, 1, 7));

        assertThat(cause(report.connections().getFirst().diagnosis().orElseThrow()))
                .contains(Cause.SERVER_RESTART);
    }

    /// Path MTU discovery (RFC 1191): the segment is only too big.
    @Test
    void fragmentationNeededIsNoRejection() throws Exception {
        CaptureReport report =
                read(new TestCapture().client("S", 7, 0, "").unreachable(0x0a0000fe, 4, 7));

        assertThat(report.connections()).isEmpty();
    }

    @Test
    void icmpAboutAnUnknownConnectionMakesNone() throws Exception {
        CaptureReport report = read(new TestCapture().unreachable(0x0a0000fe, 13, 7));

        assertThat(report.connectionCount()).isZero();
    }

    /// The client has closed: one that had what it wanted, one in the middle of an answer, and one
    /// that had got nothing.
    @ParameterizedTest(name = "{0}")
    @CsvSource({
        "'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok', false",
        "'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nok', true",
        "'', true"
    })
    void aServerThatResetsAClientThatHasClosed(String answer, boolean reported) throws Exception {
        int end = 1 + answer.length();
        TestCapture capture = answer.isEmpty() ? asked(80) : answered(80, answer);
        capture.after(0.3).client("FA", ASKED, end, "").after(0.02);

        assertThat(read(capture.server("RA", end, ASKED + 1, "")).connections())
                .hasSize(reported ? 1 : 0);
    }

    /// A client that has its whole answer closes by a RST; where something of the server's comes
    /// afterwards, it had not.
    @ParameterizedTest(name = "data: {0}")
    @ValueSource(booleans = {true, false})
    void aClientThatIsSentMoreThanItsAnswer(boolean data) throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        int end = 1 + answer.length();
        TestCapture capture = answered(80, answer).client("RA", ASKED, end, "").after(0.01);
        capture.server(data ? "PA" : "A", end, ASKED, data ? "more" : "");

        if (data) {
            assertEnded(capture, Sender.CLIENT, Cause.CLIENT_ABORT);
        } else {
            assertClosed(capture);
        }
    }

    /// A server that ends the connection with its answer, of which its client has acknowledged a
    /// part.
    @Test
    void aServerThatResetsBeforeItsAnswerArrived() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello";
        int end = 1 + answer.length();

        assertThat(
                        read(asked(80)
                                        .server("PA", 1, ASKED, answer)
                                        .client("A", ASKED, end - 5, "")
                                        .after(0.01)
                                        .server("RA", end, ASKED, ""))
                                .connections())
                .hasSize(1);
    }

    /// A greeting that the client had not heard, and words that are none, are no health check.
    @ParameterizedTest(name = "{0}, acknowledged: {1}")
    @CsvSource({
        "'220 mx ESMTP\r\n', true, 0",
        "'220 mx ESMTP\r\n', false, 1",
        "'welcome\r\n', true, 1"
    })
    void aClientThatResetsUponFirstWords(String words, boolean heard, int reported)
            throws Exception {
        int end = 1 + words.length();
        TestCapture capture = new TestCapture(2525).handshake().after(0.3);
        capture.server("PA", 1, 1, words).after(0.005);

        assertThat(read(capture.client("RA", 1, heard ? end : 1, "")).connections())
                .hasSize(reported);
    }

    // ---- a server that closes and resets at once

    @Test
    void aServerThatClosesAndResetsWithItsAnswer() throws Exception {
        assertClosed(answered(9000, "pong").server("FA", 5, ASKED, "").server("RA", 6, ASKED, ""));
    }

    /// A keep-alive that ran out, and a client that closes upon it.
    @Test
    void aServerThatClosesAfterSilenceAndResetsWhenBothHaveClosed() throws Exception {
        assertClosed(
                answered(9000, "pong")
                        .after(65)
                        .server("FA", 5, ASKED, "")
                        .client("FA", ASKED, 6, "")
                        .server("RA", 6, ASKED + 1, ""));
    }

    /// HAProxy with `option nolinger`.
    @Test
    void aServerThatClosesAndResetsAfterSilence() throws Exception {
        assertEnded(
                answered(9000, "pong")
                        .after(3.002)
                        .server("FA", 5, ASKED, "")
                        .server("RA", 6, ASKED, ""),
                Sender.SERVER,
                Cause.IDLE_TIMEOUT);
    }

    /// vsftpd with `max_per_ip`.
    @Test
    void aServerThatComplainsClosesAndResets() throws Exception {
        String complaint = "421 There are too many connections from your internet address.\r\n";
        int end = 1 + complaint.length();

        assertEnded(
                answered(9000, complaint)
                        .server("FA", end, ASKED, "")
                        .server("RA", end + 1, ASKED, ""),
                Sender.SERVER,
                Cause.CONNECTION_LIMIT);
    }

    /// 401 before the body of the request had come: its client writes to a closed connection.
    /// Tomcat waits for a moment for the rest of what it has refused. One that has not complained
    /// has only closed.
    @ParameterizedTest(name = "{0}, {1} s later")
    @CsvSource({
        "400 Bad Request, 0.09, true",
        "400 Bad Request, 1.5, false",
        "200 OK, 0.09, false"
    })
    void aServerThatResetsAMomentAfterItsAnswer(String status, double later, boolean reported)
            throws Exception {
        String answer = "HTTP/1.1 " + status + "\r\nContent-Length: 2\r\n\r\nno";
        int end = 1 + answer.length();
        TestCapture capture = answered(8080, answer).server("FA", end, ASKED, "");
        capture.client("A", ASKED, end + 1, "").after(later).server("RA", end + 1, ASKED, "");

        if (reported) {
            assertEnded(capture, Sender.SERVER, Cause.PROTOCOL_VIOLATION);
        } else {
            assertClosed(capture);
        }
    }

    @Test
    void aServerThatAnswersHalfARequestClosesAndResets() throws Exception {
        assertEnded(refusedUpload(5000), Sender.SERVER, Cause.PROTOCOL_VIOLATION);
        assertClosed(refusedUpload(4000));
    }

    /// A request whose body has `bytes`, of which 4,000 come.
    private static TestCapture refusedUpload(int bytes) {
        String head = "POST / HTTP/1.1\r\nContent-Length: " + bytes + "\r\n\r\n";
        String answer = "HTTP/1.0 401 Unauthorized\r\nContent-Length: 6\r\n\r\nlogin\n";
        int asked = 1 + head.length() + 4000;
        int end = 1 + answer.length();
        return new TestCapture(8000)
                .handshake()
                .client("PA", 1, 1, head + "x".repeat(4000))
                .after(0.02)
                .server("PA", 1, asked, answer)
                .client("A", asked, end, "")
                .server("FA", end, asked, "")
                .server("RA", end + 1, asked, "");
    }

    /// A client of HTTPS at the port of a server of HTTP.
    @Test
    void aClientThatWasNotUnderstoodAndResets() throws Exception {
        String hello = "\u0016\3\1\0@" + "x".repeat(64);
        String answer = "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n";
        int asked = 1 + hello.length();
        int end = 1 + answer.length();

        assertEnded(
                new TestCapture(8080)
                        .handshake()
                        .client("PA", 1, 1, hello)
                        .after(0.02)
                        .server("PA", 1, asked, answer)
                        .server("FA", end, asked, "")
                        .client("RA", asked, end + 1, ""),
                Sender.CLIENT,
                Cause.PROTOCOL_VIOLATION);
    }

    /// The PROXY protocol's line, an SSL 2 hello, and a capture that begins in a download, are no
    /// other protocol than the server's.
    @ParameterizedTest
    @ValueSource(strings = {"PROXY TCP4 192.0.2.7 192.0.2.1 5 443\r\n", "\u0080.\1\3\1"})
    void aHelloBehindAPreambleWasUnderstood(String preamble) throws Exception {
        String hello = preamble + "\u0016\3\1\0\2ab";
        String said = "\u0016\3\3\0\2ab";
        int asked = 1 + hello.length();

        assertClosed(
                new TestCapture(443)
                        .handshake()
                        .client("PA", 1, 1, hello)
                        .after(0.02)
                        .server("PA", 1, asked, said)
                        .server("FA", 8, asked, "")
                        .client("RA", asked, 9, ""));
    }

    @Test
    void aDownloadThatBeganBeforeTheCaptureWasUnderstood() throws Exception {
        assertClosed(
                new TestCapture(443)
                        .server("A", 1000, 50, "in the middle of a record")
                        .client("A", 50, 1025, "")
                        .client("PA", 50, 1025, "\u0017\3\3\0\2ab")
                        .after(0.02)
                        .server("FA", 1025, 57, "")
                        .client("RA", 57, 1026, ""));
    }

    /// A provider's page in place of the server's, with a FIN; what the server says comes later.
    @Test
    void aPageOfSomebodyElseIsNoClose() throws Exception {
        String page = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";
        int end = 1 + page.length();

        assertEnded(
                new TestCapture(80)
                        .handshake()
                        .client("PA", 1, 1, GET)
                        .after(0.01)
                        .forgedData("FPA", 1, ASKED, page)
                        .client("A", ASKED, end + 1, "")
                        .after(0.02)
                        .server("PA", 1, ASKED, answer)
                        .clientPassive("R", ASKED, 0),
                Sender.MIDDLEBOX,
                Cause.MIDDLEBOX);
    }
}
