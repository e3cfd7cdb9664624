package dev.unreset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class DiagnoserTest {

    private static final Place HERE = new Place.OfAttempt(1);

    @Test
    void withoutEvidenceTheCauseIsUnknown() {
        Diagnosis diagnosis = Diagnoser.diagnose(List.of());

        assertThat(diagnosis.leading()).isEmpty();
        assertThat(diagnosis.sender()).isEqualTo(Sender.UNKNOWN);
        assertThat(diagnosis.remedies()).isEmpty();
    }

    @Test
    void decibansAddUp() {
        Evidence ten = Evidence.of("idle for 350 s", HERE).weighs(Cause.IDLE_TIMEOUT, 10);

        double once = Diagnoser.diagnose(List.of(ten)).causes().getFirst().probability();
        double thrice =
                Diagnoser.diagnose(List.of(ten, ten, ten)).causes().getFirst().probability();

        // One cause at 0 dB beside eight at -10 dB and "unknown" at 0 dB.
        assertThat(once).isCloseTo(1 / 2.8, within(1e-9));
        assertThat(thrice).isCloseTo(100 / 101.8, within(1e-9));
    }

    @Test
    void probabilitiesAddUpToOne() {
        Evidence evidence =
                Evidence.of("a 429 came before", HERE)
                        .weighs(Cause.RATE_LIMIT, 4)
                        .weighs(Cause.MIDDLEBOX, -7);

        Diagnosis diagnosis = Diagnoser.diagnose(List.of(evidence));

        double sum =
                diagnosis.causes().stream().mapToDouble(Diagnosis.RankedCause::probability).sum();
        assertThat(sum + diagnosis.unknownProbability()).isCloseTo(1, within(0.01));
    }

    @Test
    void theStrongestEvidenceComesFirstAndTheRemediesOfTheSourceBeforeTheUsualOnes() {
        Evidence weak = Evidence.of("weak", HERE).weighs(Cause.RATE_LIMIT, 3);
        Evidence strong = Evidence.of("strong", HERE).weighs(Cause.RATE_LIMIT, 25);
        Remedy own = new Remedy(Remedy.Where.CLIENT, "Send at most 2 requests a second.");

        Diagnosis diagnosis = Diagnoser.diagnose(List.of(weak, strong), List.of(own));

        assertThat(diagnosis.evidence())
                .extracting(Evidence::fact)
                .containsExactly("strong", "weak");
        assertThat(diagnosis.remedies()).startsWith(own).hasSizeGreaterThan(1);
    }

    @Test
    void theSenderIsDecidedLikeTheCause() {
        Evidence evidence = Evidence.of("TTL of another hop", HERE).weighs(Sender.MIDDLEBOX, 30);

        Diagnosis diagnosis = Diagnoser.diagnose(List.of(evidence));

        assertThat(diagnosis.sender()).isEqualTo(Sender.MIDDLEBOX);
        assertThat(diagnosis.senderProbability()).isGreaterThan(0.9);
    }

    static LongStream seeds() {
        return LongStream.range(0, 200);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void whatIsAskedAloneIsWhatTheDiagnosisSays(long seed) {
        Random random = new Random(seed);
        List<Evidence> evidence = new ArrayList<>();
        for (int i = random.nextInt(5); i > 0; i--) {
            Cause cause = any(Cause.values(), random);
            Sender sender = any(Sender.values(), random);
            evidence.add(
                    Evidence.of("fact " + i, HERE)
                            .weighs(cause, random.nextInt(-10, 31))
                            .weighs(sender, random.nextInt(-10, 31)));
        }

        Diagnosis diagnosis = Diagnoser.diagnose(evidence);

        assertThat(Diagnoser.sender(evidence)).isEqualTo(diagnosis.sender());
        assertThat(Diagnoser.leading(evidence))
                .isEqualTo(diagnosis.leading().map(Diagnosis.RankedCause::cause));
    }

    private static <T> T any(T[] values, Random random) {
        return values[random.nextInt(values.length)];
    }
}
