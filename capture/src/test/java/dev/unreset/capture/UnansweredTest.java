package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.answered;
import static dev.unreset.capture.Conversations.closedWell;
import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What it means that a SYN is refused by a message or never answered, and that nobody answers any
/// more.
class UnansweredTest {

    private static final int ROUTER = 0x0a0000fe;

    // ---- by ICMP

    /// Host, network, port, policy (RFC 792, RFC 1812, 5.2.7.1).
    @ParameterizedTest(name = "code {0}")
    @CsvSource({
        "0, SERVER_RESTART",
        "1, SERVER_RESTART",
        "3, MIDDLEBOX",
        "9, MIDDLEBOX",
        "10, MIDDLEBOX",
        "13, MIDDLEBOX"
    })
    void aSynThatSomebodyRejects(int code, Cause expected) throws Exception {
        assertOnly(
                new TestCapture().client("S", 7, 0, "").unreachable(ROUTER, code, 7),
                ConnectionEnd.REFUSED,
                expected,
                "the SYN was answered by ICMP");
    }

    /// A rate: three were let in within the last ten seconds, but no host that is gone counts.
    @ParameterizedTest(name = "code {0} after {1} connections")
    @CsvSource({"13, 3, RATE_LIMIT", "13, 2, MIDDLEBOX", "1, 3, SERVER_RESTART"})
    void aSynThatIsRejectedAfterOthers(int code, int others, Cause expected) throws Exception {
        TestCapture capture = new TestCapture(80);
        for (int port = 1001; port < 1001 + others; port++) {
            closedWell(capture.after(0.3).from(port));
        }

        assertOnly(
                capture.after(0.3).from(1010).client("S", 0, 0, "").unreachable(ROUTER, code, 0),
                ConnectionEnd.REFUSED,
                expected,
                "the SYN was answered by ICMP");
    }

    /// On a connection that is there: the host is gone, or somebody forbids it.
    @ParameterizedTest(name = "code {0}")
    @CsvSource({"1, SERVER_RESTART, cannot be reached", "13, MIDDLEBOX, prohibited"})
    void whatSomebodySaysOfARepeatedSegment(int code, Cause expected, String words)
            throws Exception {
        TestCapture capture = answered(new TestCapture(80)).after(0.1);
        int said = 1 + Conversations.OK.length();
        capture.client("PA", ASKED, said, GET);
        for (double wait = 0.2; wait < 4; wait *= 2) {
            capture.after(wait).client("PA", ASKED, said, GET);
        }

        assertOnly(
                capture.unreachable(ROUTER, code, ASKED), ConnectionEnd.TIMEOUT, expected, words);
    }

    // ---- SYNs

    @Test
    void aSynThatIsNeverAnswered() throws Exception {
        assertOnly(
                ignored(new TestCapture(80)),
                ConnectionEnd.TIMEOUT,
                Cause.MIDDLEBOX,
                "a SYN was repeated and never answered (0 others of the server were open)");
    }

    @Test
    void aSynThatIsNotAnsweredBesideAnOpenConnection() throws Exception {
        TestCapture capture = answered(new TestCapture(80).from(1001)).after(0.3).from(1002);

        assertOnly(
                ignored(capture),
                ConnectionEnd.TIMEOUT,
                Cause.CONNECTION_LIMIT,
                "never answered (1 others of the server were open)");
    }

    @ParameterizedTest(name = "after {0} connections")
    @CsvSource({"3, RATE_LIMIT", "2, MIDDLEBOX"})
    void aSynThatIsNotAnsweredAfterOthers(int others, Cause expected) throws Exception {
        TestCapture capture = new TestCapture(80);
        for (int port = 1001; port < 1001 + others; port++) {
            closedWell(capture.after(0.3).from(port));
        }

        assertOnly(
                ignored(capture.after(0.3).from(1010)),
                ConnectionEnd.TIMEOUT,
                expected,
                "a SYN was repeated and never answered");
    }

    private static TestCapture ignored(TestCapture capture) {
        capture.client("S", 0, 0, "");
        for (int wait = 1; wait <= 4; wait *= 2) {
            capture.after(wait).client("S", 0, 0, "");
        }
        return capture;
    }

    @Test
    void aSynAckThatNeverComesBack() throws Exception {
        TestCapture capture = new TestCapture(80);
        for (int wait = 1; wait <= 4; wait *= 2) {
            capture.client("S", 0, 0, "").after(0.001).server("SA", 0, 1, "");
            capture.after(wait * 0.5).server("SA", 0, 1, "").after(wait * 0.4);
            capture.server("SA", 0, 1, "").after(wait * 0.1);
        }

        assertOnly(
                capture,
                ConnectionEnd.TIMEOUT,
                Cause.MIDDLEBOX,
                "the SYN and its SYN-ACK are repeated: the client never gets that");
    }

    // ---- after the handshake

    /// A full accept queue drops the last ACK, and the server says its SYN-ACK again.
    @Test
    void aServerThatDoesNotTakeTheConnection() throws Exception {
        TestCapture capture = new TestCapture(80).handshake().client("PA", 1, 1, GET);
        for (int wait = 1; wait <= 4; wait *= 2) {
            capture.after(wait).server("SA", 0, 1, "").client("PA", 1, 1, GET);
            capture.after(wait * 0.5).client("PA", 1, 1, GET);
        }

        assertOnly(
                capture,
                ConnectionEnd.TIMEOUT,
                Cause.CONNECTION_LIMIT,
                "the server repeats its SYN-ACK: it does not take the connection");
    }

    /// One that does not repeat it, while others are served, lost the connection to somebody
    /// between; one that serves nobody may not take it.
    @ParameterizedTest(name = "others are served: {0}")
    @CsvSource({
        "true, MIDDLEBOX, 'after the handshake nothing is answered, while others are'",
        "false, CONNECTION_LIMIT, 'after the handshake the server never said anything'"
    })
    void aServerThatIsNeverHeard(boolean served, Cause expected, String words) throws Exception {
        TestCapture capture = new TestCapture(80);
        if (served) {
            closedWell(capture.from(1001)).after(0.2);
        }
        capture.from(1002).handshake().client("PA", 1, 1, GET);
        for (double wait = 0.3; wait < 8; wait *= 2) {
            capture.after(wait).client("PA", 1, 1, GET);
        }

        assertOnly(capture, ConnectionEnd.TIMEOUT, expected, words);
    }

    /// RFC 2923, 2.1: what is as long as the link allows is lost, and what is short is not.
    @ParameterizedTest(name = "{0} bytes arrived, {1} do not, the server is heard of: {2}")
    @CsvSource({
        "1200, 1400, true, true",
        "1400, 1400, true, false",
        "900, 1000, true, false",
        "1200, 1400, false, false"
    })
    void packetsThatAreTooLargeForTheWay(int short_, int long_, boolean heard, boolean isSaid)
            throws Exception {
        String large = "x".repeat(long_);
        TestCapture capture = new TestCapture(9000).handshake();
        capture.client("PA", 1, 1, "x".repeat(short_)).after(0.02);
        int at = 1 + short_;
        capture.server("PA", 1, at, "ok").client("PA", at, 3, large);
        for (double wait = 0.3; wait < 4; wait *= 2) {
            if (heard && wait == 0.6) {
                capture.after(0.02).server("A", 3, at, "");
            }
            capture.after(wait).client("PA", at, 3, large);
        }

        assertOnly(
                capture,
                ConnectionEnd.TIMEOUT,
                Cause.MIDDLEBOX,
                isSaid
                        ? "packets of " + long_ + " bytes never arrive, smaller ones do"
                        : "in the middle of a conversation, data is repeated and nobody answers");
    }

    /// After a pause, a NAT or firewall has forgotten it, whatever its packets' length.
    @Test
    void aLargePacketAfterAPause() throws Exception {
        String large = "x".repeat(1400);
        TestCapture capture = new TestCapture(9000).handshake().client("PA", 1, 1, "hello");
        capture.after(0.02).server("PA", 1, 6, "ok").after(60).client("PA", 6, 3, large);
        for (double wait = 0.3; wait < 4; wait *= 2) {
            if (wait == 0.6) {
                capture.server("A", 3, 6, "");
            }
            capture.after(wait).client("PA", 6, 3, large);
        }

        assertOnly(
                capture,
                ConnectionEnd.TIMEOUT,
                Cause.IDLE_TIMEOUT,
                "s of silence, data is repeated and nobody answers");
    }

    @Test
    void anAnswerThatBreaksOff() throws Exception {
        String part = "HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + "x".repeat(500);
        String more = "x".repeat(500);
        TestCapture capture = new TestCapture(80).handshake().client("PA", 1, 1, GET);
        capture.after(0.02).server("PA", 1, ASKED, part).client("A", ASKED, 1 + part.length(), "");
        capture.server("PA", 1 + part.length(), ASKED, more);
        for (double wait = 0.3; wait < 4; wait *= 2) {
            capture.after(wait).server("PA", 1 + part.length(), ASKED, more);
        }

        assertOnly(
                capture,
                ConnectionEnd.TIMEOUT,
                Cause.MIDDLEBOX,
                "in the middle of an answer, what is said is repeated and nobody answers");
    }

    private static void assertOnly(
            TestCapture capture, ConnectionEnd end, Cause expected, String words) throws Exception {
        CaptureReport report = read(capture);
        assertThat(report.connections()).hasSize(1);
        ConnectionReport connection = report.connections().getFirst();
        Diagnosis diagnosis = connection.diagnosis().orElseThrow();
        assertThat(connection.end()).isEqualTo(end);
        assertThat(diagnosis.evidence()).anyMatch(each -> each.fact().contains(words));
        assertThat(cause(diagnosis)).contains(expected);
    }
}
