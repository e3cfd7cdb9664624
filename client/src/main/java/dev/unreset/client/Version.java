package dev.unreset.client;

import java.util.Optional;
import java.util.OptionalLong;

/// One version of the content, as far as response headers tell.
///
/// @param length of the whole content; empty if not known
/// @param validator empty if there is no strong one
/// @param etag the entity tag, weak or strong
/// @param modified the `Last-Modified` date
record Version(
        OptionalLong length,
        Optional<Validator> validator,
        Optional<String> etag,
        Optional<String> modified) {

    /// Nothing known yet: every response may be of it.
    static final Version UNKNOWN =
            new Version(OptionalLong.empty(), Optional.empty(), Optional.empty(), Optional.empty());

    /// The version that a 200 or a 206 is of.
    static Version of(int status, Headers headers) {
        OptionalLong length =
                status == 206
                        ? ContentRange.of(headers)
                                .map(ContentRange::total)
                                .orElse(OptionalLong.empty())
                        : contentLength(headers);
        return new Version(
                length,
                Validator.strong(headers),
                headers.first("ETag"),
                headers.first("Last-Modified"));
    }

    /// The version that a journal names.
    static Version of(Journal.Saved saved) {
        Optional<String> value = saved.validator().map(Validator::value);
        return new Version(
                saved.length(),
                saved.validator(),
                value.filter(known -> known.startsWith("\"")),
                value.filter(known -> !known.startsWith("\"")));
    }

    private static OptionalLong contentLength(Headers headers) {
        return headers.first("Content-Length")
                .filter(value -> !value.isEmpty() && value.length() < 19)
                .filter(value -> value.chars().allMatch(c -> c >= '0' && c <= '9'))
                .map(value -> OptionalLong.of(Long.parseLong(value)))
                .orElse(OptionalLong.empty());
    }

    /// How `later` shows itself to be another version, in a few words; empty if it may be this one.
    ///
    /// A part of a strong ETag's version must carry that ETag (RFC 9110, 15.3.7); one of a date's
    /// version may leave the date out.
    Optional<String> differs(Version later) {
        if (length.isPresent() && later.length.isPresent() && !length.equals(later.length)) {
            return Optional.of(
                    "length " + length.getAsLong() + " became " + later.length.getAsLong());
        }
        boolean byTag = validator.filter(known -> known.value().startsWith("\"")).isPresent();
        if (byTag ? !etag.equals(later.etag) : contradicts(etag, later.etag)) {
            return Optional.of("ETag " + orNone(etag) + " became " + orNone(later.etag));
        }
        if (!byTag && contradicts(modified, later.modified)) {
            return Optional.of(
                    "Last-Modified " + orNone(modified) + " became " + orNone(later.modified));
        }
        return Optional.empty();
    }

    /// This version with the length, once it is known.
    Version withLength(long known) {
        return new Version(OptionalLong.of(known), validator, etag, modified);
    }

    private static boolean contradicts(Optional<String> known, Optional<String> later) {
        return known.isPresent() && later.isPresent() && !known.equals(later);
    }

    private static String orNone(Optional<String> value) {
        return value.orElse("(none)");
    }
}
