package dev.unreset.logs;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.Year;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;
import org.jspecify.annotations.Nullable;

/// Reads logs and finds the lines that say what ended connections. Memory stays constant.
public final class Logs {

    private static final int BLOCK = 1 << 18;

    /// Of a longer line only so much is looked at closely.
    static final int MOST_LINE = 8 << 10;

    private static final List<Rule> RULES = Rule.all();
    private static final Automaton ANCHORS = automaton(RULES);

    private static final int MOST_SELECTED = 1000;
    private static final int MOST_MINUTES = 100_000;

    private final LogOptions options;
    private final List<Rule> rules;
    private final Automaton automaton;
    private final int thisYear = Year.now(java.time.ZoneId.systemDefault()).getValue();
    private final Map<String, Count> counts = new HashMap<>();
    private final Map<LocalDateTime, Map<LogCause, Long>> minutes = new TreeMap<>();
    private final List<LogReport.Hit> selected = new ArrayList<>();
    private final List<String> troubles = new ArrayList<>();
    private long allLines;

    private static final class Count {
        private final LogReport.Hit first;
        private long count;
        private Optional<LocalDateTime> last = Optional.empty();

        Count(LogReport.Hit first) {
            this.first = first;
        }
    }

    Logs(LogOptions options) throws IOException {
        this.options = options;
        List<Rule> all = new ArrayList<>(RULES);
        for (Path file : options.rules()) {
            all.addAll(Rule.read(file));
        }
        this.rules = all;
        this.automaton = options.rules().isEmpty() ? ANCHORS : automaton(all);
    }

    private static Automaton automaton(List<Rule> rules) {
        return new Automaton(rules.stream().map(Rule::anchor).toList());
    }

    /// Reads `paths` in their order, but the files of a rotated log from the oldest on; `-` is
    /// `standardInput`.
    ///
    /// @throws IOException if one of them cannot be opened
    /// @throws LogRuleException if a rule of the user's own is none
    public static LogReport read(List<Path> paths, InputStream standardInput, LogOptions options)
            throws IOException {
        Logs logs = new Logs(options);
        for (Path path : RotatedSets.inOrder(paths)) {
            if (path.toString().equals("-")) {
                logs.read("standard input", standardInput);
            } else {
                try (InputStream in = new BufferedInputStream(Files.newInputStream(path), 16)) {
                    logs.read(path.toString(), in);
                }
            }
        }
        return logs.report();
    }

    private void read(String name, InputStream raw) throws IOException {
        InputStream in = raw;
        if (raw.markSupported()) {
            raw.mark(2);
            byte[] magic = raw.readNBytes(2);
            raw.reset();
            if (magic.length == 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b) {
                in = new GZIPInputStream(raw, BLOCK);
            }
        }
        try {
            scan(name, in);
        } catch (EOFException | ZipException e) {
            troubles.add(
                    name + ": its compressed data is cut off or damaged: what came before counts");
        }
    }

    /// One pass: each byte moves the automaton; a line that hits is looked at.
    private void scan(String name, InputStream in) throws IOException {
        byte[] buffer = new byte[BLOCK + MOST_LINE];
        int kept = 0;
        int state = 0;
        long line = 1;
        int lineStart = 0;
        boolean hit = false;
        boolean any = false;
        for (int count = in.read(buffer, kept, BLOCK);
                count >= 0;
                count = in.read(buffer, kept, BLOCK)) {
            int end = kept + count;
            any |= count > 0;
            int at = kept;
            while (at < end) {
                int stop = lineEnd(buffer, at, end);
                state = automaton.run(state, buffer, at, stop);
                hit |= state < 0;
                at = stop;
                if (stop < end) {
                    if (hit) {
                        lookAt(name, line, text(buffer, lineStart, stop));
                    }
                    hit = false;
                    state = 0;
                    line++;
                    at = stop + 1;
                    lineStart = at;
                }
            }
            // What is kept of an unfinished line: its beginning, where times and names are.
            int unfinished = Math.min(end - lineStart, MOST_LINE);
            System.arraycopy(buffer, lineStart, buffer, 0, unfinished);
            kept = unfinished;
            lineStart = 0;
        }
        if (kept > 0) {
            if (hit) {
                lookAt(name, line, text(buffer, 0, kept));
            }
            line++;
        }
        allLines += any ? line - 1 : 0;
    }

    private static int lineEnd(byte[] buffer, int from, int end) {
        int at = from;
        while (at < end && buffer[at] != '\n') {
            at++;
        }
        return at;
    }

    private static String text(byte[] buffer, int from, int to) {
        int length = Math.min(to - from, MOST_LINE);
        return new String(Arrays.copyOfRange(buffer, from, from + length), StandardCharsets.UTF_8)
                .stripTrailing();
    }

    /// Looks at one line by all rules, and counts it if it says something.
    Optional<LogReport.Hit> lookAt(String name, long number, String line) {
        String message = journalMessage(line);
        Optional<LogReport.Hit> hit =
                rule(message)
                        .map(rule ->
                                new LogReport.Hit(
                                        name,
                                        number,
                                        journalTime(line).or(() -> Times.of(message, thisYear)),
                                        rule.product(),
                                        rule.cause(),
                                        message));
        hit.ifPresent(this::count);
        return hit;
    }

    private void count(LogReport.Hit found) {
        Count count =
                counts.computeIfAbsent(
                        found.product() + "\t" + found.cause(), key -> new Count(found));
        count.count++;
        count.last = found.time().isPresent() ? found.time() : count.last;
        if (found.time().isPresent() && minutes.size() < MOST_MINUTES) {
            minutes.computeIfAbsent(
                            found.time().get().truncatedTo(ChronoUnit.MINUTES),
                            key -> new HashMap<>())
                    .merge(found.cause(), 1L, Long::sum);
        }
        if (isSelected(found) && selected.size() < MOST_SELECTED) {
            selected.add(found);
        }
    }

    private boolean isSelected(LogReport.Hit found) {
        boolean asked = options.around().isPresent() || options.client().isPresent();
        boolean near =
                options.around().isEmpty()
                        || found.time()
                                .filter(time ->
                                        ChronoUnit.SECONDS.between(time, options.around().get())
                                                        <= options.window().toSeconds()
                                                && ChronoUnit.SECONDS.between(
                                                                options.around().get(), time)
                                                        <= options.window().toSeconds())
                                .isPresent();
        return asked
                && near
                && options.client().map(client -> found.text().contains(client)).orElse(true);
    }

    private Optional<Rule> rule(String line) {
        int state = 0;
        @Nullable Rule best = null;
        for (byte each : line.getBytes(StandardCharsets.UTF_8)) {
            state = automaton.step(state, each);
            for (int number : automaton.found(state)) {
                Rule rule = rules.get(number);
                boolean better = best == null || rule.exactness() > best.exactness();
                if (better && rule.matches(line)) {
                    best = rule;
                }
            }
        }
        return Optional.ofNullable(best);
    }

    /// The message of a line of `journalctl -o json`; the line itself if it is none.
    private static String journalMessage(String line) {
        return field(line, "\"MESSAGE\":\"").orElse(line);
    }

    private static Optional<LocalDateTime> journalTime(String line) {
        return field(line, "\"__REALTIME_TIMESTAMP\":\"")
                .filter(micros ->
                        micros.length() <= 18
                                && !micros.isEmpty()
                                && micros.chars().allMatch(Character::isDigit))
                .map(micros ->
                        LocalDateTime.ofEpochSecond(
                                Long.parseLong(micros) / 1_000_000, 0, java.time.ZoneOffset.UTC));
    }

    private static Optional<String> field(String line, String start) {
        int at = line.startsWith("{") ? line.indexOf(start) : -1;
        if (at < 0) {
            return Optional.empty();
        }
        int from = at + start.length();
        int end = from;
        while (end < line.length() && line.charAt(end) != '"') {
            end += line.charAt(end) == '\\' ? 2 : 1;
        }
        return Optional.of(
                line.substring(from, Math.min(end, line.length()))
                        .replace("\\\"", "\"")
                        .replace("\\/", "/"));
    }

    private LogReport report() {
        List<LogReport.Finding> findings = new ArrayList<>();
        counts.values()
                .forEach(count ->
                        findings.add(
                                new LogReport.Finding(
                                        count.first.product(),
                                        count.first.cause(),
                                        count.count,
                                        count.first,
                                        count.last)));
        findings.sort(Comparator.comparingLong(LogReport.Finding::count).reversed());
        List<LogReport.Minute> timeline = new ArrayList<>();
        Map<LogCause, Double> usual = usual();
        minutes.forEach((minute, causes) ->
                causes.forEach((cause, count) ->
                        timeline.add(
                                new LogReport.Minute(
                                        minute,
                                        cause,
                                        count,
                                        count >= 5
                                                && count
                                                        >= 4
                                                                * usual.getOrDefault(
                                                                        cause,
                                                                        Double
                                                                                .POSITIVE_INFINITY)))));
        return new LogReport(allLines, findings, timeline, selected, troubles);
    }

    /// The median of the minutes in which a cause was seen at all.
    private Map<LogCause, Double> usual() {
        Map<LogCause, List<Long>> counts = new HashMap<>();
        minutes.values()
                .forEach(causes ->
                        causes.forEach((cause, count) ->
                                counts.computeIfAbsent(cause, key -> new ArrayList<>())
                                        .add(count)));
        Map<LogCause, Double> usual = new HashMap<>();
        counts.forEach((cause, all) -> {
            all.sort(null);
            usual.put(
                    cause,
                    all.size() < 3 ? Double.POSITIVE_INFINITY : (double) all.get(all.size() / 2));
        });
        return usual;
    }
}
