package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ANSWERED;
import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.answered;
import static dev.unreset.capture.Conversations.closedWell;
import static dev.unreset.capture.Conversations.refused;
import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.last;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Why a server's kernel has no such connection.
class ForgottenConnectionsTest {

    /// A full accept queue resets the handshake's last ACK, or what comes right behind it; what is
    /// refused later met a firewall.
    @ParameterizedTest(name = "upon data {0} s after the handshake")
    @CsvSource({
        "0.001, CONNECTION_LIMIT, the handshake was answered",
        "0.06, MIDDLEBOX, the handshake was accepted"
    })
    void whatIsRefusedBehindTheHandshake(double later, Cause expected, String fact)
            throws Exception {
        TestCapture capture = new TestCapture(8000).handshake().after(later);
        capture.client("PA", 1, 1, GET).after(0.02).serverPassive("R", 1, 0);

        assertReason(last(capture), expected, fact);
    }

    /// Far from the server, its RSTs upon the handshake and upon what was said then come behind
    /// both.
    @ParameterizedTest(name = "{0} RSTs")
    @CsvSource({"2, CONNECTION_LIMIT, the handshake was answered", "1, MIDDLEBOX, was accepted"})
    void whatIsRefusedUponBothTheHandshakeAndTheData(int resets, Cause expected, String fact)
            throws Exception {
        TestCapture capture = new TestCapture(8000).client("S", 0, 0, "").after(0.08);
        capture.server("SA", 0, 1, "").client("A", 1, 1, "").after(0.07);
        capture.client("PA", 1, 1, GET).after(0.01);
        for (int i = 0; i < resets; i++) {
            capture.serverPassive("R", 1, 0).after(0.07);
        }

        assertReason(last(capture), expected, fact);
    }

    /// The client says nothing, and closes: whether a socket was ever there, only the others that
    /// are open tell.
    @ParameterizedTest(name = "beside {0} others")
    @CsvSource({
        "0, SERVER_RESTART, the server no longer knows",
        "2, CONNECTION_LIMIT, no socket was behind it (2 others open)"
    })
    void whatIsRefusedLongAfterTheHandshake(int others, Cause expected, String fact)
            throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port < 1001 + others; port++) {
            answered(capture.from(port));
        }
        capture.from(1010).handshake().after(5).client("FA", 1, 1, "").after(0.02);

        assertReason(last(capture.serverPassive("R", 1, 0)), expected, fact);
    }

    /// 350 s is what a load balancer keeps by default (resets.md, 4); 333 s is nobody's.
    @ParameterizedTest(name = "after {0} s")
    @CsvSource({
        "350.1, IDLE_TIMEOUT, on the first packet after 350",
        "333.4, SERVER_RESTART, the server no longer knows"
    })
    void whatIsRefusedAfterASilence(double silence, Cause expected, String fact) throws Exception {
        TestCapture capture = answered(new TestCapture(8000)).after(silence);
        capture.client("PA", ASKED, ANSWERED, GET).after(0.02);

        assertReason(last(capture.serverPassive("R", ANSWERED, 0)), expected, fact);
    }

    /// A kernel that is gone for a moment has not restarted.
    @Test
    void whatIsRefusedAMomentAfterAnAnswer() throws Exception {
        TestCapture capture = answered(new TestCapture(8000)).after(0.3);
        capture.client("PA", ASKED, ANSWERED, GET).after(0.02);

        assertReason(
                last(capture.serverPassive("R", ANSWERED, 0)),
                Cause.MIDDLEBOX,
                "that it just had and never closed");
    }

    /// A container that was started anew: its kernel knows none of those who had connected, and
    /// nobody listens yet. Whoever is still open somewhere else shows a limit.
    @ParameterizedTest(name = "{0} of 3 forgotten")
    @CsvSource({"3, SERVER_RESTART, had forgotten", "2, CONNECTION_LIMIT, while 3 other"})
    void whoIsRefusedByAServerThatHasForgotten(int forgotten, Cause expected, String fact)
            throws Exception {
        TestCapture capture = new TestCapture(9418);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.01).from(port).handshake();
        }
        refused(capture.after(1.5), 1010);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.05).from(port).client("PA", 1, 1, "hello");
            if (port <= 1000 + forgotten) {
                capture.after(0.01).serverPassive("R", 1, 0);
            } else {
                capture.after(0.01).server("PA", 1, 6, "hello").client("A", 6, 6, "");
            }
        }
        CaptureReport report = read(capture);

        assertReason(of(report, 1010), expected, fact);
        assertReason(
                of(report, 1001),
                Cause.SERVER_RESTART,
                "forgot a connection that it had accepted, and refused others meanwhile");
    }

    /// A server that goes on taking others had not restarted: somebody on the way forgets.
    @Test
    void whoIsRefusedByAServerThatTakesOthers() throws Exception {
        TestCapture capture = new TestCapture(9418).from(1001).handshake().after(1);
        closedWell(capture.from(1005));
        refused(capture.after(0.5), 1010);
        closedWell(capture.after(0.02).from(1006));
        capture.after(0.05).from(1001).client("PA", 1, 1, "hello").after(0.01);
        CaptureReport report = read(capture.serverPassive("R", 1, 0));

        assertThat(of(report, 1010).evidence())
                .noneMatch(each -> each.fact().contains("had forgotten"));
        assertReason(of(report, 1001), Cause.MIDDLEBOX, "what was said then refused");
    }

    private static Diagnosis of(CaptureReport report, int port) {
        return report.connections().stream()
                .filter(each -> each.client().endsWith(":" + port))
                .findFirst()
                .flatMap(ConnectionReport::diagnosis)
                .orElseThrow();
    }

    private static void assertReason(Diagnosis diagnosis, Cause expected, String fact) {
        assertThat(diagnosis.evidence()).anySatisfy(each -> assertThat(each.fact()).contains(fact));
        assertThat(cause(diagnosis)).contains(expected);
    }
}
