package dev.unreset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class OriginProfileTest {

    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @Test
    void nothingIsKnownAtFirst() {
        assertThat(Bounds.NONE.limit()).isEmpty();
    }

    @Test
    void theLimitIsTheLeastValueThatFailed() {
        Bounds bounds = Bounds.NONE.failed(9, NOW).failed(5, NOW).failed(7, NOW).worked(3);

        assertThat(bounds.limit()).contains(5.0);
        assertThat(bounds.worked()).isEqualTo(3);
        assertThat(bounds.failures()).isEqualTo(3);
    }

    @Test
    void aLimitThatStopsBeingTrueIsUnlearned() {
        Bounds bounds = Bounds.NONE.failed(5, NOW).worked(5);

        assertThat(bounds.limit()).isEmpty();
        assertThat(bounds.worked()).isEqualTo(5);
    }

    @Test
    void aFailureBelowWhatWorkedIsBelievedMore() {
        assertThat(Bounds.NONE.worked(10).failed(4, NOW).worked()).isZero();
    }

    @Test
    void failuresAgeAndWhatWorkedStays() {
        Bounds bounds = Bounds.NONE.worked(2).failed(5, NOW);

        assertThat(bounds.aged(NOW.plusSeconds(60), Duration.ofMinutes(1)).limit()).contains(5.0);
        assertThat(bounds.aged(NOW.plusSeconds(61), Duration.ofMinutes(1)).limit()).isEmpty();
        assertThat(bounds.aged(NOW.plusSeconds(61), Duration.ofMinutes(1)).worked()).isEqualTo(2);
    }

    @Test
    void boundsAreNeverNegative() {
        assertThatIllegalArgumentException()
                .isThrownBy(() -> Bounds.NONE.failed(-1, NOW))
                .withMessageContaining("failed: -1.0");
        assertThatIllegalArgumentException().isThrownBy(() -> Bounds.NONE.worked(Double.NaN));
    }

    @Test
    void limitsAgeByTheirOwnMeasure() {
        OriginProfile profile =
                OriginProfile.unknown(new Origin("https", "example.org", 443))
                        .failed(Limit.CONNECTIONS, 3, NOW)
                        .failed(Limit.IDLE_SECONDS, 60, NOW);

        OriginProfile later = profile.aged(NOW.plus(Duration.ofDays(1)));

        assertThat(later.limit(Limit.CONNECTIONS)).isEmpty();
        assertThat(later.limit(Limit.IDLE_SECONDS)).contains(60.0);
    }
}
