package dev.unreset.lab;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// One part of a `Range` header (RFC 9110, 14.1.2), resolved against the length of the object.
record ByteRange(long first, long last) {

    long length() {
        return last - first + 1;
    }

    /// The ranges of `value` that can be satisfied; empty optional if the header is to be ignored,
    /// an empty list if none can be satisfied.
    static Optional<List<ByteRange>> parse(String value, long length) {
        if (!value.startsWith("bytes=")) {
            return Optional.empty();
        }
        List<ByteRange> ranges = new ArrayList<>();
        for (String part : value.substring("bytes=".length()).split(",", -1)) {
            String[] ends = part.strip().split("-", -1);
            if (ends.length != 2
                    || !isNumber(ends[0])
                    || !isNumber(ends[1])
                    || part.strip().equals("-")) {
                return Optional.empty();
            }
            long first =
                    ends[0].isEmpty()
                            ? Math.max(0, length - Long.parseLong(ends[1]))
                            : Long.parseLong(ends[0]);
            long last =
                    ends[0].isEmpty() || ends[1].isEmpty()
                            ? length - 1
                            : Math.min(length - 1, Long.parseLong(ends[1]));
            if (!ends[0].isEmpty() && !ends[1].isEmpty() && Long.parseLong(ends[1]) < first) {
                return Optional.empty();
            }
            if (first <= last) {
                ranges.add(new ByteRange(first, last));
            }
        }
        return Optional.of(ranges);
    }

    private static boolean isNumber(String text) {
        return text.length() <= 18 && text.chars().allMatch(c -> c >= '0' && c <= '9');
    }
}
