package dev.unreset.capture;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A framing that the user describes: `length:u32be,max=1MiB`, `line:lf,max=64KiB`, `fixed:512`.
///
/// @param lengthBytes bytes of the length field; 0 for the other kinds
/// @param max largest message, without its length field or line end
record UserFraming(Kind kind, int lengthBytes, boolean bigEndian, long max) {

    enum Kind {
        LENGTH,
        LINE,
        FIXED
    }

    private static final Pattern TEXT =
            Pattern.compile(
                    "(?:length:u(8|16|24|32)(be|le)?|line:(lf|crlf)|fixed:(\\d{1,9}))(?:,max=(\\d{1,9})(KiB|MiB|B)?)?");

    /// Reads the text form.
    ///
    /// @throws IllegalArgumentException if it is none
    static UserFraming parse(String text) {
        Matcher matcher =
                TEXT.matcher(
                        text.toLowerCase(Locale.ROOT).replace("kib", "KiB").replace("mib", "MiB"));
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "framing: '"
                            + text
                            + "' (expected: length:u32be,max=1MiB or line:lf,max=64KiB or fixed:512)");
        }
        long max = Long.MAX_VALUE;
        if (matcher.group(5) != null) {
            long unit =
                    "KiB".equals(matcher.group(6))
                            ? 1 << 10
                            : "MiB".equals(matcher.group(6)) ? 1 << 20 : 1;
            max = Long.parseLong(matcher.group(5)) * unit;
        }
        if (matcher.group(1) != null) {
            return new UserFraming(
                    Kind.LENGTH,
                    Integer.parseInt(matcher.group(1)) / 8,
                    !"le".equals(matcher.group(2)),
                    max);
        }
        if (matcher.group(3) != null) {
            return new UserFraming(Kind.LINE, 0, true, max);
        }
        long size = Long.parseLong(matcher.group(4));
        if (size == 0) {
            throw new IllegalArgumentException("framing: fixed:0 (expected: at least 1)");
        }
        return new UserFraming(Kind.FIXED, 0, true, size);
    }

    Framing.Verdict check(Payload sent) {
        return switch (kind) {
            case LENGTH -> lengths(sent);
            case LINE -> lines(sent);
            case FIXED ->
                    sent.size() % max == 0
                            ? new Framing.Verdict.WellFormed("messages of " + max + " bytes")
                            : new Framing.Verdict.Violation(
                                    (int) (sent.size() - sent.size() % max),
                                    "a message of " + sent.size() % max + " of " + max + " bytes");
        };
    }

    private Framing.Verdict lengths(Payload sent) {
        long at = 0;
        while (at + lengthBytes <= sent.size()) {
            long length = 0;
            for (int i = 0; i < lengthBytes; i++) {
                int index = (int) at + (bigEndian ? i : lengthBytes - 1 - i);
                length = length << 8 | sent.at(index);
            }
            if (length > max) {
                return new Framing.Verdict.Violation(
                        (int) at, "a message of " + length + " bytes, more than " + max + ",");
            }
            at += lengthBytes + length;
        }
        return new Framing.Verdict.WellFormed("messages with lengths");
    }

    private Framing.Verdict lines(Payload sent) {
        long start = 0;
        for (int i = 0; i < sent.size(); i++) {
            if (sent.at(i) == '\n') {
                start = i + 1L;
            } else if (i - start >= max) {
                return new Framing.Verdict.Violation(i, "a line of more than " + max + " bytes");
            }
        }
        return new Framing.Verdict.WellFormed("lines");
    }
}
