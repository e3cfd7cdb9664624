package dev.unreset.cli;

import java.time.Duration;
import java.util.Locale;

/// How numbers and foreign text are shown.
final class Text {

    private Text() {}

    /// `text` in one line, without control characters: it may come from a peer.
    static String oneLine(String text) {
        return printable(text.strip().replaceAll("\\s*\\R\\s*", ": "));
    }

    /// `text` without control characters other than line breaks.
    static String printable(String text) {
        StringBuilder clean = new StringBuilder(text.length());
        text.codePoints()
                .forEach(c ->
                        clean.appendCodePoint(Character.isISOControl(c) && c != '\n' ? '?' : c));
        return clean.toString();
    }

    /// A number of bytes with a decimal unit: `1.5 MB`.
    static String bytes(long bytes) {
        return amount((double) bytes);
    }

    /// A number of bytes a second: `1.5 MB/s`.
    static String rate(double bytesPerSecond) {
        return amount(bytesPerSecond) + "/s";
    }

    private static String amount(double bytes) {
        String[] units = {"B", "kB", "MB", "GB", "TB", "PB"};
        double value = bytes;
        int unit = 0;
        while (value >= 999.5 && unit < units.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(
                Locale.ROOT,
                unit == 0 || value >= 99.95 ? "%.0f %s" : "%.1f %s",
                value,
                units[unit]);
    }

    /// `1h 02m`, `3m 04s`, `5 s` or `0.5 s`.
    static String duration(Duration duration) {
        long seconds = duration.toSeconds();
        if (seconds >= 3600) {
            return String.format(Locale.ROOT, "%dh %02dm", seconds / 3600, seconds / 60 % 60);
        }
        if (seconds >= 60) {
            return String.format(Locale.ROOT, "%dm %02ds", seconds / 60, seconds % 60);
        }
        return seconds >= 10
                ? seconds + " s"
                : String.format(Locale.ROOT, "%.1f s", duration.toMillis() / 1000.0);
    }

    static String percent(double probability) {
        return Math.round(probability * 100) + " %";
    }
}
