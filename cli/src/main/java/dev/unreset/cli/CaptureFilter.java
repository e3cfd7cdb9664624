package dev.unreset.cli;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Sender;
import dev.unreset.capture.ConnectionReport;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.Predicate;

/// What `--filter` keeps.
final class CaptureFilter {

    /// The cause of a diagnosis without a leading one.
    private static final String UNKNOWN = "UNKNOWN";

    private CaptureFilter() {}

    /// Reads `host=192.0.2.1`, `port=443`, `sender=server` or `cause=IDLE_TIMEOUT`.
    ///
    /// @throws IllegalArgumentException if it is none
    static Predicate<ConnectionReport> parse(String text) {
        int equals = text.indexOf('=');
        String key = equals < 0 ? "" : text.substring(0, equals);
        String value = text.substring(equals + 1);
        return switch (key) {
            case "host" ->
                    each -> host(each.client()).equals(value) || host(each.server()).equals(value);
            case "port" -> port(text, value);
            case "sender" -> {
                String sender = oneOf(text, value, Sender.values());
                yield each ->
                        each.diagnosis()
                                .filter(it -> sender.equals(it.sender().name()))
                                .isPresent();
            }
            case "cause" -> {
                String cause =
                        value.equalsIgnoreCase(UNKNOWN)
                                ? UNKNOWN
                                : oneOf(text, value, Cause.values());
                yield each -> each.diagnosis().filter(it -> cause.equals(leading(it))).isPresent();
            }
            default ->
                    throw new IllegalArgumentException(
                            "filter '" + text + "' (expected: host=, port=, sender= or cause=)");
        };
    }

    private static Predicate<ConnectionReport> port(String text, String value) {
        if (!value.matches("\\d{1,5}")) {
            throw new IllegalArgumentException("filter '" + text + "' (expected: a port number)");
        }
        String end = ":" + value;
        return each -> each.server().endsWith(end) || each.client().endsWith(end);
    }

    /// The name of the constant that `value` means, in upper or lower case, with `-` or `_`.
    private static String oneOf(String text, String value, Enum<?>[] constants) {
        String wanted = value.toUpperCase(Locale.ROOT).replace('-', '_');
        List<String> names = Arrays.stream(constants).map(Enum::name).toList();
        if (!names.contains(wanted)) {
            throw new IllegalArgumentException(
                    "filter '"
                            + text
                            + "' (expected: one of "
                            + String.join(", ", names).toLowerCase(Locale.ROOT)
                            + ")");
        }
        return wanted;
    }

    private static String leading(Diagnosis diagnosis) {
        return diagnosis.leading().map(ranked -> ranked.cause().name()).orElse(UNKNOWN);
    }

    private static String host(String endpoint) {
        String host = endpoint.substring(0, endpoint.lastIndexOf(':'));
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }
}
