package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ANSWERED;
import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.OK;
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

    /// A NAT that is started anew moves all, however long they are silent.
    @Test
    void aSilenceThatWasSurvivedBeforeIsNoTimers() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_001)).after(12);
        capture.client("PA", ASKED, ANSWERED, GET).server("PA", ANSWERED, ASKED + GET.length(), OK);
        capture.after(12);
        int asked = ASKED + GET.length();
        int answered = ANSWERED + OK.length();

        assertThat(cause(last(refusedData(capture.from(40_002), asked, answered))))
                .contains(Cause.MIDDLEBOX);
    }

    /// A timer between the two silences: it polls near it.
    @Test
    void aSilenceThatIsALittleLongerThanOneSurvivedMayBeATimers() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_001)).after(235);
        capture.client("PA", ASKED, ANSWERED, GET).server("PA", ANSWERED, ASKED + GET.length(), OK);
        capture.after(247.3);
        int asked = ASKED + GET.length();
        int answered = ANSWERED + OK.length();

        assertThat(cause(last(refusedData(capture.from(40_002), asked, answered))))
                .contains(Cause.IDLE_TIMEOUT);
    }

    /// Two captures, before and behind a NAT, say the same with other ports: the server knew it
    /// well.
    @Test
    void whomTheServerAnsweredWasNotMappedAnew() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_001)).after(2);
        capture.from(40_002).client("PA", ASKED, ANSWERED, GET).after(0.01);
        capture.server("PA", ANSWERED, ASKED + GET.length(), OK).after(8);

        assertThat(cause(last(refusedData(capture, ASKED + GET.length(), ANSWERED + OK.length()))))
                .contains(Cause.SERVER_RESTART);
    }

    /// What it says, that connection had not come to.
    @Test
    void otherNumbersOfTheClientAreAnotherConnection() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_001)).after(12);

        assertThat(cause(last(refusedData(capture.from(40_002), ASKED + 100_000, ANSWERED))))
                .contains(Cause.SERVER_RESTART);
    }

    /// It says again what the capture did not see arrive.
    @Test
    void whatTheClientRepeatsIsItsOwn() throws Exception {
        TestCapture capture = answered(new TestCapture(8000).from(40_001)).after(12);

        assertThat(cause(last(refusedData(capture.from(40_002), 1, ANSWERED))))
                .contains(Cause.IDLE_TIMEOUT);
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
