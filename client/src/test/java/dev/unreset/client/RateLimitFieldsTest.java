package dev.unreset.client;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RateLimitFieldsTest {

    private static final long NOW = 1_700_000_000;

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "'\"default\";r=0;t=30' | 30",
                "'\"default\"; r=0; t=30' | 30",
                "'\"a\";r=0;t=5, \"b\";r=0;t=60, \"c\";r=9;t=90' | 60",
                "'\"default\";r=1;t=30' | -1",
                "'\"default\";r=0' | -1",
                "'\"default\";r=0.5;t=30' | -1",
                "'\"default\";r=-0;t=30' | -1",
                "'nonsense' | -1",
                "'' | -1",
            })
    void theFieldOfTheDraft(String field, long seconds) {
        assertThat(usedUp("RateLimit", field)).isEqualTo(expected(seconds));
    }

    @ParameterizedTest
    @CsvSource({
        "RateLimit-, 0, 30, 30",
        "X-RateLimit-, 0, 30, 30",
        "X-RateLimit-, 0, 1700000042, 42",
        "X-RateLimit-, 0, 1600000000, 0",
        "RateLimit-, 3, 30, -1",
        "RateLimit-, x, 30, -1",
        "RateLimit-, 0, soon, -1",
    })
    void thePairOfFields(String prefix, String remaining, String reset, long seconds) {
        assertThat(usedUp(prefix + "Remaining", remaining, prefix + "Reset", reset))
                .isEqualTo(expected(seconds));
    }

    @Test
    void retryAfterTakesPrecedence() {
        assertThat(usedUp("RateLimit", "\"a\";r=0;t=30", "Retry-After", "1")).isEmpty();
    }

    private static Optional<Duration> expected(long seconds) {
        return seconds < 0 ? Optional.empty() : Optional.of(Duration.ofSeconds(seconds));
    }

    private static Optional<Duration> usedUp(String... namesAndValues) {
        Headers headers = Headers.none();
        for (int i = 0; i < namesAndValues.length; i += 2) {
            headers = headers.with(namesAndValues[i], namesAndValues[i + 1]);
        }
        return RateLimitFields.usedUpFor(headers, NOW);
    }
}
