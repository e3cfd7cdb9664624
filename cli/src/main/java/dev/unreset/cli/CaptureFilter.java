package dev.unreset.cli;

import dev.unreset.Diagnosis;
import dev.unreset.capture.ConnectionReport;
import java.util.Locale;
import java.util.function.Predicate;

/// What `--filter` keeps.
final class CaptureFilter {

    private CaptureFilter() {}

    /// Reads `host=192.0.2.1`, `port=443`, `sender=server` or `cause=IDLE_TIMEOUT`.
    ///
    /// @throws IllegalArgumentException if it is none
    static Predicate<ConnectionReport> parse(String text) {
        int equals = text.indexOf('=');
        String key = equals < 0 ? "" : text.substring(0, equals);
        String value = text.substring(equals + 1).toLowerCase(Locale.ROOT).replace('-', '_');
        return switch (key) {
            case "host" -> {
                String host = text.substring(equals + 1);
                yield each -> host(each.client()).equals(host) || host(each.server()).equals(host);
            }
            case "port" ->
                    each ->
                            each.server().endsWith(":" + value)
                                    || each.client().endsWith(":" + value);
            case "sender" ->
                    each ->
                            each.diagnosis()
                                    .filter(diagnosis -> diagnosis.sender().label().equals(value))
                                    .isPresent();
            case "cause" ->
                    each ->
                            each.diagnosis()
                                    .flatMap(Diagnosis::leading)
                                    .filter(leading ->
                                            leading.cause()
                                                    .name()
                                                    .toLowerCase(Locale.ROOT)
                                                    .equals(value))
                                    .isPresent();
            default ->
                    throw new IllegalArgumentException(
                            "filter '" + text + "' (expected: host=, port=, sender= or cause=)");
        };
    }

    private static String host(String endpoint) {
        String host = endpoint.substring(0, endpoint.lastIndexOf(':'));
        return host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
    }
}
