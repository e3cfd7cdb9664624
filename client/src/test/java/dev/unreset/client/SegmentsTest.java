package dev.unreset.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

class SegmentsTest {

    private static final int MIB = 1 << 20;
    private static final long TEN_SECONDS = Duration.ofSeconds(10).toNanos();

    private final Segments segments = new Segments(List.of(new Segments.Span(0, 100 * MIB)));
    private final Segments.Part running = segments.claim(100 * MIB, 0).orElseThrow();

    @Test
    void theSlowestPartGivesAwayItsFurtherHalf() {
        running.advance(20 * MIB);

        Segments.Part half = segments.split(100 * MIB, TEN_SECONDS).orElseThrow();

        assertThat(running.to()).isEqualTo(60 * MIB);
        assertThat(half.position()).isEqualTo(60 * MIB);
        assertThat(half.to()).isEqualTo(100 * MIB);
    }

    @Test
    void aConnectionThatWaitedForItsReceiverIsNotSlow() {
        running.advance(20 * MIB);
        running.heldUp(TEN_SECONDS - Duration.ofMillis(100).toNanos());

        assertThat(segments.split(100 * MIB, TEN_SECONDS)).isEmpty();
        assertThat(running.to()).isEqualTo(100 * MIB);
    }

    @Test
    void aPartThatHasOnlyJustBegunIsNotTakenForSlow() {
        running.advance(64 << 10);

        assertThat(segments.split(100 * MIB, Duration.ofMillis(100).toNanos())).isEmpty();
    }

    @Test
    void aPartThatIsNearlyThereIsNotSplit() {
        running.advance(97 * MIB);

        assertThat(segments.split(100 * MIB, 100 * TEN_SECONDS)).isEmpty();
    }

    @Test
    void largePartsEndWhereBlocksDo() {
        Segments missing = new Segments(List.of(new Segments.Span(0, 100 * MIB)));

        assertThat(missing.claim(40_000_000, 0).orElseThrow().to()).isEqualTo(38 * MIB);
        assertThat(missing.claim(40_000_000, 0).orElseThrow().to()).isEqualTo(76 * MIB);
    }

    @Test
    void smallPartsAreAsLargeAsTheyMayBe() {
        Segments missing = new Segments(List.of(new Segments.Span(0, 100 * MIB)));

        assertThat(missing.claim(2_970_000, 0).orElseThrow().to()).isEqualTo(2_970_000);
    }
}
