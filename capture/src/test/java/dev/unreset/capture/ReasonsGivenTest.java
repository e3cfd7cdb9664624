package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ANSWERED;
import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.OK;
import static dev.unreset.capture.Conversations.answered;
import static dev.unreset.capture.Reports.assertCause;
import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.last;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a server says before it ends a connection.
class ReasonsGivenTest {

    @Test
    void aFinOfLongAgoIsNotForgotten() throws Exception {
        TestCapture capture = new TestCapture(8000).handshake().client("PA", 1, 1, "POST / ");
        int at = 8;
        for (int i = 0; i < 200; i++, at += 10) {
            capture.client("A", at, 1, "x".repeat(10)).after(0.01).server("A", 1, at + 10, "");
            if (i == 20) {
                capture.server("FA", 1, at + 10, "");
            }
        }

        Diagnosis diagnosis =
                last(capture.client("PA", at, 2, "more").after(0.01).serverPassive("R", 2, 0));

        assertThat(diagnosis.evidence())
                .anySatisfy(evidence -> assertThat(evidence.fact()).contains("the server closed"));
    }

    /// That there is no room is the reason for an end that comes with it, and not for one seconds
    /// later.
    @ParameterizedTest(name = "{0} s after it was said")
    @CsvSource({"0.01, true", "4.6, false"})
    void thatThereIsNoRoomIsAReasonRightThen(double later, boolean isReason) throws Exception {
        TestCapture capture = new TestCapture(7000).handshake().client("PA", 1, 1, "follow");
        capture.after(0.01).server("PA", 1, 7, "ok\r\n").after(0.2);
        capture.server("PA", 5, 7, "no free slots\r\n").client("A", 7, 20, "");

        assertThat(
                        cause(last(capture.after(later).server("RA", 20, 7, "")))
                                .equals(Optional.of(Cause.CONNECTION_LIMIT)))
                .isEqualTo(isReason);
    }

    /// What is said before the end is kept, however much the client sends after it.
    @Test
    void aReasonIsKeptWhereTheClientGoesOnForLong() throws Exception {
        String said = "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 0\r\n\r\n";
        String post = "POST / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n";
        int body = 1 + post.length();
        TestCapture capture = new TestCapture(8000).handshake().client("PA", 1, 1, post);
        for (int i = 0; i < 40; i++) {
            capture.client("A", body + i * 1000, 1, "x".repeat(1000));
        }
        capture.server("PA", 1, body + 40_000, said);
        capture.server("FA", 1 + said.length(), body + 40_000, "");
        for (int i = 40; i < 140; i++) {
            capture.client("A", body + i * 1000, 2 + said.length(), "x".repeat(1000));
        }
        capture.after(0.5).server("R", 2 + said.length(), 0, "");

        Diagnosis diagnosis = last(capture);

        assertThat(diagnosis.evidence())
                .anySatisfy(each -> assertThat(each.fact()).contains("answered 413"));
        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
    }

    /// HAProxy answers 429 before it has read the body, always as much of it.
    @Test
    void uploadsThatAreEndedWithAReasonHaveThatReason() throws Exception {
        String said = "HTTP/1.1 429 Too Many Requests\r\nContent-Length: 0\r\n\r\n";
        String post = "POST / HTTP/1.1\r\nContent-Length: 99999\r\n\r\n";
        int body = 1 + post.length();
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(1).from(port).handshake().client("PA", 1, 1, post);
            for (int i = 0; i < 12; i++) {
                capture.client("A", body + i * 1000, 1, "x".repeat(1000));
            }
            capture.after(0.02)
                    .server("PA", 1, body + 1000, said)
                    .server("RA", 1 + said.length(), body + 1000, "");
        }

        assertCause(read(capture), Cause.RATE_LIMIT);
    }

    /// The last of several answers at once is the reason.
    @Test
    void ofSeveralAnswersTheLastOneCounts() throws Exception {
        String much = "HTTP/1.1 429 Too Many Requests\r\nConnection: close\r\n\r\n";
        int end = ANSWERED + much.length();
        Diagnosis diagnosis =
                last(
                        new TestCapture(8000)
                                .handshake()
                                .client("PA", 1, 1, GET + GET)
                                .after(0.02)
                                .server("PA", 1, ASKED * 2 - 1, OK)
                                .server("PA", ANSWERED, ASKED * 2 - 1, much)
                                .server("FA", end, ASKED * 2 - 1, "")
                                .after(0.01)
                                .client("PA", ASKED * 2 - 1, end + 1, GET)
                                .after(0.02)
                                .serverPassive("R", end + 1, 0));

        assertThat(cause(diagnosis)).contains(Cause.RATE_LIMIT);
    }

    @Test
    void aWebSocketIsClosedWithItsReason() throws Exception {
        String upgrade = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
        int switched = 1 + upgrade.length();
        String tooBig = "\u0088\u0002\u0003\u00f1";

        Diagnosis diagnosis =
                last(
                        new TestCapture(8000)
                                .handshake()
                                .client("PA", 1, 1, GET)
                                .after(0.02)
                                .server("PA", 1, ASKED, upgrade)
                                .after(0.3)
                                .client("PA", ASKED, switched, "\u0081\u0084abcdefgh")
                                .after(0.02)
                                .server("PA", switched, ASKED + 10, tooBig)
                                .server("RA", switched + 4, ASKED + 10, ""));

        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
        assertThat(diagnosis.evidence())
                .anySatisfy(evidence -> assertThat(evidence.fact()).contains("status 1009"));
    }

    /// Icecast's text, of a status that has many reasons; right before the end. What the answer
    /// says of somebody behind the server is no reason of its own, and none of a later end.
    @ParameterizedTest(name = "{0}: {1}, {2} s before the end")
    @CsvSource({
        "403 Forbidden, Icecast connection limit reached, 0.001, CONNECTION_LIMIT",
        "502 Bad Gateway, upstream: too many connections, 6, IDLE_TIMEOUT",
        "404 Not Found, connection limit reached, 0.001, SERVER_RESTART"
    })
    void aRefusalSaysInItsTextWhatIsUsedUp(String status, String text, double later, Cause expected)
            throws Exception {
        String answer = "HTTP/1.0 " + status + "\r\nServer: a\r\n\r\n" + text;
        int end = 1 + answer.length();
        TestCapture capture = new TestCapture(8000).handshake().client("PA", 1, 1, GET);
        capture.after(0.02).server("PA", 1, ASKED, answer).client("A", ASKED, end, "");
        capture.after(later).server("RA", end, ASKED, "");

        assertThat(cause(last(capture))).contains(expected);
    }

    /// A page of which the capture has cut most off is no error text; nor is what a page quotes.
    @ParameterizedTest(name = "{0}")
    @CsvSource({"200 OK, 0", "500 Internal Server Error, 4000"})
    void whatAPageSpeaksOfIsNoReason(String status, int more) throws Exception {
        String quoted = "upstream said: HTTP/1.1 502 (too many connections)";
        String page = "HTTP/1.1 " + status + "\r\nServer: a\r\n\r\n" + quoted;
        TestCapture capture = new TestCapture(8000).handshake().client("PA", 1, 1, GET);
        int end = 1 + page.length() + more;
        capture.after(0.02).server("PA", 1, ASKED, page + "x".repeat(more));
        capture.client("A", ASKED, end, "").server("RA", end, ASKED, "");

        assertThat(cause(last(capture.cutTo(20 + 20 + page.length()))))
                .contains(Cause.SERVER_RESTART);
    }

    /// Whole, and the last of its connection: it ended well, whatever it says.
    @Test
    void anAnswerThatTellsOfALimitBehindTheServerIsWhole() throws Exception {
        String text = "upstream: too many connections";
        String answer =
                "HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: "
                        + text.length()
                        + "\r\n\r\n"
                        + text;
        int end = 1 + answer.length();
        TestCapture capture = new TestCapture(8000).handshake().client("PA", 1, 1, GET);
        capture.after(0.02).server("PA", 1, ASKED, answer).client("A", ASKED, end, "");

        assertThat(read(capture.server("RA", end, ASKED, "")).connections()).isEmpty();
    }

    /// "BUSY", and the end: no text that is known, but nobody had asked.
    @Test
    void aFewWordsThatNobodyAskedForAndTheEndAreAConnectionLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int port = 1001; port <= 1004; port++) {
            capture.after(0.25)
                    .from(port)
                    .handshake()
                    .server("PA", 1, 1, "HELO\n")
                    .client("PA", 1, 6, "get")
                    .after(0.01)
                    .server("PA", 6, 4, "value");
        }
        for (int port = 1005; port <= 1007; port++) {
            capture.after(0.25)
                    .from(port)
                    .handshake()
                    .server("PA", 1, 1, "BUSY\n")
                    .client("PA", 1, 6, "get")
                    .server("FA", 6, 1, "")
                    .after(0.01)
                    .serverPassive("R", 7, 0);
        }

        assertCause(read(capture), Cause.CONNECTION_LIMIT);
    }

    /// A greeting and its answer are a conversation.
    @Test
    void aServerThatGreetedAndWasHeardSentNobodyAway() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .server("PA", 1, 1, "HELO\n")
                                .client("PA", 1, 6, "get")
                                .after(0.01)
                                .server("A", 6, 4, "")
                                .server("RA", 6, 4, ""));

        assertThat(cause(diagnosis)).isNotEqualTo(Optional.of(Cause.CONNECTION_LIMIT));
    }

    /// Known words say what they say, and a greeting says nothing.
    @ParameterizedTest
    @CsvSource({
        "ERROR unsupported client family, PROTOCOL_VIOLATION",
        "220 FTP ready, SERVER_RESTART"
    })
    void wordsThatAreKnownSendNobodyAway(String words, Cause expected) throws Exception {
        int end = 1 + words.length();
        Diagnosis diagnosis =
                last(
                        answered(new TestCapture(9000).from(1001))
                                .after(0.2)
                                .from(1002)
                                .handshake()
                                .server("PA", 1, 1, words)
                                .server("RA", end, 1, ""));

        assertThat(cause(diagnosis)).contains(expected);
    }

    /// MySQL, Redis and a mail server do not let everybody in: none of the causes.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Host '10.0.0.1' is not allowed to connect to this MySQL server",
                "-DENIED Redis is running in protected mode",
                "554 5.7.1 Client host rejected: blocked using a list"
            })
    void aClientThatIsNotLetInMeetsNoLimit(String words) throws Exception {
        int end = 1 + words.length();
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .server("PA", 1, 1, words)
                                .server("RA", end, 1, ""));

        assertThat(diagnosis.leading()).isEmpty();
        assertThat(diagnosis.evidence())
                .anySatisfy(evidence -> assertThat(evidence.fact()).contains("let this client in"));
    }

    /// No room, and no judgement on who comes.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Server full, connection refused",
                "421 Connection refused, all lines are busy",
                "session not permitted: pool exhausted",
                "Welcome to the unblocked relay"
            })
    void aClientThatMeetsAFullServerMeetsALimit(String words) throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.from(port));
        }
        capture.from(1004).handshake().server("PA", 1, 1, words);

        assertThat(cause(last(capture.server("RA", 1 + words.length(), 1, ""))))
                .contains(Cause.CONNECTION_LIMIT);
    }

    /// Postfix says "too many connections" of a rate as well: here, no other is open.
    @Test
    void tooManyConnectionsOfAClientThatHasNoOtherAreARate() throws Exception {
        TestCapture capture = new TestCapture(25);
        String greeting = "220 mail.example ESMTP\r\n";
        int greeted = 1 + greeting.length();
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.2)
                    .from(port)
                    .handshake()
                    .server("PA", 1, 1, greeting)
                    .client("PA", 1, greeted, "QUIT\r\n")
                    .server("FPA", greeted, 7, "221 Bye\r\n")
                    .client("FA", 7, greeted + 10, "")
                    .server("A", greeted + 10, 8, "");
        }
        tooMany(capture, 1004);

        assertThat(cause(last(capture))).contains(Cause.RATE_LIMIT);
    }

    private static void tooMany(TestCapture capture, int port) {
        String words = "421 4.7.0 mail.example Error: too many connections from 10.0.0.1\r\n";
        int end = 1 + words.length();
        capture.after(0.2)
                .from(port)
                .handshake()
                .server("PA", 1, 1, words)
                .server("FA", end, 1, "")
                .client("PA", 1, end, "EHLO client\r\n")
                .serverPassive("R", end + 1, 0);
    }

    @Test
    void tooManyConnectionsOfAClientThatHasOthersAreALimit() throws Exception {
        TestCapture capture = new TestCapture(25);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.2)
                    .from(port)
                    .handshake()
                    .server("PA", 1, 1, "220 mail.example ESMTP\r\n")
                    .client("A", 1, 25, "");
        }
        tooMany(capture, 1004);

        assertThat(cause(last(capture))).contains(Cause.CONNECTION_LIMIT);
    }

    /// A client that is not served says goodbye, and the server is gone; one that comes back to a
    /// connection that was idle only closes it.
    @ParameterizedTest
    @CsvSource({
        "421 Too many connections from your host, [CONNECTION_LIMIT]",
        "421 Too many errors on this connection, [PROTOCOL_VIOLATION]",
        "421 Idle timeout; closing connection, []",
        "421 Service shutting down, []"
    })
    void aFarewellToAServerThatServesNobody(String words, String causes) throws Exception {
        String line = words + "\r\n";
        int end = 1 + line.length();

        CaptureReport report =
                read(
                        new TestCapture(2525)
                                .handshake()
                                .server("PA", 1, 1, line)
                                .server("FA", end, 1, "")
                                .client("PA", 1, end + 1, "QUIT\r\n")
                                .after(0.01)
                                .serverPassive("R", end + 1, 0));

        assertThat(
                        report.connections().stream()
                                .flatMap(each -> each.diagnosis().flatMap(Reports::cause).stream())
                                .toList())
                .hasToString(causes);
    }

    /// The question was lost, or the capture has one direction.
    @Test
    void anAnswerWhoseQuestionWasNotCapturedSendsNobodyAway() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .server("PA", 1, 5, "pong")
                                .server("RA", 5, 5, ""));

        assertThat(cause(diagnosis)).isNotEqualTo(Optional.of(Cause.CONNECTION_LIMIT));
    }

    /// What met the FIN on the way is the client's.
    @Test
    void aQuestionThatCrossedTheFinIsNoFarewell() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .client("PA", 1, 1, "ping")
                                .after(0.01)
                                .server("PA", 1, 5, "pong")
                                .after(4.4)
                                .client("PA", 5, 5, "ping")
                                .server("FA", 5, 5, "")
                                .after(0.01)
                                .serverPassive("R", 6, 0));

        assertThat(diagnosis.evidence())
                .noneSatisfy(each -> assertThat(each.fact()).contains("the server said"));
    }

    /// AMQP: a broker that speaks another version names it; one that repeats the client's goes on
    /// with it, as in AMQP 1.0.
    @ParameterizedTest(name = "{0}")
    @CsvSource({"1, true", "0, false"})
    void aBrokerOfAnotherVersion(int revision, boolean told) throws Exception {
        String header = "AMQP\u0000\u0000\t\u0000";
        String own = header.substring(0, 7) + (char) revision;
        TestCapture capture = new TestCapture(5672).handshake().client("PA", 1, 1, header);
        capture.after(0.001).server("PA", 1, 9, own).client("A", 9, 9, "").after(0.03);
        Diagnosis diagnosis = last(capture.server("RA", 9, 9, ""));

        assertThat(
                        diagnosis.evidence().stream()
                                .anyMatch(each -> each.fact().contains("another version of AMQP")))
                .isEqualTo(told);
        assertThat(cause(diagnosis).equals(Optional.of(Cause.PROTOCOL_VIOLATION))).isEqualTo(told);
    }

    /// With SASL, AMQP 1.0 begins twice: the second header is of another protocol.
    @Test
    void aBrokerThatBeginsTwice() throws Exception {
        String sasl = "AMQP\u0003\u0001\u0000\u0000";
        String header = "AMQP\u0000\u0001\u0000\u0000";
        TestCapture capture = new TestCapture(5672).handshake().client("PA", 1, 1, sasl);
        capture.after(0.001).server("PA", 1, 9, sasl).client("PA", 9, 9, header).after(0.001);
        capture.server("PA", 9, 17, header).client("A", 17, 17, "").after(0.03);

        assertThat(last(capture.server("RA", 17, 17, "")).evidence())
                .noneMatch(each -> each.fact().contains("another version"));
    }

    /// A terminal whose shell has not been used since it showed its prompt.
    @ParameterizedTest(name = "{0} s after the prompt")
    @CsvSource({"1.5, true", "0.2, false"})
    void aTerminalThatWasIdle(double later, boolean told) throws Exception {
        String words = "\r\nConnection timed out due to inactivity.\r\n";
        TestCapture capture = new TestCapture(2300).handshake().client("PA", 1, 1, "user\r\n");
        capture.after(0.001).server("PA", 1, 7, "$ ").client("A", 7, 3, "").after(later);
        capture.server("PA", 3, 7, words).client("A", 7, 3 + words.length(), "").after(0.07);
        Diagnosis diagnosis = last(capture.server("RA", 3 + words.length(), 7, ""));

        assertThat(
                        diagnosis.evidence().stream()
                                .anyMatch(each -> each.fact().contains("waited too long")))
                .isEqualTo(told);
    }

    /// A timer's words two seconds after an answer: the client had just been sending when that
    /// came, but not when the timer spoke.
    @Test
    void aTimerThatSpeaksAWhileAfterAnAnswer() throws Exception {
        String ok = "250 ok\r\n";
        String words = "421 4.4.2 mx1 Error: timeout exceeded\r\n";
        TestCapture capture = new TestCapture(2301).client("S", 0, 0, "").after(1);
        capture.client("S", 0, 0, "").server("SA", 0, 1, "").client("A", 1, 1, "");
        capture.after(0.13).client("PA", 1, 1, "NOOP\r\n").after(0.02).server("PA", 1, 7, ok);
        capture.client("A", 7, 1 + ok.length(), "").after(2);
        capture.server("PA", 1 + ok.length(), 7, words);
        int end = 1 + ok.length() + words.length();
        capture.client("A", 7, end, "").after(0.03).server("RA", end, 7, "");

        assertThat(cause(last(capture))).contains(Cause.IDLE_TIMEOUT);
    }
}
