package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ANSWERED;
import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.OK;
import static dev.unreset.capture.Conversations.answered;
import static dev.unreset.capture.Conversations.closedWell;
import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.last;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Captures of SYN, FIN and RST alone, or of one direction: the numbers tell what was said.
class SparseCapturesTest {

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
}
