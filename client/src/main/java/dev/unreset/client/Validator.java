package dev.unreset.client;

import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/// What names one version of a representation, strong enough to join its parts: a strong ETag, or a
/// `Last-Modified` that is at least a second older than the `Date` beside it (RFC 9110, 8.8.2.2).
///
/// @param value as it goes into `If-Range`
record Validator(String value) {

    /// The strong validator of a response; empty if it has none.
    static Optional<Validator> strong(Headers headers) {
        Optional<String> etag = headers.first("ETag");
        if (etag.isPresent()) {
            return etag.filter(Validator::isStrong).map(Validator::new);
        }
        return headers.first("Last-Modified")
                .filter(modified -> isStrongDate(modified, headers))
                .map(Validator::new);
    }

    /// Whether a response is of this version.
    boolean matches(Headers headers) {
        return value.startsWith("\"")
                ? headers.first("ETag").filter(value::equals).isPresent()
                : headers.first("Last-Modified").filter(value::equals).isPresent()
                        && !headers.contains("ETag");
    }

    private static boolean isStrong(String etag) {
        return etag.length() >= 2 && etag.startsWith("\"") && etag.endsWith("\"");
    }

    private static boolean isStrongDate(String modified, Headers headers) {
        Optional<ZonedDateTime> at = date(modified);
        Optional<ZonedDateTime> sent = headers.first("Date").flatMap(Validator::date);
        return at.isPresent()
                && sent.isPresent()
                && Duration.between(at.get(), sent.get()).compareTo(Duration.ofSeconds(1)) >= 0;
    }

    private static Optional<ZonedDateTime> date(String value) {
        try {
            return Optional.of(ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME));
        } catch (DateTimeParseException notADate) {
            // A date that cannot be read validates nothing.
            return Optional.empty();
        }
    }
}
