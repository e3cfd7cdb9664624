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

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Evidence;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The end of a program or of a host, as connections beside each other show it.
class RestartsTest {

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

    /// One of two workers crashes with three connections in use, and the other goes on.
    @Test
    void aWorkerThatCrashesBesideAnotherMetNoLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1006; port++) {
            answered(capture.after(0.05).from(port));
        }
        for (int i = 1; i <= 8; i++) {
            int asked = 1 + i * GET.length();
            int said = 1 + i * OK.length();
            for (int port = i > 5 ? 1004 : 1001; port <= 1006; port++) {
                capture.after(0.004).from(port).client("PA", asked, said, GET).after(0.004);
                if (port > 1003 || i < 5) {
                    capture.server("PA", said, asked + GET.length(), OK);
                }
            }
            for (int port = 1001; i == 5 && port <= 1003; port++) {
                capture.from(port).server("RA", said, asked + GET.length(), "");
            }
        }

        assertThat(cause(read(capture).connections().getFirst().diagnosis().orElseThrow()))
                .contains(Cause.SERVER_RESTART);
    }

    /// A worker of several is killed, three times: each time with downloads that have just begun.
    @Test
    void aWorkerThatCrashesWithFreshDownloads() throws Exception {
        TestCapture capture = new TestCapture(8000);
        String piece = "x".repeat(1400);
        for (int first = 1001; first <= 1009; first += 4) {
            capture.after(2);
            for (int port = first; port < first + 4; port++) {
                capture.from(port).client("S", 0, 0, "").server("SA", 0, 1, "");
                capture.client("A", 1, 1, "").client("PA", 1, 1, GET);
                capture.server("A", 1, ASKED, piece).server("A", 1401, ASKED, piece);
            }
            capture.after(0.02);
            for (int port = first; port < first + 4; port++) {
                capture.from(port).server("RA", 2801, ASKED, "");
            }
            closedWell(capture.after(0.05).from(first + 100));
        }

        assertThat(read(capture).connections())
                .hasSize(12)
                .allSatisfy(each ->
                        assertThat(each.diagnosis().flatMap(Reports::cause))
                                .contains(Cause.SERVER_RESTART));
    }

    /// A pool of three that asks too fast: each is reset right after its own request.
    @Test
    void aPoolThatIsResetEachUponItsOwnRequestMetALimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1005; port++) {
            answered(capture.after(0.05).from(port));
        }
        for (int i = 1; i <= 6; i++) {
            int asked = 1 + i * GET.length();
            int said = 1 + i * OK.length();
            for (int port = 1001; port <= 1005; port++) {
                capture.after(0.007).from(port).client("PA", asked, said, GET).after(0.0004);
                if (i < 6 || port > 1003) {
                    capture.server("PA", said, asked + GET.length(), OK);
                } else {
                    capture.server("RA", said, asked + GET.length(), "");
                }
            }
        }
        capture.after(0.02).from(1005).client("PA", 1 + 7 * GET.length(), 1 + 7 * OK.length(), GET);
        capture.after(0.0004).server("PA", 1 + 7 * OK.length(), 1 + 8 * GET.length(), OK);

        assertCause(read(capture), Cause.RATE_LIMIT);
    }

    /// A connection for each request: the server crashes with five that it has not read, and is
    /// back soon.
    @Test
    void freshRequestsThatAreResetTogetherAreACrash() throws Exception {
        TestCapture capture = closedWell(new TestCapture(8000)).after(1.7);
        for (int port = 1101; port <= 1105; port++) {
            capture.after(0.002)
                    .from(port)
                    .handshake()
                    .client("PA", 1, 1, "GET /" + "x".repeat(port - 1000) + " HTTP/1.1\r\n\r\n");
        }
        for (int port = 1101; port <= 1105; port++) {
            int asked = 1 + "GET / HTTP/1.1\r\n\r\n".length() + port - 1000;
            capture.from(port).server("RA", 1, asked, "");
        }
        closedWell(capture.after(0.6).from(1021));

        assertThat(cause(last(capture))).contains(Cause.SERVER_RESTART);
    }

    /// Three that begin together, and are each reset upon what they say second; what the server had
    /// said before is long, as a certificate is.
    @Test
    void aBurstThatIsRefusedBehindALongGreetingIsNoCrash() throws Exception {
        String greeting = "x".repeat(1300);
        TestCapture capture = new TestCapture(8000);
        for (int round = 1100; round <= 1300; round += 100) {
            closedWell(capture.after(1.7).from(round));
            capture.from(round + 1).client("S", 0, 0, "").server("SA", 0, 1, "");
            capture.client("A", 1, 1, "").client("PA", 1, 1, "hello");
            for (int port = round + 1; port <= round + 3; port++) {
                capture.from(port).after(0.0005).server("PA", 1, 6, greeting);
                if (port < round + 3) {
                    capture.from(port + 1).client("S", 0, 0, "").server("SA", 0, 1, "");
                    capture.client("A", 1, 1, "").client("PA", 1, 1, "hello");
                }
                capture.from(port).client("PA", 6, 1301, "frobnicate " + port).after(0.0002);
                capture.server("RA", 1301, 21, "");
            }
            closedWell(capture.after(0.04).from(round + 10));
        }

        assertThat(read(capture).connections())
                .hasSize(9)
                .allSatisfy(each ->
                        assertThat(each.diagnosis().flatMap(Reports::cause))
                                .contains(Cause.PROTOCOL_VIOLATION));
    }

    /// Two that ask too often, each reset upon its last request, by chance in the same moment,
    /// while a third is served.
    @Test
    void aFewThatAreResetAtOnceWhileOthersAreServedMetALimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(1001));
        answered(capture.after(0.5).from(1002));
        answered(capture.after(0.05).from(1003));
        for (int i = 1; i <= 5; i++) {
            for (int port = 1002; port <= 1003; port++) {
                int asked = 1 + i * GET.length();
                int said = 1 + i * OK.length();
                capture.after(0.02).from(port).client("PA", asked, said, GET).after(0.01);
                if (i < 5) {
                    capture.server("PA", said, asked + GET.length(), OK);
                } else {
                    capture.server("RA", said, asked + GET.length(), "");
                }
            }
        }
        capture.after(0.02).from(1001).client("PA", ASKED, ANSWERED, GET);
        capture.after(0.01).server("PA", ANSWERED, ASKED + GET.length(), OK);

        assertThat(read(capture).connections())
                .hasSize(2)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.RATE_LIMIT));
    }

    /// gunicorn, killed while it read an upload; nothing else is in the capture.
    @Test
    void whoTookAnUploadForSecondsAndEndsItWithoutAWordWasKilled() throws Exception {
        assertThat(cause(last(uploadCutAfter(20)))).contains(Cause.SERVER_RESTART);
    }

    @Test
    void whoEndsAnUploadAsItBeginsRefusesIt() throws Exception {
        assertThat(cause(last(uploadCutAfter(2)))).contains(Cause.PROTOCOL_VIOLATION);
    }

    /// A person types a command, which is refused when it is whole.
    @Test
    void whatIsTypedIsNoUpload() throws Exception {
        TestCapture capture = new TestCapture(8000).from(1001).handshake();
        for (int i = 0; i < 20; i++) {
            capture.after(0.15).client("PA", 1 + i, 1, "x").server("A", 1, 2 + i, "");
        }
        capture.server("FA", 1, 21, "").client("PA", 21, 1, "x").serverPassive("R", 1, 0);

        assertThat(cause(last(capture))).contains(Cause.PROTOCOL_VIOLATION);
    }

    /// An upload of which the server takes so many packets, a tenth of a second from each other.
    private static TestCapture uploadCutAfter(int packets) {
        String head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n";
        String block = "x".repeat(1000);
        TestCapture capture = new TestCapture(8000).from(1001).handshake().client("PA", 1, 1, head);
        int sent = 1 + head.length();
        for (int i = 0; i < packets; i++) {
            capture.after(0.1).client("A", sent, 1, block).server("A", 1, sent + 1000, "");
            sent += 1000;
        }
        return capture.server("FA", 1, sent, "")
                .client("A", sent, 1, block)
                .serverPassive("R", 1, 0);
    }

    /// Workers of one server that are restarted one after the other; each has an idle client.
    @ParameterizedTest(name = "{0} workers")
    @ValueSource(ints = {2, 3})
    void workersThatEndInTurnAreNoTimer(int workers) throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < workers; i++) {
            answered(capture.from(1001 + i).after(0.31));
        }
        capture.after(0.35);
        for (int i = 0; i < workers; i++) {
            capture.from(1001 + i).after(0.71).server("FA", ANSWERED, ASKED, "");
        }
        for (int i = 0; i < workers; i++) {
            capture.from(1001 + i)
                    .after(0.3)
                    .client("PA", ASKED, ANSWERED + 1, GET)
                    .after(0.01)
                    .serverPassive("R", ANSWERED + 1, 0);
        }

        assertThat(read(capture).connections())
                .hasSize(workers)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.SERVER_RESTART));
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

    /// What the server did next tells whether it was gone: within two seconds, or within thirty if
    /// it did nothing else.
    @ParameterizedTest(name = "after {0} s, others taken meanwhile: {1}")
    @CsvSource({
        "0.5, false, the server refused 1 connection right after",
        "1.9, false, the server refused 1 connection right after",
        "12, false, the next that the server did was to refuse a connection",
        "12, true, ''",
        "35, false, ''"
    })
    void aRefusalAfterAnAbortIsASign(double later, boolean others, String sign) throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_000)).after(0.01);
        capture.client("PA", ASKED, ANSWERED, GET).after(0.02);
        capture.server("RA", ANSWERED, ASKED + GET.length(), "").after(later / 2);
        if (others) {
            closedWell(capture.from(40_002));
        }
        refused(capture.after(later / 2), 40_001);

        List<String> signs =
                read(capture).connections().getFirst().diagnosis().orElseThrow().evidence().stream()
                        .map(Evidence::fact)
                        .filter(fact -> fact.contains("refuse"))
                        .toList();

        assertThat(signs).isEqualTo(sign.isEmpty() ? List.of() : List.of(sign));
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
        assertThat(last(capture).evidence())
                .anySatisfy(each ->
                        assertThat(each.fact())
                                .isEqualTo(
                                        "the server closed all that were open together with it: 2"));
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

    /// The host was started anew in between: others were taken before and after.
    @Test
    void aServerThatForgotAndRefusedInBetweenWasRestarted() throws Exception {
        TestCapture capture = new TestCapture(7777);
        answered(capture.from(1001));
        closedWell(capture.after(1).from(1002));
        refused(capture.after(0.9), 1003);
        closedWell(capture.after(0.5).from(1004));
        capture.after(1).from(1001).client("PA", ASKED, ANSWERED, GET).after(0.01);
        capture.serverPassive("R", ANSWERED, 0);

        assertThat(cause(read(capture).connections().getFirst().diagnosis().orElseThrow()))
                .contains(Cause.SERVER_RESTART);
    }

    /// A full accept queue resets what comes: there is no program that could have read it.
    @Test
    void whereNoSocketWasNothingThatWasSaidMatters() throws Exception {
        TestCapture capture = answered(new TestCapture(8443).from(1000));
        capture.from(1001).handshake().client("PA", 1, 1, GET).after(0.01).serverPassive("R", 1, 0);

        assertThat(cause(last(capture))).contains(Cause.CONNECTION_LIMIT);
    }
}
