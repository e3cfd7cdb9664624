package dev.unreset.client;

import java.util.Optional;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// `Content-Range: bytes first-last/total` (RFC 9110, 14.4).
///
/// @param first offset of the first byte
/// @param last offset of the last byte
/// @param total length of the whole representation; empty for `*`
record ContentRange(long first, long last, OptionalLong total) {

    private static final Pattern SATISFIED =
            Pattern.compile("(?i)bytes\\s+(\\d{1,18})-(\\d{1,18})/(\\d{1,18}|\\*)");
    private static final Pattern UNSATISFIED = Pattern.compile("(?i)bytes\\s+\\*/(\\d{1,18})");

    /// The range of a 206; empty if it is missing or invalid, and then nothing may be joined.
    static Optional<ContentRange> of(Headers headers) {
        return headers.first("Content-Range").flatMap(ContentRange::parse);
    }

    private static Optional<ContentRange> parse(String value) {
        Matcher matcher = SATISFIED.matcher(value.strip());
        if (!matcher.matches()) {
            return Optional.empty();
        }
        long first = Long.parseLong(matcher.group(1));
        long last = Long.parseLong(matcher.group(2));
        OptionalLong total =
                matcher.group(3).equals("*")
                        ? OptionalLong.empty()
                        : OptionalLong.of(Long.parseLong(matcher.group(3)));
        boolean valid = first <= last && (total.isEmpty() || last < total.getAsLong());
        return valid ? Optional.of(new ContentRange(first, last, total)) : Optional.empty();
    }

    /// The total that a 416 names: `bytes */total`.
    static OptionalLong unsatisfiedTotal(Headers headers) {
        Matcher matcher = UNSATISFIED.matcher(headers.first("Content-Range").orElse("").strip());
        return matcher.matches()
                ? OptionalLong.of(Long.parseLong(matcher.group(1)))
                : OptionalLong.empty();
    }

    long length() {
        return last - first + 1;
    }
}
