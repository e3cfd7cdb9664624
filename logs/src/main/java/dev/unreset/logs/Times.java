package dev.unreset.logs;

import java.time.DateTimeException;
import java.time.LocalDateTime;
import java.time.Month;
import java.time.ZoneOffset;
import java.util.Locale;
import java.util.Optional;

/// Finds the time of a log line in its first characters, by hand: `2026-11-22T10:00:00`,
/// `2026-11-22 10:00:00`, `2026/11/22 10:00:00`, `22/Nov/2026:10:00:00`, `Nov 22 10:00:00`. The
/// zone is the log's own; `"ts":1790000000.5` is UTC.
final class Times {

    private static final int LOOKED_AT = 200;
    private static final String MONTHS = "janfebmaraprmayjunjulaugsepoctnovdec";

    private Times() {}

    static Optional<LocalDateTime> of(String line, int thisYear) {
        int limit = Math.min(line.length(), LOOKED_AT);
        for (int at = 0; at + 15 <= limit; at++) {
            Optional<LocalDateTime> time = at(line, at, thisYear);
            if (time.isPresent()) {
                return time;
            }
        }
        return epoch(line, limit);
    }

    /// Seconds since 1970 in a field `ts`, as zap writes them.
    private static Optional<LocalDateTime> epoch(String line, int limit) {
        int at = line.indexOf("\"ts\":");
        return at >= 0 && at < limit && fits(line, at + 5, "dddddddddd")
                ? Optional.of(
                        LocalDateTime.ofEpochSecond(
                                Long.parseLong(line.substring(at + 5, at + 15)), 0, ZoneOffset.UTC))
                : Optional.empty();
    }

    private static Optional<LocalDateTime> at(String line, int at, int thisYear) {
        try {
            if (fits(line, at, "dddd-dd-dd?dd:dd:dd") || fits(line, at, "dddd/dd/dd?dd:dd:dd")) {
                return Optional.of(
                        LocalDateTime.of(
                                number(line, at, 4),
                                number(line, at + 5, 2),
                                number(line, at + 8, 2),
                                number(line, at + 11, 2),
                                number(line, at + 14, 2),
                                number(line, at + 17, 2)));
            }
            if (fits(line, at, "dd/???/dddd:dd:dd:dd") && month(line, at + 3) > 0) {
                return Optional.of(
                        LocalDateTime.of(
                                number(line, at + 7, 4),
                                Month.of(month(line, at + 3)),
                                number(line, at, 2),
                                number(line, at + 12, 2),
                                number(line, at + 15, 2),
                                number(line, at + 18, 2)));
            }
            if (fits(line, at, "??? ?d dd:dd:dd") && month(line, at) > 0) {
                int day = Integer.parseInt(line.substring(at + 4, at + 6).strip());
                return Optional.of(
                        LocalDateTime.of(
                                thisYear,
                                Month.of(month(line, at)),
                                day,
                                number(line, at + 7, 2),
                                number(line, at + 10, 2),
                                number(line, at + 13, 2)));
            }
        } catch (DateTimeException | NumberFormatException noTime) {
            // Digits that look like a time and are none.
            return Optional.empty();
        }
        return Optional.empty();
    }

    private static boolean fits(String line, int at, String shape) {
        if (at + shape.length() > line.length()) {
            return false;
        }
        for (int i = 0; i < shape.length(); i++) {
            char wanted = shape.charAt(i);
            char c = line.charAt(at + i);
            boolean fits = wanted == '?' || (wanted == 'd' ? c >= '0' && c <= '9' : c == wanted);
            if (!fits) {
                return false;
            }
        }
        return true;
    }

    private static int number(String line, int at, int digits) {
        return Integer.parseInt(line.substring(at, at + digits));
    }

    private static int month(String line, int at) {
        int index = MONTHS.indexOf(line.substring(at, at + 3).toLowerCase(Locale.ROOT));
        return index >= 0 && index % 3 == 0 ? index / 3 + 1 : 0;
    }
}
