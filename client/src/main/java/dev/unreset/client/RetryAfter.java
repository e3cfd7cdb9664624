package dev.unreset.client;

import java.time.Duration;
import java.time.Instant;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/// Reads `Retry-After` (RFC 9110, 10.2.3): seconds or an HTTP date.
final class RetryAfter {

    private RetryAfter() {}

    /// The wait that a response asks for, from `now`; empty if it asks for none, or in no known
    /// form.
    static Optional<Duration> wait(Headers headers, Instant now) {
        return headers.first("Retry-After").flatMap(value -> parse(value, now));
    }

    private static Optional<Duration> parse(String value, Instant now) {
        if (!value.isEmpty()
                && value.length() < 10
                && value.chars().allMatch(c -> c >= '0' && c <= '9')) {
            return Optional.of(Duration.ofSeconds(Long.parseLong(value)));
        }
        try {
            Duration until =
                    Duration.between(
                            now,
                            ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME)
                                    .toInstant());
            return Optional.of(until.isNegative() ? Duration.ZERO : until);
        } catch (DateTimeParseException notADate) {
            // A malformed field is ignored (RFC 9110, 5.6.7 leaves recipients free).
            return Optional.empty();
        }
    }
}
