package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Sender;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Why servers end connections, as far as one connection, and those beside it, can tell: the
/// captures are made as other servers than those of the lab behave.
class ServersReasonsTest {

    private static final String GET = "GET / HTTP/1.1\r\n\r\n";
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    private static final int ASKED = 1 + GET.length();
    private static final int ANSWERED = 1 + OK.length();

    @TempDir private Path folder;

    private static TestCapture answered(TestCapture capture) {
        return capture.handshake()
                .client("PA", 1, 1, GET)
                .after(0.01)
                .server("PA", 1, ASKED, OK)
                .client("A", ASKED, ANSWERED, "");
    }

    private static TestCapture closedWell(TestCapture capture) {
        return answered(capture)
                .client("FA", ASKED, ANSWERED, "")
                .server("FA", ANSWERED, ASKED + 1, "")
                .client("A", ASKED + 1, ANSWERED + 1, "");
    }

    private static TestCapture refused(TestCapture capture, int port) {
        return capture.from(port).client("S", 0, 0, "").after(0.001).serverPassive("RA", 0, 1);
    }

    // ---- timers

    /// vsftpd, PostgreSQL, IMAP servers: they say why, and close.
    @Test
    void partingWordsAfterSilenceAreATimers() throws Exception {
        int bye = 5 + "+bye\r\n".length();
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .client("PA", 1, 1, "ping")
                                .after(0.01)
                                .server("PA", 1, 5, "pong")
                                .client("A", 5, 5, "")
                                .after(2.7)
                                .server("PA", 5, 5, "+bye\r\n")
                                .server("FA", bye, 5, "")
                                .after(1)
                                .client("PA", 5, bye + 1, "ping")
                                .after(0.01)
                                .serverPassive("R", bye + 1, 0));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
    }

    @Test
    void aResetWithNothingUnreadAfterSilenceIsATimers() throws Exception {
        Diagnosis diagnosis =
                last(answered(new TestCapture(8000)).after(2.47).server("RA", ANSWERED, ASKED, ""));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
    }

    @Test
    void aResetWithSomethingUnreadAfterSilenceIsACrash() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .client("PA", 1, 1, "work")
                                .after(0.01)
                                .server("A", 1, 5, "")
                                .after(2.47)
                                .server("RA", 1, 5, ""));

        assertThat(cause(diagnosis)).contains(Cause.SERVER_RESTART);
    }

    @Test
    void anUnfinishedRequestIsWaitedForByATimer() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(8000)
                                .handshake()
                                .client("PA", 1, 1, "GET / HTTP/1.1\r\nHost: a\r\n")
                                .after(0.01)
                                .server("A", 1, 26, "")
                                .after(2.02)
                                .server("RA", 1, 26, ""));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
    }

    /// Three connections, each of which was in use so many seconds before the next.
    private static TestCapture three(double apart) {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.from(port)).after(apart);
        }
        return capture;
    }

    private static void closeThree(TestCapture capture) {
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).server("FA", ANSWERED, ASKED, "");
        }
    }

    private static void useThree(TestCapture capture) {
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.5)
                    .from(port)
                    .client("PA", ASKED, ANSWERED + 1, GET)
                    .after(0.01)
                    .serverPassive("R", ANSWERED + 1, 0);
        }
    }

    /// Redis looks for idle connections now and then: those that it ends together had been silent
    /// for about as long.
    @Test
    void connectionsThatAreSweptTogetherAreEndedByATimer() throws Exception {
        TestCapture capture = three(0.3).after(3);
        closeThree(capture);
        closedWell(capture.after(0.1).from(1004));
        useThree(capture);

        assertCause(read(capture), Cause.IDLE_TIMEOUT);
    }

    /// The same, but none is let in afterwards.
    @Test
    void connectionsThatAreEndedTogetherAndNoOtherIsServedAreARestart() throws Exception {
        TestCapture capture = three(0.3).after(3);
        closeThree(capture);
        useThree(capture);

        assertCause(read(capture), Cause.SERVER_RESTART);
    }

    /// The silences differ, but others were not ended: this looks for idle connections every five
    /// seconds.
    @Test
    void connectionsThatAreSweptWhileAnotherStaysOpenAreEndedByATimer() throws Exception {
        TestCapture capture = three(1.7).after(2);
        answered(capture.from(1004)).after(0.5);
        closeThree(capture);
        useThree(capture);
        capture.from(1004).client("FA", ASKED, ANSWERED, "").server("FA", ANSWERED, ASKED + 1, "");

        assertCause(read(capture), Cause.IDLE_TIMEOUT);
    }

    /// nginx reloads: old ones are closed, however long they were silent, and new ones are served.
    @Test
    void connectionsThatAreClosedAfterDifferentSilencesAndNoneStaysAreARestart() throws Exception {
        TestCapture capture = three(5).after(20);
        closeThree(capture);
        closedWell(capture.after(0.1).from(1004));
        useThree(capture);

        assertCause(read(capture), Cause.SERVER_RESTART);
    }

    /// Go: 400, when the head of a request does not come to its end in time.
    @Test
    void aComplaintAboutHalfARequestAfterASilenceIsATimers() throws Exception {
        String half = "GET / HTTP/1.1\r\nHost: a\r\n";
        String answer = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        TestCapture capture = new TestCapture(8000);
        capture.handshake().client("PA", 1, 1, half).after(2.01);
        capture.server("PA", 1, 1 + half.length(), answer)
                .server("RA", 1 + answer.length(), 1 + half.length(), "");

        assertThat(cause(last(capture))).contains(Cause.IDLE_TIMEOUT);
    }

    /// Three were cut at the same length by chance: another got further.
    @Test
    void whatAnotherHasPassedIsNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 3; i++) {
            cutAfter(capture.after(3).from(1001 + i), 40_000 + 100 * i, 0.5);
        }
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n";
        int end = 1 + answer.length() + 60_000;
        capture.after(1)
                .from(2000)
                .handshake()
                .client("PA", 1, 1, GET)
                .after(0.01)
                .server("PA", 1, ASKED, answer + "x".repeat(60_000))
                .client("FA", ASKED, end, "")
                .server("FA", end, ASKED + 1, "");

        assertThat(read(capture).connections())
                .hasSize(3)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .isNotEqualTo(Optional.of(Cause.TRANSFER_LIMIT)));
    }

    /// Each had got an answer of the same length before it fell silent.
    @Test
    void equalAnswersBeforeASilenceAreNoTransferLimit() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n";
        int end = 1 + answer.length() + 20_000;
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port)
                    .handshake()
                    .client("PA", 1, 1, GET)
                    .after(0.01)
                    .server("PA", 1, ASKED, answer + "x".repeat(20_000))
                    .client("A", ASKED, end, "")
                    .after(2.3)
                    .server("FA", end, ASKED, "")
                    .after(0.8)
                    .client("PA", ASKED, end + 1, GET)
                    .after(0.01)
                    .serverPassive("R", end + 1, 0);
        }

        assertCause(read(capture), Cause.IDLE_TIMEOUT);
    }

    /// nginx's `send_timeout`: the client does not read.
    @Test
    void whoIsNotReadIsNoTransferLimit() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n";
        int end = 1 + answer.length() + 20_000;
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port)
                    .handshake()
                    .client("PA", 1, 1, GET)
                    .after(0.01)
                    .server("PA", 1, ASKED, answer + "x".repeat(20_000))
                    .clientFull(ASKED, end)
                    .after(2.4)
                    .server("RA", end, ASKED, "");
        }

        assertCause(read(capture), Cause.IDLE_TIMEOUT);
    }

    /// A server that looks for idle connections now and then ends those together that fell silent
    /// together; one in use goes on.
    @Test
    void connectionsThatFellSilentTogetherAreEndedByATimer() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1004; port++) {
            answered(capture.from(port));
        }
        for (int i = 0; i < 4; i++) {
            int asked = 1 + i * GET.length();
            int answered = 1 + i * OK.length();
            capture.from(1004)
                    .client("PA", asked + GET.length(), answered + OK.length(), GET)
                    .after(0.01)
                    .server("PA", answered + OK.length(), asked + 2 * GET.length(), OK)
                    .after(0.9);
        }
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).server("FA", ANSWERED, ASKED, "");
        }
        int asked = 1 + 5 * GET.length();
        int answered = 1 + 5 * OK.length();
        capture.after(0.4).from(1004).client("PA", asked, answered, GET);
        capture.server("PA", answered, asked + GET.length(), OK).after(0.4);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port)
                    .client("PA", ASKED, ANSWERED + 1, GET)
                    .after(0.01)
                    .serverPassive("R", ANSWERED + 1, 0);
        }

        assertCause(read(capture), Cause.IDLE_TIMEOUT);
    }

    /// Apache httpd with mod_reqtimeout: clients that drip their requests are told, all at once.
    @Test
    void whoIsGivenAReasonWasNotKilled() throws Exception {
        String said = "HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n";
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).handshake().client("PA", 1, 1, "GET / HT");
        }
        for (int i = 0; i < 4; i++) {
            capture.after(0.7);
            for (int port = 1001; port <= 1003; port++) {
                capture.from(port).client("PA", 9 + i, 1, "x");
            }
        }
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).server("PA", 1, 13, said).server("FA", 1 + said.length(), 13, "");
        }
        capture.after(0.7);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port)
                    .client("PA", 13, 2 + said.length(), "x")
                    .after(0.01)
                    .serverPassive("R", 2 + said.length(), 0);
        }

        assertCause(read(capture), Cause.IDLE_TIMEOUT);
    }

    /// nginx with `reset_timedout_connection`: its timer for the head of a request runs from the
    /// start, whatever drips in.
    @Test
    void aRequestThatDripsIsEndedByATimer() throws Exception {
        TestCapture capture = new TestCapture(8000).handshake();
        int at = 1;
        for (int i = 0; i < 4; i++, at += 12) {
            capture.client("PA", at, 1, i == 0 ? "GET / HTTP/1" : "x".repeat(12))
                    .after(0.01)
                    .server("A", 1, at + 12, "")
                    .after(0.69);
        }

        Diagnosis diagnosis = last(capture.after(0.179).server("RA", 1, at, ""));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
    }

    // ---- the end of a program

    @Test
    void connectionsSilentForDifferentTimesThatEndTogetherWereKilled() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(1001)).after(1.7);
        answered(capture.from(1002)).after(2.3);
        capture.from(1001).server("FA", ANSWERED, ASKED, "");
        capture.from(1002).server("FA", ANSWERED, ASKED, "").after(1);
        for (int port = 1001; port <= 1002; port++) {
            capture.from(port)
                    .client("PA", ASKED, ANSWERED + 1, GET)
                    .after(0.01)
                    .serverPassive("R", ANSWERED + 1, 0);
        }

        assertThat(read(capture).connections())
                .hasSize(2)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.SERVER_RESTART));
    }

    @Test
    void refusedWhileClientsHoldConnectionsThatTheServerEndedIsARestart() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.from(port)).after(0.3);
        }
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).server("FA", ANSWERED, ASKED, "");
        }
        refused(capture.after(0.5), 2000).after(0.5);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port)
                    .client("PA", ASKED, ANSWERED + 1, GET)
                    .after(0.01)
                    .serverPassive("R", ANSWERED + 1, 0);
        }

        assertThat(read(capture).connections())
                .hasSize(4)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.SERVER_RESTART));
    }

    /// A proxy whose backend is down takes connections and closes them.
    @Test
    void takenAndClosedWithoutAByteByAServerThatServesNobodyIsADownBackend() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.3)
                    .from(port)
                    .handshake()
                    .server("FA", 1, 1, "")
                    .after(0.05)
                    .client("PA", 1, 2, GET)
                    .after(0.01)
                    .serverPassive("R", 2, 0);
        }

        assertCause(read(capture), Cause.SERVER_RESTART);
    }

    @Test
    void refusedRightAfterTheFinIsARestart() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(40_000)).after(1.84).server("FA", ANSWERED, ASKED, "");
        refused(capture.after(0.4), 40_001).after(6);
        capture.from(40_000)
                .client("PA", ASKED, ANSWERED + 1, GET)
                .after(0.01)
                .serverPassive("R", ANSWERED + 1, 0);

        assertThat(cause(read(capture).connections().getFirst().diagnosis().orElseThrow()))
                .contains(Cause.SERVER_RESTART);
    }

    /// A worker that is killed closes all that it had, whether they were silent or not.
    @Test
    void allThatWereOpenClosedTogetherIsARestart() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 40_000; port < 40_003; port++) {
            answered(capture.from(port)).after(0.3);
        }
        capture.after(1.1);
        for (int port = 40_000; port < 40_003; port++) {
            capture.from(port).server("FA", ANSWERED, ASKED, "");
        }
        for (int port = 40_001; port < 40_003; port++) {
            capture.from(port)
                    .client("FA", ASKED, ANSWERED + 1, "")
                    .server("A", ANSWERED + 1, ASKED + 1, "");
        }
        capture.after(2)
                .from(40_000)
                .client("PA", ASKED, ANSWERED + 1, GET)
                .after(0.01)
                .serverPassive("R", ANSWERED + 1, 0);

        assertThat(cause(last(capture))).contains(Cause.SERVER_RESTART);
    }

    // ---- upon what was received

    @Test
    void aResetUponUnusualDataInAConversationIsAProtocolViolation() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .client("PA", 1, 1, "hello")
                                .after(0.01)
                                .server("PA", 1, 6, "hello")
                                .after(0.1)
                                .client("PA", 6, 6, "nonsense")
                                .after(0.01)
                                .server("RA", 6, 14, ""));

        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
    }

    @Test
    void aResetUponOneMoreOfManyEqualRequestsIsARateLimit() throws Exception {
        TestCapture capture = new TestCapture(9000).handshake();
        int at = 1;
        for (int i = 0; i < 5; i++, at += 5) {
            capture.client("PA", at, at, "hello").after(0.02).server("PA", at, at + 5, "hello");
        }

        Diagnosis diagnosis =
                last(
                        capture.client("PA", at, at, "hello")
                                .after(0.01)
                                .server("RA", at, at + 5, ""));

        assertThat(cause(diagnosis)).contains(Cause.RATE_LIMIT);
    }

    @Test
    void whatTheClientSentAfterTheEndBrokeNothing() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(1883)
                                .handshake()
                                .server("FA", 1, 1, "")
                                .after(0.1)
                                .client("PA", 1, 2, "no CONNECT")
                                .after(0.01)
                                .serverPassive("R", 2, 0));

        assertThat(cause(diagnosis)).contains(Cause.CONNECTION_LIMIT);
    }

    @Test
    void httpToAServerThatGreetsAsSshIsAProtocolViolation() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(2222)
                                .handshake()
                                .server("PA", 1, 1, "SSH-2.0-OpenSSH_9.2\r\n")
                                .after(0.5)
                                .client("PA", 1, 22, GET)
                                .after(0.3)
                                .server("RA", 22, ASKED, ""));

        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
        assertThat(diagnosis.evidence())
                .anySatisfy(evidence ->
                        assertThat(evidence.fact()).contains("greets as SSH", "speaks HTTP"));
    }

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

    /// Other protocols than its own on a well-known port: the server understood it.
    @Test
    void whatTheServerAnsweredBrokeNothing() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(3306)
                                .handshake()
                                .client("PA", 1, 1, "PING 123")
                                .after(0.01)
                                .server("PA", 1, 9, "PONG")
                                .client("A", 9, 5, "")
                                .after(5.01)
                                .server("RA", 5, 9, ""));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
        assertThat(diagnosis.evidence())
                .noneSatisfy(evidence ->
                        assertThat(evidence.decibans()).containsKey(Cause.PROTOCOL_VIOLATION));
    }

    // ---- captures of SYN, FIN and RST alone

    /// `tcpdump 'tcp[tcpflags] & (tcp-syn|tcp-fin|tcp-rst) != 0'`: the numbers of the RST tell that
    /// there was no silence.
    @Test
    void whatWasNotCapturedIsNoSilence() throws Exception {
        TestCapture capture =
                new TestCapture(8000)
                        .client("S", 0, 0, "")
                        .after(0.001)
                        .server("SA", 0, 1, "")
                        .after(5)
                        .server("RA", 30_001, 93, "");

        Diagnosis diagnosis = last(capture);

        assertThat(cause(diagnosis)).isEmpty();
        assertThat(diagnosis.evidence())
                .anySatisfy(evidence ->
                        assertThat(evidence.fact())
                                .contains("from the client 92 B, from the server 30000 B"));
    }

    @Test
    void whatWasNotCapturedIsNoSilenceOfOthersEither() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1004; port++) {
            capture.from(port)
                    .client("S", 0, 0, "")
                    .after(0.001)
                    .server("SA", 0, 1, "")
                    .after(2.3)
                    .server("RA", 174, 225, "");
        }

        assertThat(cause(last(capture))).isEmpty();
    }

    /// Of others nothing is known: they did not fall silent with the one that was captured.
    @Test
    void whoeverEndsWithOthersThatWereNotCapturedIsNotIdle() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(1000));
        for (int port = 1001; port <= 1004; port++) {
            capture.from(port).client("S", 0, 0, "").after(0.001).server("SA", 0, 1, "");
        }
        capture.after(4.3);
        for (int port = 1001; port <= 1004; port++) {
            capture.from(port).server("RA", 174, 225, "");
        }
        capture.from(1000).server("FA", ANSWERED, ASKED, "").after(1);

        Diagnosis diagnosis =
                read(capture.client("PA", ASKED, ANSWERED + 1, GET)
                                .after(0.001)
                                .serverPassive("R", ANSWERED + 1, 0))
                        .connections()
                        .getFirst()
                        .diagnosis()
                        .orElseThrow();

        assertThat(cause(diagnosis)).contains(Cause.SERVER_RESTART);
    }

    @ParameterizedTest
    @CsvSource({"0, 19", "39, 0", "40, 19"})
    void numbersThatAreNoneMissNothing(int sequence, int acknowledged) throws Exception {
        // Both sides begin so that 0 is ahead.
        int client = -1000;
        int server = -2000;
        int asked = client + ASKED;
        int answered = server + ANSWERED;
        Diagnosis diagnosis =
                last(
                        new TestCapture(8000)
                                .client("S", client, 0, "")
                                .server("SA", server, client + 1, "")
                                .client("PA", client + 1, server + 1, GET)
                                .after(0.01)
                                .server("PA", server + 1, asked, OK)
                                .client("A", asked, answered, "")
                                .after(60.02)
                                .server(
                                        "RA",
                                        sequence == 0 ? 0 : server + sequence,
                                        acknowledged == 0 ? 0 : client + acknowledged,
                                        ""));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
    }

    @Test
    void partingWordsThatAreSeenAfterTheFinAreCaptured() throws Exception {
        String bye = "+bye\r\n";
        int end = ANSWERED + bye.length();
        Diagnosis diagnosis =
                last(
                        answered(new TestCapture(8000))
                                .after(60.02)
                                .server("FA", end, ASKED, "")
                                .after(0.0002)
                                .server("PA", ANSWERED, ASKED, bye)
                                .after(5)
                                .client("PA", ASKED, end + 1, GET)
                                .after(0.02)
                                .serverPassive("R", end + 1, 0));

        assertThat(diagnosis.evidence())
                .anySatisfy(evidence ->
                        assertThat(evidence.fact()).contains("closed after 60.0 s of silence"));
    }

    @Test
    void whoeverSaidNothingByTheNumbersTurnedAway() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            closedWell(capture.from(port).after(0.1));
        }
        capture.after(0.1).from(1004).client("S", 0, 0, "").after(0.001).server("SA", 0, 1, "");

        assertThat(cause(last(capture.after(0.002).server("RA", 1, 36, ""))))
                .contains(Cause.RATE_LIMIT);
    }

    /// memcached, Varnish, slapd: what is too large is not read to its end.
    @Test
    void whatIsSentAsAWholeAndResetEachTimeIsTooLarge() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(1).from(port).handshake();
            for (int i = 0; i < 12; i++) {
                capture.client("PA", 1 + i * 1000, 1, "x".repeat(1000));
            }
            capture.after(0.01).server("RA", 1, 4001, "");
        }

        assertCause(read(capture), Cause.PROTOCOL_VIOLATION);
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

    // ---- limits

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

    /// 100 Continue is no answer.
    @Test
    void anUploadThatStallsIsEndedByATimer() throws Exception {
        String put = "PUT / HTTP/1.1\r\nContent-Length: 9999\r\n\r\n" + "x".repeat(100);
        String go = "HTTP/1.1 100 Continue\r\n\r\n";
        Diagnosis diagnosis =
                last(
                        new TestCapture(8000)
                                .handshake()
                                .client("PA", 1, 1, put)
                                .after(0.01)
                                .server("PA", 1, 1 + put.length(), go)
                                .after(30.002)
                                .server("RA", 1 + go.length(), 1 + put.length(), ""));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
    }

    /// A keep-alive probe with a byte, right before a timer's farewell.
    @Test
    void aProbeIsNoQuestion() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .client("PA", 1, 1, "ping")
                                .after(0.01)
                                .server("PA", 1, 5, "pong")
                                .after(59.9)
                                .client("A", 4, 5, "g")
                                .server("A", 5, 5, "")
                                .after(0.1)
                                .server("PA", 5, 5, "bye")
                                .server("FA", 8, 5, "")
                                .after(1)
                                .client("PA", 5, 9, "ping")
                                .after(0.01)
                                .serverPassive("R", 9, 0));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
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

    /// Each is ended after as many questions: they come once a second, and so does the end.
    @Test
    void conversationsByTheSecondAreNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            converse(capture.after(0.3 + 0.11 * i).from(1001 + i), 1, 4.045);
        }

        assertThat(cause(last(capture))).isNotEqualTo(Optional.of(Cause.TRANSFER_LIMIT));
    }

    /// `timeout 3 socat ...`: each session is ended at its age, however its client uses it.
    @Test
    void conversationsThatEndAtTheSameAgeAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            converse(capture.after(0.3 + 0.11 * i).from(1001 + i), 0.21 + 0.02 * i, 3.005);
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    /// 3.4 s are no timer's.
    @Test
    void conversationsThatEndAtTheSameOddAgeAreNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            converse(capture.after(0.3 + 0.11 * i).from(1001 + i), 0.21 + 0.02 * i, 3.4);
        }

        assertThat(cause(last(capture))).isNotEqualTo(Optional.of(Cause.TRANSFER_LIMIT));
    }

    /// Questions and answers until the server closes at `age`, in the middle of them.
    private static void converse(TestCapture capture, double every, double age) {
        capture.handshake();
        int at = 1;
        double now = 0.021;
        for (; now + every + 0.02 < age; now += every, at += 4) {
            capture.after(every - 0.0111).client("PA", at, at, "ping").after(0.01);
            capture.server("PA", at, at + 4, "pong").after(0.0009);
        }
        capture.after(age - now).server("FA", at, at, "");
        capture.after(0.05).client("PA", at, at + 1, "ping").after(0.01);
        capture.serverPassive("R", at + 1, 0);
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

    /// MQTT 5.0, 3.1.
    @Test
    void aSecondConnectIsAProtocolViolation() throws Exception {
        String connect = "\u0010\u000c\u0000\u0004MQTT\u0005\u0002\u0000<\u0000\u0000";
        int once = 1 + connect.length();
        Diagnosis diagnosis =
                last(
                        new TestCapture(1883)
                                .handshake()
                                .client("PA", 1, 1, connect)
                                .after(0.01)
                                .server("PA", 1, once, " \u0003\u0000\u0000\u0000")
                                .after(0.2)
                                .client("PA", once, 6, connect)
                                .after(0.01)
                                .server("RA", 6, once + connect.length(), ""));

        assertThat(diagnosis.evidence())
                .anySatisfy(each -> assertThat(each.fact()).contains("a second CONNECT"));
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

    /// Those that were served say nothing more until the capture ends: they are open all the same.
    @Test
    void turnedAwayBesideSilentConnectionsIsAConnectionLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1004; port++) {
            answered(capture.after(0.25).from(port));
        }
        for (int port = 1005; port <= 1007; port++) {
            capture.after(0.25)
                    .from(port)
                    .handshake()
                    .client("PA", 1, 1, GET)
                    .after(0.02)
                    .server("RA", 1, ASKED, "");
        }

        assertCause(read(capture), Cause.CONNECTION_LIMIT);
    }

    /// A pool of threads that is full: closed with the request unread, seen from far away.
    @Test
    void closedAndResetWithoutAnAnswerBesideOthersIsAConnectionLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.after(0.25).from(port));
        }
        for (int port = 1004; port <= 1006; port++) {
            capture.after(0.25)
                    .from(port)
                    .handshake()
                    .client("PA", 1, 1, "hello")
                    .after(0.06)
                    .server("FA", 1, 6, "")
                    .server("RA", 2, 6, "");
        }

        assertCause(read(capture), Cause.CONNECTION_LIMIT);
    }

    /// What takes 150 ms there and back comes at once after 160.
    @Test
    void whatIsAtOnceDependsOnTheDistance() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .client("S", 0, 0, "")
                                .after(0.15)
                                .server("SA", 0, 1, "")
                                .client("A", 1, 1, "")
                                .client("PA", 1, 1, "hello")
                                .after(0.15)
                                .server("PA", 1, 6, "hello")
                                .after(1)
                                .client("PA", 6, 6, "nonsense")
                                .after(0.16)
                                .server("RA", 6, 14, ""));

        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
    }

    /// The SYN waited in a queue: how far away the server is, it does not tell.
    @Test
    void aSynThatWasAnsweredLateSaysNothingOfTheDistance() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .client("S", 0, 0, "")
                                .after(1.02)
                                .server("SA", 0, 1, "")
                                .client("A", 1, 1, "")
                                .serverPassive("R", 1, 0));

        assertThat(diagnosis.sender()).isEqualTo(Sender.SERVER);
        assertThat(cause(diagnosis)).contains(Cause.CONNECTION_LIMIT);
    }

    /// A full accept queue resets what comes: there is no program that could have read it.
    @Test
    void whereNoSocketWasNothingThatWasSaidMatters() throws Exception {
        TestCapture capture = answered(new TestCapture(8443).from(1000));
        capture.from(1001).handshake().client("PA", 1, 1, GET).after(0.01).serverPassive("R", 1, 0);

        assertThat(cause(last(capture))).contains(Cause.CONNECTION_LIMIT);
    }

    @Test
    void servedAndRefusedInTurnsIsARateLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 9; i++) {
            capture.after(0.1);
            if (i % 3 == 2) {
                refused(capture, 1000 + i);
            } else {
                closedWell(capture.from(1000 + i));
            }
        }

        assertThat(read(capture).connections())
                .hasSize(3)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.RATE_LIMIT));
    }

    @Test
    void refusedOnceAndForAWhileIsARestart() throws Exception {
        TestCapture capture = closedWell(new TestCapture(8000).from(1000));
        for (int i = 1; i < 4; i++) {
            refused(capture.after(0.3), 1000 + i);
        }
        closedWell(capture.after(0.3).from(1004));

        assertThat(read(capture).connections())
                .hasSize(3)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.SERVER_RESTART));
    }

    @Test
    void turnedAwayAfterOthersWereServedAlikeIsARateLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 4; i++) {
            closedWell(capture.after(0.1).from(1000 + i));
        }
        capture.after(0.1).from(2000).handshake().client("PA", 1, 1, GET).after(0.02);

        Diagnosis diagnosis = last(capture.server("RA", 1, ASKED, ""));

        assertThat(cause(diagnosis)).contains(Cause.RATE_LIMIT);
    }

    @Test
    void cutsAtTheSameLengthOneAfterTheOtherAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 3; i++) {
            cutAfter(capture.from(1000 + i), 12_000, 0.2 + 0.3 * i);
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    @Test
    void cutsAtTheSameAgeAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 3; i++) {
            cutAfter(capture.from(1000 + i), 12_000 + 5_000 * i, 3);
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    /// An answer of `bytes` in ten parts, and a reset in the middle of it.
    private static void cutAfter(TestCapture capture, int bytes, double seconds) {
        capture.after(1).handshake().client("PA", 1, 1, GET);
        int part = bytes / 10;
        for (int i = 0; i < 10; i++) {
            capture.after(seconds / 10).server("A", 1 + i * part, ASKED, "x".repeat(part));
        }
        capture.after(0.06).server("RA", 1 + bytes, ASKED, "");
    }

    private static void assertCause(CaptureReport report, Cause cause) {
        assertThat(report.connections())
                .hasSize(3)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow())).contains(cause));
    }

    /// A firewall counts bytes; what it forwarded last is seen only roughly.
    @Test
    void twoCutsOnTheWayAtAboutTheSameLengthAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        closedWell(capture.from(40_000));
        forgedAfter(capture.after(1).from(40_001), 40_000);
        forgedAfter(capture.after(3).from(40_002), 39_200);

        assertThat(cause(last(capture))).contains(Cause.TRANSFER_LIMIT);
    }

    private static void forgedAfter(TestCapture capture, int bytes) {
        capture.handshake().client("PA", 1, 1, GET).after(0.02);
        for (int sent = 0; sent < bytes; sent += 1000) {
            int size = Math.min(1000, bytes - sent);
            capture.server("A", 1 + sent, ASKED, "x".repeat(size)).after(0.01);
            capture.client("A", ASKED, 1 + sent + size, "").after(0.01);
        }
        capture.forged("RA", 1 + bytes, ASKED, 63);
    }

    @Test
    void aTimeLimitOfAnUploadThatKeptFlowingIsATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000).handshake();
        int at = 1;
        for (int i = 0; i < 20; i++) {
            capture.client("PA", at, 1, "part").after(0.2);
            at += 4;
            capture.server("A", 1, at, "");
        }
        String timeout = "HTTP/1.1 408 Request Timeout\r\n\r\n";
        capture.server("PA", 1, at, timeout).server("FA", 1 + timeout.length(), at, "");
        capture.after(0.01)
                .client("PA", at, 1, "part")
                .after(0.02)
                .serverPassive("R", 2 + timeout.length(), 0);

        assertThat(cause(last(capture))).contains(Cause.TRANSFER_LIMIT);
    }

    @Test
    void refusedWhileAConnectionFromBeforeGoesOnIsNoRestart() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(39_000));
        for (int port = 40_000; port < 40_004; port++) {
            closedWell(capture.from(port)).after(0.01);
        }
        capture.after(1);
        refused(capture, 41_000).after(0.1);
        refused(capture, 41_001).after(3);
        capture.from(39_000)
                .client("FA", ASKED, ANSWERED, "")
                .server("FA", ANSWERED, ASKED + 1, "")
                .client("A", ASKED + 1, ANSWERED + 1, "");

        assertThat(cause(last(capture))).contains(Cause.RATE_LIMIT);
    }

    // ---- reset by somebody else

    /// One handshake waited in a queue: the server is nearer than that looks.
    @Test
    void aServerIsAsFarAwayAsItsQuickestAnswer() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 40_000; port < 40_003; port++) {
            capture.from(port)
                    .handshake()
                    .client("PA", 1, 1, GET)
                    .after(0.02)
                    .server("RA", 1, ASKED, "");
        }
        capture.from(41_000)
                .client("S", 0, 0, "")
                .after(0.3)
                .server("SA", 0, 1, "")
                .client("A", 1, 1, "")
                .client("PA", 1, 1, GET)
                .after(0.02)
                .server("RA", 1, ASKED, "");

        assertThat(last(capture).sender()).isEqualTo(Sender.SERVER);
    }

    /// A NAT that lost its mapping: the server sees a stranger.
    @ParameterizedTest
    @ValueSource(ints = {0, 3600, 3 * 3600})
    void aServerThatForgetsOneConnectionAfterSilenceAndNotAnother(int older) throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(40_000)).after(older);
        answered(capture.from(40_001));
        capture.after(7)
                .client("PA", ASKED, ANSWERED, GET)
                .after(0.02)
                .serverPassive("R", ANSWERED, 0)
                .after(1)
                .from(40_000)
                .client("FA", ASKED, ANSWERED, "")
                .server("FA", ANSWERED, ASKED + 1, "")
                .client("A", ASKED + 1, ANSWERED + 1, "");

        assertThat(cause(last(capture))).contains(Cause.IDLE_TIMEOUT);
    }

    /// Only what the client sent was captured.
    @Test
    void aHandshakeOfWhichOneDirectionWasSeenIsNoRefusal() throws Exception {
        CaptureReport report =
                read(
                        new TestCapture(8000)
                                .client("S", 0, 0, "")
                                .client("A", 1, 1, "")
                                .client("PA", 1, 1, GET)
                                .forged("R", 1, 0, 63));

        assertThat(report.connections().getFirst().end()).isEqualTo(ConnectionEnd.RESET);
    }

    @Test
    void aServerThatForgetsAtOnceWasResetOrIsBehindAFirewall() throws Exception {
        Diagnosis diagnosis =
                last(
                        answered(new TestCapture(8000))
                                .after(0.1)
                                .client("PA", ASKED, ANSWERED, GET)
                                .after(0.01)
                                .serverPassive("R", ANSWERED, 0));

        assertThat(cause(diagnosis)).contains(Cause.MIDDLEBOX);
    }

    @Test
    void aServerThatForgetsAfterAWhileWasRestarted() throws Exception {
        Diagnosis diagnosis =
                last(
                        answered(new TestCapture(8000))
                                .after(3)
                                .client("PA", ASKED, ANSWERED, GET)
                                .after(0.01)
                                .serverPassive("R", ANSWERED, 0));

        assertThat(cause(diagnosis)).contains(Cause.SERVER_RESTART);
    }

    @Test
    void aClientThatForgetsAtOnceWasReset() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(8000)
                                .handshake()
                                .client("PA", 1, 1, GET)
                                .after(0.05)
                                .server("PA", 1, ASKED, OK)
                                .clientPassive("R", ASKED, 0));

        assertThat(diagnosis.sender()).isEqualTo(Sender.CLIENT);
        assertThat(cause(diagnosis)).contains(Cause.MIDDLEBOX);
    }

    @Test
    void aResetWithoutTheTimeStampAndTheIdOfItsSideIsForeign() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).withTimestamps()).after(0.1);

        Diagnosis diagnosis =
                last(
                        capture.client("PA", ASKED, ANSWERED, GET)
                                .after(0.02)
                                .server("A", ANSWERED, ASKED + GET.length(), "")
                                .serverPassive("RA", ANSWERED, ASKED + GET.length()));

        assertThat(diagnosis.sender()).isEqualTo(Sender.MIDDLEBOX);
    }

    @Test
    void aShortRequestOnAConnectionThatTlsHasClosedIsUnwelcome() throws Exception {
        String request = "\u0017\u0003\u0003\u0000,".concat("x".repeat(44));
        String farewell = "\u0017\u0003\u0003\u0000\u0013".concat("x".repeat(19));

        Diagnosis diagnosis =
                last(
                        new TestCapture()
                                .handshake()
                                .client("PA", 1, 1, request)
                                .after(0.01)
                                .server("PA", 1, 50, request)
                                .client("A", 50, 50, "")
                                .after(5.01)
                                .server("PA", 50, 50, farewell)
                                .server("FA", 74, 50, "")
                                .after(1)
                                .client("PA", 50, 75, request)
                                .after(0.01)
                                .serverPassive("R", 75, 0));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
    }

    // ---- nobody answers

    /// Packets of 1,400 bytes are lost on the way, and the ICMP message that says so as well.
    @Test
    void whatIsTooLargeForTheWayIsLostOnIt() throws Exception {
        TestCapture capture = new TestCapture(8000);
        capture.handshake().client("PA", 1, 1, GET).after(0.01);
        capture.server("PA", 1, ASKED, "x".repeat(100)).client("A", ASKED, 101, "");
        for (int i = 0; i < 5; i++) {
            capture.server("A", 101, ASKED, "x".repeat(1400)).after(0.4 * (i + 1));
        }
        capture.client("FA", ASKED, 101, "").server("A", 101, ASKED + 1, "");

        CaptureReport report = read(capture);

        assertThat(report.connections())
                .singleElement()
                .satisfies(each -> assertThat(each.end()).isEqualTo(ConnectionEnd.TIMEOUT));
        assertThat(cause(last(capture))).contains(Cause.MIDDLEBOX);
    }

    /// A client that waits for two seconds.
    @Test
    void aSynThatWasRepeatedOnceAndThenNoMoreIsLost() throws Exception {
        TestCapture capture = new TestCapture(8000);
        capture.from(1001).client("S", 0, 0, "").after(1).client("S", 0, 0, "");
        closedWell(capture.after(3).from(1002));

        assertThat(read(capture).connections())
                .singleElement()
                .satisfies(each -> assertThat(each.end()).isEqualTo(ConnectionEnd.TIMEOUT));
    }

    /// A firewall that drops all: no limit of connections, although one is open.
    @Test
    void aSynThatIsIgnoredAsAnotherConnectionIsIsNoConnectionLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(1001));
        for (int i = 0; i < 5; i++) {
            capture.after(0.2 * (i + 1)).client("PA", ASKED, ANSWERED, GET);
        }
        capture.from(1002).client("S", 0, 0, "").after(1).client("S", 0, 0, "");
        capture.after(1).client("S", 0, 0, "").after(1);
        capture.from(1001).client("PA", ASKED, ANSWERED, GET);

        assertThat(cause(last(capture))).contains(Cause.MIDDLEBOX);
    }

    /// One client vanished; that the server ignores a SYN of another has another reason.
    @Test
    void aClientThatVanishedSaysNothingOfASynThatIsIgnored() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(1001));
        answered(capture.from(1003));
        for (int i = 0; i < 4; i++) {
            capture.after(0.2 * (i + 1)).from(1001).server("PA", ANSWERED, ASKED, "event");
        }
        capture.from(1002).client("S", 0, 0, "").after(1).client("S", 0, 0, "");
        capture.after(1).client("S", 0, 0, "").after(1);

        assertThat(cause(last(capture))).contains(Cause.CONNECTION_LIMIT);
    }

    /// Clients that close by RST were not cut.
    @Test
    void refusedOnTheWayAfterOthersClosedByResetIsARateLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.after(0.1).from(port)).client("RA", ASKED, ANSWERED, "");
        }
        capture.after(0.1).from(1004).client("S", 0, 0, "").forged("RA", 0, 1, 64);

        assertThat(cause(last(capture))).contains(Cause.RATE_LIMIT);
    }

    /// A firewall that cuts what is open and refuses what is new has a new rule, and no rate.
    @Test
    void refusedOnTheWayRightAfterOthersWereCutIsNoRateLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(1001));
        capture.after(0.3).client("PA", ASKED, ANSWERED, GET).forged("R", ANSWERED, 0, 64);
        capture.after(0.3).from(1002).client("S", 0, 0, "").forged("RA", 0, 1, 64);
        closedWell(capture.after(5).from(1003));

        CaptureReport report = read(capture);

        assertThat(report.connections())
                .hasSize(2)
                .allSatisfy(each ->
                        assertThat(cause(each.diagnosis().orElseThrow()))
                                .contains(Cause.MIDDLEBOX));
    }

    /// The capture may end before the next one.
    @Test
    void aSynThatWasRepeatedOnceAtTheEndOfTheCaptureIsNotLost() throws Exception {
        TestCapture capture = new TestCapture(8000);
        capture.from(1001).client("S", 0, 0, "").after(1).client("S", 0, 0, "");
        closedWell(capture.after(1).from(1002));

        assertThat(read(capture).connections()).isEmpty();
    }

    /// A NAT that forgot it: the server was never restarted, because it took others all the time.
    @Test
    void whatIsNotKnownAfterASilenceWhileOthersAreTakenIsATimers() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(1001));
        for (int port = 1002; port <= 1005; port++) {
            closedWell(capture.after(1).from(port));
        }
        capture.from(1001)
                .after(1)
                .client("PA", ASKED, ANSWERED, GET)
                .after(0.01)
                .serverPassive("R", ANSWERED, 0);

        assertThat(cause(last(capture))).contains(Cause.IDLE_TIMEOUT);
    }

    // ---- no problem

    /// Python's `ssl` says farewell and waits; the client closes without reading it.
    @Test
    void aClientThatResetsUponASealedFarewellHasAllItWanted() throws Exception {
        String answer = "\u0017\u0003\u0003\u0000@" + "x".repeat(64);
        String farewell = "\u0017\u0003\u0003\u0000\u0013" + "x".repeat(19);

        CaptureReport report =
                read(
                        new TestCapture()
                                .handshake()
                                .client("PA", 1, 1, "hello")
                                .after(0.01)
                                .server("PA", 1, 6, answer + farewell)
                                .after(0.1)
                                .client("RA", 6, 94, ""));

        assertThat(report.connections()).isEmpty();
    }

    private static Optional<Cause> cause(Diagnosis diagnosis) {
        return diagnosis.leading().map(Diagnosis.RankedCause::cause);
    }

    private Diagnosis last(TestCapture capture) throws Exception {
        return read(capture).connections().getLast().diagnosis().orElseThrow();
    }

    // ---- what others show

    /// Three requests cross the FINs of a keep-alive timer: seen at the client, nobody was silent.
    @Test
    void requestsThatCrossATimersFinsAreNoSpeech() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.from(port)).after(0.1);
        }
        capture.after(4.6);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).client("PA", ASKED, ANSWERED, GET + "X".repeat(port - 1000));
        }
        capture.after(0.03);
        closeThree(capture);
        capture.after(0.005);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).serverPassive("R", ANSWERED, 0);
        }

        assertCause(read(answered(capture.from(1004))), Cause.IDLE_TIMEOUT);
    }

    /// Events that a server sends, by no second, until the stream is so old.
    @ParameterizedTest
    @CsvSource({"4.005, TRANSFER_LIMIT", "4.4, SERVER_RESTART"})
    void streamsThatEndAtTheSameAge(double age, Cause expected) throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            stream(capture.after(0.3 + 0.11 * i).from(1001 + i), 0.43 + 0.02 * i, age);
        }

        assertCause(read(capture), expected);
    }

    private static void stream(TestCapture capture, double every, double age) {
        capture.handshake().client("PA", 1, 1, "follow");
        int at = 1;
        double now = 0.0203;
        for (; now + every < age; now += every + 0.0002, at += 5) {
            capture.after(every).server("PA", at, 7, "event").client("A", 7, at + 5, "");
        }
        capture.after(age - now).server("RA", at, 7, "");
    }

    /// A firewall that ends each session at its age waits for the next packet of it.
    @Test
    void sessionsThatAMiddleboxEndsAtTheSameAgeAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            capture.after(0.7).from(1001 + i).handshake();
            int at = 1;
            for (int j = 0; j < 20; j++, at += 4) {
                capture.after(0.24 + 0.003 * i).client("PA", at, at, "ping").after(0.01);
                capture.server("PA", at, at + 4, "pong");
            }
            capture.after(0.24).client("PA", at, at, "ping").forged("R", at, 0, 255);
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    /// A PUT that lasts too long, not one that is too large: as far as it came, it is as long each
    /// time.
    @ParameterizedTest
    @CsvSource({"0.6, TRANSFER_LIMIT", "0.347, PROTOCOL_VIOLATION"})
    void uploadsThatEndAfterAsManyBytes(double each, Cause expected) throws Exception {
        String put = "PUT / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n";
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.7).from(port).handshake().client("PA", 1, 1, put);
            int at = 1 + put.length();
            for (int i = 0; i < 10; i++, at += 1200) {
                capture.after(each - 0.0022 + (i == 0 ? 0 : 0.0021));
                capture.client("A", at, 1, "x".repeat(1200));
            }
            capture.server("RA", 1, at, "");
        }

        assertCause(read(capture), expected);
    }

    /// What was said on two connections that share a path ends when a rule is put up; what is
    /// repeated afterwards keeps none of them open.
    @Test
    void aRuleThatCutsAndRefusesIsNoLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1004; port++) {
            capture.from(port).handshake().client("PA", 1, 1, GET).after(0.01);
            capture.server("A", 1, ASKED, "x".repeat(1000)).after(0.1);
        }
        for (int i = 1; i <= 20; i++) {
            for (int port = 1001; port <= 1004; port++) {
                capture.from(port).server("A", 1 + i * 1000, ASKED, "x".repeat(1000));
                capture.client("A", ASKED, 1001 + i * 1000, "").after(0.02);
            }
        }
        for (int port = 1001; port <= 1004; port++) {
            capture.from(port).forged("R", 21_001, 0, 64).after(0.01);
        }
        for (int i = 0; i < 5; i++) {
            for (int port = 1001; port <= 1004; port++) {
                capture.after(0.1).from(port).server("A", 20_001, ASKED, "x".repeat(1000));
                capture.clientPassive("R", ASKED, 0);
            }
            capture.from(1005 + i).client("S", 0, 0, "").forged("RA", 0, 1, 64);
        }

        assertThat(read(capture).connections())
                .hasSize(9)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.MIDDLEBOX));
    }

    /// A NAT forgot three that had fallen silent together; their clients ask together.
    @Test
    void clientsThatAskTogetherAreNoEndOfTheServer() throws Exception {
        TestCapture capture = new TestCapture(6379);
        answered(capture.from(1004));
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.from(port));
        }
        for (int i = 0, at = 0; i < 7; i++, at++) {
            capture.after(1).from(1004).client("PA", ASKED + at, ANSWERED + at, "p").after(0.01);
            capture.server("PA", ANSWERED + at, ASKED + at + 1, "q");
        }
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).client("PA", ASKED, ANSWERED, GET).after(0.01);
            capture.serverPassive("R", ANSWERED, 0);
        }
        capture.from(1004).client("FA", ASKED + 7, ANSWERED + 7, "").after(0.01);
        capture.server("FA", ANSWERED + 7, ASKED + 8, "").client("A", ASKED + 8, ANSWERED + 8, "");

        CaptureReport report = read(capture);

        assertCause(report, Cause.IDLE_TIMEOUT);
        assertThat(report.connections().getFirst().diagnosis().orElseThrow().evidence())
                .noneSatisfy(evidence -> assertThat(evidence.fact()).contains("together"));
    }

    /// A container is back within two seconds, and knows nothing.
    @Test
    void aServerThatForgotWhileNobodyCameForTwoSecondsWasRestarted() throws Exception {
        TestCapture capture = new TestCapture(6379);
        answered(capture.from(1001));
        closedWell(capture.after(0.5).from(1002));
        capture.after(2.2).from(1001).client("PA", ASKED, ANSWERED, GET).after(0.01);
        capture.serverPassive("R", ANSWERED, 0);
        closedWell(capture.from(1003));

        assertThat(cause(read(capture).connections().getFirst().diagnosis().orElseThrow()))
                .contains(Cause.SERVER_RESTART);
    }

    /// stunnel: the server ends what is not TLS without a word.
    @Test
    void aClientThatDoesNotSpeakAsOthersDo() throws Exception {
        String record = "\u0016\3\3\0\2ab";
        TestCapture capture = new TestCapture(6380);
        for (int port = 1001; port <= 1012; port += 2) {
            capture.after(0.3).from(port).handshake().client("PA", 1, 1, record);
            capture.after(0.01).server("PA", 1, 8, record).client("A", 8, 8, "");
            if (port % 4 == 1) {
                capture.from(port + 1).handshake().client("PA", 1, 1, "*1\r\n$4\r\nPING\r\n");
                capture.after(0.02).server("RA", 1, 15, "");
            }
            capture.from(port).client("FA", 8, 8, "").after(0.01);
            capture.server("FA", 8, 9, "").client("A", 9, 9, "");
        }

        assertCause(read(capture), Cause.PROTOCOL_VIOLATION);
    }

    /// A health check by HTTP at a port of LDAP: its address is always turned away, and is not why.
    @Test
    void aClientOfHttpWhereOthersSpeakLdap() throws Exception {
        TestCapture capture = new TestCapture(389);
        for (int port = 1001; port <= 1006; port++) {
            capture.after(0.3).from(port).handshake();
            if (port % 2 == 1) {
                capture.client("PA", 1, 1, "0\f\2\1\1`").after(0.01);
                capture.server("PA", 1, 7, "0\f\2\1\1a").client("FA", 7, 7, "");
                capture.after(0.01).server("FA", 7, 8, "").client("A", 8, 8, "");
            } else {
                capture.client("PA", 1, 1, GET).after(0.02);
                capture.server("FA", 1, ASKED, "").server("RA", 2, ASKED, "");
            }
        }

        assertCause(read(capture), Cause.PROTOCOL_VIOLATION);
    }

    /// A port that is usually one for TLS, and is none here.
    @Test
    void whatTheServerAgreesToIsNoViolation() throws Exception {
        String get = "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        int asked = 1 + get.length();
        String upgrade = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
        String close = "\u0088\26\3\u00f0rate limit exceeded.";
        int switched = 1 + upgrade.length();
        int end = switched + close.length();

        Diagnosis diagnosis =
                last(
                        new TestCapture(8443)
                                .handshake()
                                .client("PA", 1, 1, get)
                                .after(0.02)
                                .server("PA", 1, asked, upgrade)
                                .after(0.3)
                                .client("PA", asked, switched, "\u0081\u0084abcdefgh")
                                .after(0.02)
                                .server("PA", switched, asked + 10, close)
                                .server("FA", end, asked + 10, "")
                                .after(0.02)
                                .client("PA", asked + 10, end + 1, "\u0081\u0084abcdefgh")
                                .after(0.02)
                                .serverPassive("R", end + 1, 0));

        assertThat(cause(diagnosis)).as("%s", diagnosis.evidence()).contains(Cause.RATE_LIMIT);
    }

    /// Varnish with `http_req_size`: heads are too long, and all alike.
    @Test
    void headsThatAreTooLongAreNoTransferLimit() throws Exception {
        String head = "GET / HTTP/1.1\r\n" + "X: y\r\n".repeat(2000) + "\r\n";
        TestCapture capture = new TestCapture(80);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.4).from(port).handshake();
            for (int at = 0; at < head.length(); at += 1400) {
                int to = Math.min(head.length(), at + 1400);
                capture.client("A", 1 + at, 1, head.substring(at, to));
            }
            capture.after(0.01).server("RA", 1, 1 + head.length(), "");
        }

        assertCause(read(capture), Cause.PROTOCOL_VIOLATION);
    }

    /// A supervisor starts a server again that crashes again: no limit, though it looks like turns.
    @Test
    void refusedRightAfterAllWereClosedIsARestart() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int round = 0; round < 4; round++) {
            int port = 1001 + round * 10;
            answered(capture.from(port));
            answered(capture.from(port + 1));
            capture.after(0.7);
            capture.from(port).server("FA", ANSWERED, ASKED, "");
            capture.from(port + 1).server("FA", ANSWERED, ASKED, "");
            capture.after(0.1);
            for (int each = port; each <= port + 1; each++) {
                capture.from(each).client("PA", ASKED, ANSWERED + 1, GET).after(0.01);
                capture.serverPassive("R", ANSWERED + 1, 0);
            }
            refused(capture.after(0.2), port + 2);
            capture.after(0.5);
        }

        assertThat(read(capture).connections())
                .filteredOn(connection -> connection.end() == ConnectionEnd.REFUSED)
                .hasSize(4)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.SERVER_RESTART));
    }

    /// Two requests side by side, whose client closes both, are no end of the server.
    @Test
    void refusedRightAfterClientsClosedIsNoRestart() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int round = 0; round < 2; round++) {
            int port = 1001 + round * 10;
            closedWell(capture.from(port));
            closedWell(capture.from(port + 1));
            refused(capture.after(0.2), port + 2);
            capture.after(0.5);
        }

        assertThat(cause(last(capture))).contains(Cause.RATE_LIMIT);
    }

    /// A content filter reads the eighth command; each client says the same by the same clock.
    @Test
    void sessionsThatAreCutForTheirWordsAreNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.7).from(port).handshake();
            int at = 1;
            for (int j = 0; j < 8; j++, at += 5) {
                capture.after(0.24).client("PA", at, at, "say " + j).after(0.01);
                if (j < 7) {
                    capture.server("PA", at, at + 5, "heard");
                }
            }
            capture.forged("R", at - 5, 0, 255);
        }

        assertCause(read(capture), Cause.MIDDLEBOX);
    }

    /// A RST that was not accepted ends nothing: three are open when others are refused.
    @Test
    void aRejectedResetLeavesTheConnectionOpen() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.from(port)).client("R", 5000, 0, "");
            capture.after(0.01).server("A", ANSWERED, ASKED, "");
        }
        int last = ANSWERED;
        for (int i = 0; i < 6; i++, last += 4) {
            capture.after(0.5);
            if (i == 3) {
                refused(refused(capture, 1004).after(0.1), 1005);
            }
            for (int port = 1001; port <= 1003; port++) {
                capture.from(port).server("PA", last, ASKED, "more");
                capture.client("A", ASKED, last + 4, "");
            }
        }

        assertThat(read(capture).connections())
                .filteredOn(connection -> connection.end() == ConnectionEnd.REFUSED)
                .hasSize(2)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.CONNECTION_LIMIT));
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

    /// A server that knows no such host turns away whoever names it.
    @Test
    void whatOthersWereGivenOfAnotherHostIsNotTheSame() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1005; port++) {
            boolean known = port <= 1003;
            String host = known ? "www.example.org" : "192.0.2.9";
            String get = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
            int asked = 1 + get.length();
            capture.after(0.1).from(port).handshake().client("PA", 1, 1, get).after(0.01);
            if (known) {
                capture.server("PA", 1, asked, OK).client("FA", asked, ANSWERED, "");
                capture.server("FA", ANSWERED, asked + 1, "");
                capture.client("A", asked + 1, ANSWERED + 1, "");
            } else {
                capture.server("RA", 1, asked, "");
            }
        }

        assertThat(cause(last(capture))).isNotEqualTo(Optional.of(Cause.RATE_LIMIT));
    }

    /// Gateways end the connection with which too much was asked; what else they say differs.
    @Test
    void requestsForTheSameAreAlike() throws Exception {
        TestCapture capture = new TestCapture(8000).handshake();
        int asked = 1;
        int at = 1;
        for (int i = 0; i < 5; i++) {
            String get = "GET /ticker HTTP/1.1\r\nX: " + "x".repeat(i * i) + "\r\n\r\n";
            capture.after(0.02).client("PA", asked, at, get).after(0.01);
            asked += get.length();
            if (i < 4) {
                capture.server("PA", at, asked, OK);
                at += OK.length();
            }
        }

        assertThat(cause(last(capture.server("RA", at, asked, "")))).contains(Cause.RATE_LIMIT);
    }

    /// nginx with `limit_req` and `return 444`.
    @Test
    void whatOthersWereGivenIsNoViolation() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1006; port++) {
            String get = "GET /api HTTP/1.1\r\nX: " + "x".repeat((port * port) % 83) + "\r\n\r\n";
            int asked = 1 + get.length();
            capture.after(0.1).from(port).handshake().client("PA", 1, 1, get).after(0.01);
            if (port < 1005) {
                capture.server("PA", 1, asked, OK).client("FA", asked, ANSWERED, "");
                capture.server("FA", ANSWERED, asked + 1, "");
                capture.client("A", asked + 1, ANSWERED + 1, "");
            } else {
                capture.server("RA", 1, asked, "");
            }
        }

        assertThat(cause(last(capture))).contains(Cause.RATE_LIMIT);
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

    private CaptureReport read(TestCapture capture) throws Exception {
        Path file = Files.write(folder.resolve("reasons.pcap"), capture.pcap());
        return Capture.read(List.of(file), InputStream.nullInputStream(), CaptureOptions.usual());
    }
}
