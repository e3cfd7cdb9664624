package dev.unreset.client;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/// What a response to a request for a part means for a download (RFC 9110, 13.1.5, 14 and 15.3.7).
sealed interface PartAnswer {

    /// The body goes on where it was asked to.
    ///
    /// @param end offset after the last byte that it brings
    record Part(Version version, long end) implements PartAnswer {}

    /// The body is the whole content, from its first byte: the server ignored the range.
    record Whole(Version version) implements PartAnswer {}

    /// The content is another version than that of the bytes that are there.
    record Changed(String how) implements PartAnswer {}

    /// There is no byte at the offset asked for (416).
    record NothingThere(OptionalLong length) implements PartAnswer {}

    /// Not now.
    record Later(int status, Optional<Duration> asked) implements PartAnswer {}

    /// The server refuses, and asking again would not help.
    record Refused(int status) implements PartAnswer {}

    /// A 206 that cannot be joined to anything.
    record Wrong(String what) implements PartAnswer {}

    /// The meaning of a response when `from` was the first byte asked for.
    static PartAnswer of(int status, Headers headers, Version version, long from, Instant now) {
        return switch (status) {
            case 206 -> part(headers, version, from);
            case 200 -> {
                Version seen = Version.of(200, headers);
                Optional<String> changed = version.differs(seen);
                yield changed.isPresent() ? new Changed(changed.get()) : new Whole(seen);
            }
            case 412 -> new Changed("status 412");
            case 416 -> new NothingThere(ContentRange.unsatisfiedTotal(headers));
            case 408, 421, 425, 429, 500, 502, 503, 504 ->
                    new Later(status, RetryAfter.wait(headers, now));
            default -> new Refused(status);
        };
    }

    private static PartAnswer part(Headers headers, Version version, long from) {
        Optional<ContentRange> range = ContentRange.of(headers);
        if (range.isEmpty()) {
            return new Wrong("status 206 without a valid Content-Range");
        }
        Version seen = Version.of(206, headers);
        Optional<String> changed = version.differs(seen);
        if (changed.isPresent()) {
            return new Changed(changed.get());
        }
        if (range.get().first() != from) {
            return new Wrong(
                    "Content-Range starts at "
                            + range.get().first()
                            + " (asked for: "
                            + from
                            + ")");
        }
        return new Part(seen, range.get().last() + 1);
    }
}
