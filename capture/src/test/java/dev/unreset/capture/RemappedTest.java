package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ANSWERED;
import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.answered;
import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.last;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import org.junit.jupiter.api.Test;

/// A NAT that gives a connection another port or address, as its server sees that.
class RemappedTest {

    @Test
    void aMappingThatWasForgottenMeanwhileHadATimer() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_001)).after(12);
        Diagnosis diagnosis = last(refusedData(capture.from(40_002), ASKED, ANSWERED));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
        assertThat(diagnosis.remedies().getFirst().action()).contains("idle when it ended: 12.0 s");
    }

    @Test
    void aMappingThatWasChangedInUseHadNone() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_001)).after(0.3);

        assertThat(cause(last(refusedData(capture.from(40_002), ASKED, ANSWERED))))
                .contains(Cause.MIDDLEBOX);
    }

    @Test
    void whoHasAnotherAddressWasMoved() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_001)).after(12);

        assertThat(cause(last(refusedData(capture.fromAnotherHost(), ASKED, ANSWERED))))
                .contains(Cause.MIDDLEBOX);
    }

    /// What it acknowledges, that connection had not said.
    @Test
    void otherNumbersAreAnotherConnection() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_001)).after(12);

        assertThat(cause(last(refusedData(capture.from(40_002), ASKED, ANSWERED + 7))))
                .contains(Cause.SERVER_RESTART);
    }

    /// It is still there: what has the same numbers by chance is not it.
    @Test
    void aConnectionThatGoesOnItselfWasNotMapped() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_001)).after(12);
        refusedData(capture.from(40_002), ASKED, ANSWERED);
        capture.from(40_001).after(0.1).client("PA", ASKED, ANSWERED, GET);

        assertThat(cause(last(capture))).contains(Cause.SERVER_RESTART);
    }

    /// Data from the middle of a connection, of which the server knows nothing.
    private static TestCapture refusedData(TestCapture capture, int sequence, int acknowledged) {
        return capture.client("PA", sequence, acknowledged, GET)
                .after(0.02)
                .serverPassive("R", acknowledged, 0);
    }
}
