package dev.unreset.logs;

import dev.unreset.Evidence;
import dev.unreset.Place;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
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

    /// What the lines say for the causes of lost connections, for the diagnoser: those that were
    /// selected by time or client, else all. Lines about other connections (an upstream's) say
    /// nothing.
    public List<Evidence> evidence() {
        Map<LogCause, List<Hit>> hits = new EnumMap<>(LogCause.class);
        Map<LogCause, Long> counts = new EnumMap<>(LogCause.class);
        if (selected.isEmpty()) {
            for (Finding finding : findings) {
                hits.computeIfAbsent(finding.cause(), key -> new ArrayList<>())
                        .add(finding.first());
                counts.merge(finding.cause(), finding.count(), Long::sum);
            }
        } else {
            for (Hit hit : selected) {
                hits.computeIfAbsent(hit.cause(), key -> new ArrayList<>()).add(hit);
                counts.merge(hit.cause(), 1L, Long::sum);
            }
        }
        List<Evidence> evidence = new ArrayList<>();
        counts.forEach((cause, count) ->
                cause.cause()
                        .ifPresent(named -> {
                            Hit first = hits.getOrDefault(cause, List.of()).getFirst();
                            String fact =
                                    String.format(
                                            Locale.ROOT,
                                            "%,d %s of %s %s of: %s",
                                            count,
                                            count == 1 ? "line" : "lines",
                                            first.product(),
                                            count == 1 ? "tells" : "tell",
                                            named.title());
                            evidence.add(
                                    Evidence.of(fact, new Place.Line(first.file(), first.line()))
                                            .weighs(named, weight(count)));
                        }));
        return evidence;
    }

    /// A server that says so itself is nearly sure; more lines say it a little louder.
    private static int weight(long count) {
        return 20 + (int) Math.min(10, Math.round(3 * Math.log10((double) count)));
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
