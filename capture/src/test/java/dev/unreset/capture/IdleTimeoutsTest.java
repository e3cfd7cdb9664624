package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ANSWERED;
import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.OK;
import static dev.unreset.capture.Conversations.answered;
import static dev.unreset.capture.Conversations.closedWell;
import static dev.unreset.capture.Conversations.refused;
import static dev.unreset.capture.Reports.assertCause;
import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.last;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Named.named;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Ends that are a timer's, and those that only look so.
class IdleTimeoutsTest {

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

    /// Clients of MQTT that fall silent one after the other, and are closed together.
    @Test
    void whoDoesNotKeepItsPromiseToSpeakIsClosed() throws Exception {
        TestCapture capture = promising(2).after(3.3);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).server("FA", 5, 1 + CONNECT.length(), "");
        }

        CaptureReport report = read(notKnown(capture.after(1), 6));

        assertCause(report, Cause.IDLE_TIMEOUT);
        assertThat(report.connections().getFirst().diagnosis().orElseThrow().remedies().getFirst())
                .satisfies(remedy -> assertThat(remedy.action()).contains("PINGREQ, every 2 s"));
    }

    /// Nobody who closed says so: the server was started anew meanwhile.
    @Test
    void whoseServerIsGoneBrokeNoPromise() throws Exception {
        assertCause(read(notKnown(promising(2).after(3.3), 5)), Cause.SERVER_RESTART);
    }

    /// A server that waits for a hundred times as long does not look at it, and one that is still
    /// within half as long again has no reason.
    @ParameterizedTest
    @ValueSource(doubles = {1.5, 200})
    void whoEndsItSoonerOrMuchLaterDidNotLookAtThePromise(double silence) throws Exception {
        TestCapture capture = promising(2).after(silence);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).server("FA", 5, 1 + CONNECT.length(), "");
        }
        for (int port = 2001; port <= 2003; port++) {
            refused(capture.after(0.1), port);
        }

        assertThat(read(notKnown(capture.after(1), 6)).connections())
                .isNotEmpty()
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.SERVER_RESTART));
    }

    /// A client's request that crossed the server's end on its way, and was overtaken by the
    /// client's own.
    @Test
    void aRequestThatItsOwnEndOvertookWasSentAllTheSame() throws Exception {
        int asked = ASKED + GET.length();
        TestCapture capture = answered(new TestCapture(8080)).after(2.003);
        capture.server("FA", ANSWERED, ASKED, "").after(0.05).client("FA", asked, ANSWERED + 1, "");
        capture.after(0.02).serverPassive("R", ANSWERED + 1, 0);
        capture.client("PA", ASKED, ANSWERED + 1, GET).serverPassive("R", ANSWERED + 1, 0);

        assertThat(cause(last(capture))).contains(Cause.IDLE_TIMEOUT);
    }

    /// MQTT 5: what the server answers to CONNECT may replace the time that the client named.
    static Stream<Arguments> answersToConnect() {
        String serverKeepAlive = "\u0013\u0001,";
        String long90 = "\u001a\u0000Z" + "x".repeat(90);
        String long40 = "\u0012\u0000(" + "y".repeat(40);
        return Stream.of(
                arguments(named("Server Keep Alive", connack(serverKeepAlive)), false),
                arguments(named("Receive Maximum of 19", connack("!\u0000\u0013")), true),
                arguments(
                        named(
                                "behind a User Property",
                                connack("&\u0000\u0002re\u0000\u0002eu" + serverKeepAlive)),
                        false),
                arguments(
                        named("behind 136 bytes", connack(long90 + long40 + serverKeepAlive)),
                        false),
                arguments(named("an unknown property", connack("P\u0001")), false),
                arguments(
                        named(
                                "MQTT 3.1.1, and a PUBLISH of 19 bytes",
                                " \u0002\u0000\u0000" + "0\u0013\u0000\u0001a" + "z".repeat(16)),
                        true));
    }

    private static String connack(String properties) {
        int length = properties.length();
        String count = length < 128 ? "" + (char) length : (char) ((length & 127) | 128) + "\u0001";
        int all = 2 + count.length() + length;
        String body = all < 128 ? "" + (char) all : (char) ((all & 127) | 128) + "\u0001";
        return " " + body + "\u0000\u0000" + count + properties;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("answersToConnect")
    void aPromiseThatTheServerReplacedSaysNothing(String answer, boolean told) throws Exception {
        String connect = "\u0010\u000f\u0000\u0004MQTT\u0005\u0002\u0000\u0002\u0000\u0000\u0002ab";
        int once = 1 + connect.length();
        int answered = 1 + answer.length();
        TestCapture capture = new TestCapture(1883).handshake().client("PA", 1, 1, connect);
        capture.after(0.01).server("PA", 1, once, answer).client("A", once, answered, "");
        capture.after(3.3).server("FA", answered, once, "").after(0.5);
        capture.client("PA", once, answered + 1, "\u00c0\u0000").after(0.01);
        capture.serverPassive("R", answered + 1, 0);

        assertThat(last(capture).evidence().toString().contains("CONNECT of MQTT")).isEqualTo(told);
    }

    private static final String CONNECT =
            "\u0010\u000e\u0000\u0004MQTT\u0004\u0002\u0000\u0000\u0000\u0002ab";

    /// Three clients that say that they will speak every so many seconds.
    private static TestCapture promising(int seconds) {
        String connect = CONNECT.substring(0, 11) + (char) seconds + CONNECT.substring(12);
        int once = 1 + connect.length();
        TestCapture capture = new TestCapture(1883);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).after(0.6).handshake().client("PA", 1, 1, connect).after(0.01);
            capture.server("PA", 1, once, " \u0002\u0000\u0000").client("A", once, 5, "");
        }
        return capture;
    }

    private static TestCapture notKnown(TestCapture capture, int acknowledged) {
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).client("PA", 1 + CONNECT.length(), acknowledged, "\u00c0\u0000");
            capture.after(0.02).serverPassive("R", acknowledged, 0);
        }
        return capture;
    }

    /// No other is open at last, as after a restart; but so many had been silent for as long.
    @Test
    void manyThatWereClosedAfterTheSameSilenceMetATimer() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 6; i++) {
            answered(capture.from(1001 + i)).after(2.7).server("FA", ANSWERED, ASKED, "");
        }
        capture.after(1);
        for (int i = 0; i < 6; i++) {
            capture.from(1001 + i).client("PA", ASKED, ANSWERED + 1, GET);
        }
        capture.after(0.02);
        for (int i = 0; i < 6; i++) {
            capture.from(1001 + i).serverPassive("R", ANSWERED + 1, 0);
        }

        assertThat(cause(last(capture))).contains(Cause.IDLE_TIMEOUT);
    }

    @Test
    void halfASecondIsATimersToo() throws Exception {
        TestCapture capture = answered(new TestCapture(8000)).after(2.502);
        capture.server("FA", ANSWERED, ASKED, "").after(1).client("PA", ASKED, ANSWERED + 1, GET);

        assertThat(cause(last(capture.after(0.01).serverPassive("R", ANSWERED + 1, 0))))
                .contains(Cause.IDLE_TIMEOUT);
    }

    /// The capture begins when the connection has long been open: it was not closed right after its
    /// handshake.
    @Test
    void whatIsClosedWhenTheCaptureBeginsHadBeenIdle() throws Exception {
        TestCapture capture = new TestCapture(8000).from(40_001);
        capture.server("FA", 1, 1, "").client("A", 1, 2, "").after(1.4).client("PA", 1, 2, GET);
        Diagnosis diagnosis = last(capture.after(0.01).serverPassive("R", 2, 0));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
        assertThat(diagnosis.evidence())
                .noneSatisfy(each -> assertThat(each.fact()).contains("handshake"));
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

    /// Go: 400, when the head of a request does not come to its end in time. Half a request is
    /// given up, and then begun anew on the closed connection.
    @Test
    void halfARequestThatIsGivenUpIsATimers() throws Exception {
        String half = GET.substring(0, GET.length() - 2);
        String said = "HTTP/1.1 408 Request Timeout\r\nConnection: close\r\n\r\n";
        int asked = 1 + half.length();
        int end = 2 + said.length();
        TestCapture capture = new TestCapture(8000).handshake().client("PA", 1, 1, half).after(1);
        capture.server("PA", 1, asked, said).server("FA", end - 1, asked, "");
        capture.client("A", asked, end, "").after(8).client("PA", asked, end, half).after(0.02);

        assertThat(cause(last(capture.serverPassive("R", end, 0)))).contains(Cause.IDLE_TIMEOUT);
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

    /// What the server did not understand was long ago.
    @Test
    void aComplaintOfLongAgoIsNoReason() throws Exception {
        String error = "-ERR unknown command 'GETT'\r\n";
        int end = 1 + error.length();
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .client("PA", 1, 1, "GETT a\r\n")
                                .after(0.01)
                                .server("PA", 1, 9, error)
                                .client("A", 9, end, "")
                                .after(12.3)
                                .server("FA", end, 9, "")
                                .after(1)
                                .client("PA", 9, end + 1, "GET a\r\n")
                                .after(0.01)
                                .serverPassive("R", end + 1, 0));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
    }

    /// One new byte of a client, which was acknowledged, is no probe.
    @Test
    void aNewByteIsNoProbe() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .client("PA", 1, 1, "x")
                                .after(0.01)
                                .server("A", 1, 2, "")
                                .after(0.2)
                                .client("RA", 2, 1, ""));

        assertThat(cause(diagnosis)).contains(Cause.CLIENT_ABORT);
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

    private static void closeThree(TestCapture capture) {
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).server("FA", ANSWERED, ASKED, "");
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

    /// Three connections, each of which was in use so many seconds before the next.
    private static TestCapture three(double apart) {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.from(port)).after(apart);
        }
        return capture;
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

    /// The other one speaks every two seconds, and the capture ends before it does again.
    @Test
    void aServerThatForgetsOneConnectionWhileAnotherSpeaks() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(40_000));
        answered(capture.from(40_001)).from(40_000);
        for (int i = 0; i < 6; i++) {
            capture.after(2).client("PA", ASKED + i, ANSWERED + i, "x");
            capture.server("PA", ANSWERED + i, ASKED + i + 1, "x");
        }
        capture.from(40_001).client("PA", ASKED, ANSWERED, GET).after(0.02);
        capture.serverPassive("R", ANSWERED, 0);

        assertThat(cause(last(capture))).contains(Cause.IDLE_TIMEOUT);
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

    /// One refusal in all that time is not the server's end; two in a row are, and so is one in the
    /// last ten seconds.
    @ParameterizedTest(name = "refused after {0} and {1}")
    @CsvSource({"20, 30, IDLE_TIMEOUT", "20, 20, SERVER_RESTART", "20, 105, SERVER_RESTART"})
    void refusedWhileOthersAreTaken(int first, int second, Cause expected) throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(1001));
        for (int i = 1; i <= 110; i++) {
            closedWell(capture.after(0.9).from(2000 + i));
            if (i == first) {
                refused(capture, 3000);
            }
            if (i == second) {
                refused(capture, 3001);
            }
        }
        capture.from(1001).after(1).client("PA", ASKED, ANSWERED, GET).after(0.01);
        capture.serverPassive("R", ANSWERED, 0);

        assertThat(cause(read(capture).connections().getFirst().diagnosis().orElseThrow()))
                .contains(expected);
    }

    /// A host may be started anew in the last seconds of a long silence, and of a short one in its
    /// last eighth.
    @ParameterizedTest(name = "silent for {0} s, another went on for {1}")
    @CsvSource({
        "83, 75, SERVER_RESTART",
        "83, 81, IDLE_TIMEOUT",
        "8, 5.5, SERVER_RESTART",
        "8, 7.5, IDLE_TIMEOUT"
    })
    void anotherThatWentOnWhileOneWasSilent(double silence, double another, Cause expected)
            throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(40_000));
        answered(capture.from(40_001)).after(another);
        capture.from(40_000).client("FA", ASKED, ANSWERED, "");
        capture.server("FA", ANSWERED, ASKED + 1, "").client("A", ASKED + 1, ANSWERED + 1, "");
        capture.after(silence - another).from(40_001).client("PA", ASKED, ANSWERED, GET);
        capture.after(0.02).serverPassive("R", ANSWERED, 0);

        assertThat(cause(last(capture))).contains(expected);
    }

    /// Whoever goes on through it all, and afterwards, has the same server, whomever that refused.
    @Test
    void anotherThatWentOnThroughItAllWhileTheServerRefused() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(40_000));
        answered(capture.from(40_001)).after(20);
        refused(capture, 40_002);
        capture.after(21).from(40_001).client("PA", ASKED, ANSWERED, GET).after(0.02);
        capture.serverPassive("R", ANSWERED, 0).after(1).from(40_000);
        capture.client("FA", ASKED, ANSWERED, "").server("FA", ANSWERED, ASKED + 1, "");

        assertThat(cause(read(capture).connections().getFirst().diagnosis().orElseThrow()))
                .contains(Cause.IDLE_TIMEOUT);
    }

    /// It went on until a second before, but nobody could begin anew.
    @Test
    void anotherThatWentOnWhileTheServerRefused() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(40_000));
        answered(capture.from(40_001)).after(20);
        refused(capture, 40_002);
        capture.after(19).from(40_000).client("FA", ASKED, ANSWERED, "");
        capture.server("FA", ANSWERED, ASKED + 1, "").client("A", ASKED + 1, ANSWERED + 1, "");
        capture.after(1).from(40_001).client("PA", ASKED, ANSWERED, GET).after(0.02);
        capture.serverPassive("R", ANSWERED, 0);

        assertThat(cause(read(capture).connections().getFirst().diagnosis().orElseThrow()))
                .contains(Cause.SERVER_RESTART);
    }

    /// A server looks once a second for connections that have been idle for two.
    @Test
    void connectionsThatAreEndedInTwoSweepsMetATimer() throws Exception {
        assertCause(read(swept(2.2, 2.5, 2.9)), Cause.IDLE_TIMEOUT);
    }

    /// One of those that were ended later had been idle for longer when the first was.
    @Test
    void whoStaysThoughItIsIdleWasNotSwept() throws Exception {
        assertThat(read(swept(2.2, 2.5, 3.25)).connections())
                .hasSize(3)
                .allSatisfy(connection ->
                        assertThat(connection.diagnosis().orElseThrow().evidence())
                                .noneSatisfy(evidence ->
                                        assertThat(evidence.fact()).contains("at another time")));
    }

    /// Three connections that are used again: one is ended after `first` seconds without a word,
    /// and a second later the two others.
    private static TestCapture swept(double first, double second, double third) {
        TestCapture capture = new TestCapture(8000);
        double[] begins = {5 - third, 4 - first, 5 - second};
        double now = 0;
        for (int i = 0; i < 3; i++) {
            answered(capture.after(begins[i] - now).from(1001 + i));
            now = begins[i] + 0.0307;
        }
        capture.after(4 - now);
        for (int port : new int[] {1002, 1001, 1003}) {
            capture.from(port).server("FA", ANSWERED, ASKED, "");
            capture.client("A", ASKED, ANSWERED + 1, "").after(port == 1002 ? 1 : 0);
        }
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).after(0.4).client("PA", ASKED, ANSWERED + 1, GET);
            capture.after(0.01).serverPassive("R", ANSWERED + 1, 0);
        }
        return capture;
    }
}
