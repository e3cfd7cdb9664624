package dev.unreset.logs;

import java.time.LocalDateTime;
import java.util.List;
import java.util.Optional;

/// What logs say of the ends of connections.
///
/// @param lines how many were read
/// @param findings by product and cause, the most frequent first
/// @param timeline what happened in each minute, in order
/// @param selected lines that were asked for by time or client, in order
/// @param troubles what could not be read
public record LogReport(
        long lines,
        List<Finding> findings,
        List<Minute> timeline,
        List<Hit> selected,
        List<String> troubles) {

    public LogReport {
        findings = List.copyOf(findings);
        timeline = List.copyOf(timeline);
        selected = List.copyOf(selected);
        troubles = List.copyOf(troubles);
    }

    /// A line that says something.
    ///
    /// @param line from 1
    public record Hit(
            String file,
            long line,
            Optional<LocalDateTime> time,
            String product,
            LogCause cause,
            String text) {}

    /// All lines of one product and cause.
    ///
    /// @param first the first of them, as proof
    public record Finding(
            String product, LogCause cause, long count, Hit first, Optional<LocalDateTime> last) {}

    /// One minute and cause.
    ///
    /// @param burst whether it is far more than in other minutes of that cause
    public record Minute(LocalDateTime start, LogCause cause, long count, boolean burst) {}
}
