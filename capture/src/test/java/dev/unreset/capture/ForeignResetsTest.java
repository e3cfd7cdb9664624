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
import dev.unreset.Sender;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What somebody on the way did to a connection.
class ForeignResetsTest {

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

    /// Seen between the two: the server's answer to the SYN does not come through.
    @Test
    void aSynAckThatNeverArrivesIsLostOnTheWay() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 4; i++) {
            capture.client("S", 0, 0, "").after(0.001).server("SA", 0, 1, "").after(1);
            capture.server("SA", 0, 1, "").after(0.01);
        }
        capture.after(2).server("SA", 0, 1, "").after(4).server("SA", 0, 1, "");

        assertThat(cause(last(capture))).contains(Cause.MIDDLEBOX);
    }

    /// A firewall counts the packets of a connection; the last one says what others had said.
    @ParameterizedTest
    @CsvSource({"INCR a, RATE_LIMIT", "FLUSHX, MIDDLEBOX"})
    void whatIsAskedForTheTenthTime(String last, Cause expected) throws Exception {
        TestCapture capture = new TestCapture(6379).handshake();
        int asked = 1;
        int said = 1;
        for (int i = 0; i < 9; i++, asked += 8, said += 4) {
            capture.after(0.02).client("PA", asked, said, "INCR a\r\n");
            capture.after(0.01).server("PA", said, asked + 8, ":" + i + "\r\n");
        }
        capture.after(0.02).client("PA", asked, said, last + "\r\n").forged("R", said, 0, 255);

        assertThat(cause(last(capture))).contains(expected);
    }

    /// A new rule cuts all in one moment, however busy they are.
    @Test
    void whoCutsSeveralAtOnceCountsNoRequests() throws Exception {
        TestCapture capture = new TestCapture(6379);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).handshake();
        }
        int asked = 1;
        int said = 1;
        for (int i = 0; i < 9; i++, asked += 8, said += 4) {
            for (int port = 1001; port <= 1003; port++) {
                capture.from(port).after(0.005).client("PA", asked, said, "INCR a\r\n");
                capture.after(0.005).server("PA", said, asked + 8, ":" + i + "\r\n");
            }
        }
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).after(0.005).client("PA", asked, said, "INCR a\r\n");
            capture.forged("R", said, 0, 255);
        }

        assertCause(read(capture), Cause.MIDDLEBOX);
    }

    /// Nothing of three answers arrived, each of which began with as many bytes.
    @Test
    void whatNeverArrivedMetNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(1).from(port).handshake().client("PA", 1, 1, GET).after(0.01);
            for (int i = 0; i < 10; i++) {
                capture.server("A", 1 + i * 1400, ASKED, "x".repeat(1400));
            }
            for (int i = 0; i < 4; i++) {
                capture.after(0.3 * (i + 1)).server("A", 1, ASKED, "x".repeat(1400));
            }
            capture.client("FA", ASKED, 1, "").server("A", 14_001, ASKED + 1, "");
        }

        assertCause(read(capture), Cause.MIDDLEBOX);
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

    /// The capture may end before the next one.
    @Test
    void aSynThatWasRepeatedOnceAtTheEndOfTheCaptureIsNotLost() throws Exception {
        TestCapture capture = new TestCapture(8000);
        capture.from(1001).client("S", 0, 0, "").after(1).client("S", 0, 0, "");
        closedWell(capture.after(1).from(1002));

        assertThat(read(capture).connections()).isEmpty();
    }
}
