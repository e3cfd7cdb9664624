package dev.unreset.cli;

import java.time.Duration;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// Reads the quantities that options take.
final class Quantities {

    private static final Pattern NUMBER_AND_UNIT =
            Pattern.compile("(\\d{1,15}(?:\\.\\d{1,6})?)\\s*([a-zA-Z/]*)");

    private Quantities() {}

    /// `30`, `30s`, `500ms`, `5m`, `2h`: more than nothing.
    static final class Time implements ITypeConverter<Duration> {
        @Override
        public Duration convert(String text) {
            Matcher matcher = match(text, "a duration such as 30s, 500ms, 5m or 2h");
            double seconds =
                    Double.parseDouble(matcher.group(1))
                            * switch (matcher.group(2)) {
                                case "", "s" -> 1;
                                case "ms" -> 0.001;
                                case "m" -> 60;
                                case "h" -> 3600;
                                default ->
                                        throw wrong(
                                                text, "a duration such as 30s, 500ms, 5m or 2h");
                            };
            if (!(seconds > 0)) {
                throw wrong(text, "more than 0");
            }
            return Duration.ofNanos((long) (seconds * 1e9));
        }
    }

    /// `1000`, `500k`, `10M`, `1.5G`: decimal; `Ki`, `Mi`, `Gi`: binary.
    static final class Bytes implements ITypeConverter<Long> {
        @Override
        public Long convert(String text) {
            String expected = "a number of bytes such as 1000, 500k, 10M or 16Mi";
            Matcher matcher = match(text, expected);
            double bytes =
                    Double.parseDouble(matcher.group(1))
                            * switch (matcher.group(2).toLowerCase(Locale.ROOT)) {
                                case "", "b" -> 1;
                                case "k", "kb" -> 1e3;
                                case "m", "mb" -> 1e6;
                                case "g", "gb" -> 1e9;
                                case "ki", "kib" -> 1 << 10;
                                case "mi", "mib" -> 1 << 20;
                                case "gi", "gib" -> 1 << 30;
                                default -> throw wrong(text, expected);
                            };
            return (long) bytes;
        }
    }

    /// `2`, `2/s`, `30/m`: a number a second.
    static final class Rate implements ITypeConverter<Double> {
        @Override
        public Double convert(String text) {
            String expected = "a rate such as 2/s or 30/m";
            Matcher matcher = match(text, expected);
            double perSecond =
                    Double.parseDouble(matcher.group(1))
                            / switch (matcher.group(2)) {
                                case "", "/s" -> 1;
                                case "/m" -> 60;
                                case "/h" -> 3600;
                                default -> throw wrong(text, expected);
                            };
            if (!(perSecond > 0)) {
                throw wrong(text, "more than 0");
            }
            return perSecond;
        }
    }

    private static Matcher match(String text, String expected) {
        Matcher matcher = NUMBER_AND_UNIT.matcher(text.strip());
        if (!matcher.matches()) {
            throw wrong(text, expected);
        }
        return matcher;
    }

    private static TypeConversionException wrong(String text, String expected) {
        return new TypeConversionException("'" + text + "' (expected: " + expected + ")");
    }
}
