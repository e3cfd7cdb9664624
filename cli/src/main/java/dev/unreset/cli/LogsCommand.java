package dev.unreset.cli;

import dev.unreset.Diagnoser;
import dev.unreset.Diagnosis;
import dev.unreset.logs.LogFollower;
import dev.unreset.logs.LogOptions;
import dev.unreset.logs.LogReport;
import dev.unreset.logs.LogRuleException;
import dev.unreset.logs.Logs;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JsonGenerator;

/// `unreset logs FILE...`
@Command(
        name = "logs",
        description = {
            "Finds in the logs of servers what ended connections.",
            "",
            "Reads plain and gzip files and journalctl -o json; '-' is standard input. A rotated set (error.log, error.log.1, error.log.2.gz) is read from its oldest file on."
        })
final class LogsCommand implements Callable<Integer> {

    /// `LocalDateTime` by itself leaves out seconds that are 0.
    private static final DateTimeFormatter SECONDS =
            DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss", Locale.ROOT);

    private static final int MOST_MINUTES = 30;
    private static final Duration FOLLOW_EVERY = Duration.ofMillis(250);

    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "FILE", description = "Logs; '-' is standard input.")
    private List<Path> files = List.of();

    @Option(
            names = "--around",
            paramLabel = "TIME",
            description =
                    "Lists what happened around this time, such as 2026-11-22T10:05:00, in the log's own zone.")
    private @Nullable String around;

    @Option(
            names = "--window",
            paramLabel = "TIME",
            converter = Quantities.Time.class,
            description = "How far around. Default: 30s.")
    private Duration window = Duration.ofSeconds(30);

    @Option(
            names = "--client",
            paramLabel = "IP",
            description = "Lists what happened to this address.")
    private @Nullable String client;

    @Option(
            names = "--rules",
            paramLabel = "FILE",
            description =
                    "Rules of your own, beside the built-in ones: cause, fragments, source, example, with tabs between; can be given several times.")
    private List<Path> rules = List.of();

    @Option(
            names = {"-f", "--follow"},
            description = "Waits for new lines and prints what they tell, until it is interrupted.")
    private boolean follow;

    @Option(names = "--json", description = "Prints the report as JSON.")
    private boolean json;

    @SuppressWarnings("NullAway.Init") // picocli sets `spec`.
    LogsCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        LogOptions options = new LogOptions(time(), window, Optional.ofNullable(client), rules);
        LogReport report;
        try {
            if (follow) {
                follow(options);
                return 0;
            }
            report = Logs.read(files, System.in, options);
        } catch (NoSuchFileException e) {
            throw new CommandFailed(Text.oneLine(e.getFile()) + ": does not exist");
        } catch (LogRuleException e) {
            throw new CommandFailed(Text.oneLine(String.valueOf(e.getMessage())));
        } catch (AccessDeniedException e) {
            throw new CommandFailed(Text.oneLine(e.getFile()) + ": permission denied");
        }
        if (json) {
            System.out.println(json(report));
        } else {
            System.out.print(Text.printable(text(report)));
        }
        report.troubles()
                .forEach(line -> Terminal.err().println("unreset: " + Text.printable(line)));
        return 0;
    }

    private void follow(LogOptions options) throws IOException, InterruptedException {
        if (files.stream().anyMatch(file -> file.toString().equals("-"))) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--follow needs files ('-' is standard input)");
        }
        try (LogFollower follower = new LogFollower(files, options)) {
            follower.run(
                    hit -> {
                        System.out.print(
                                json
                                        ? Json.write(document -> write(document, hit)) + "\n"
                                        : Text.printable(line(hit)) + "\n");
                        System.out.flush();
                    },
                    () -> {
                        Thread.sleep(FOLLOW_EVERY);
                        return true;
                    });
        }
    }

    private static String line(LogReport.Hit hit) {
        return String.format(
                Locale.ROOT,
                "%s:%d  %-20s %s",
                hit.file(),
                hit.line(),
                hit.cause().label(),
                shortened(hit.text()));
    }

    private Optional<LocalDateTime> time() {
        try {
            return Optional.ofNullable(around)
                    .map(text -> LocalDateTime.parse(text.strip().replace(' ', 'T')));
        } catch (DateTimeParseException e) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(),
                    "--around '" + around + "' (expected: 2026-11-22T10:05:00)");
        }
    }

    private static String text(LogReport report) {
        StringBuilder text = new StringBuilder();
        for (LogReport.Finding finding : report.findings()) {
            line(
                    text,
                    "%,8d  %-20s %s%s",
                    finding.count(),
                    finding.cause().label(),
                    finding.product(),
                    finding.first().time().map(time -> ", from " + SECONDS.format(time)).orElse("")
                            + finding.last().map(time -> " to " + SECONDS.format(time)).orElse(""));
            line(
                    text,
                    "          first: %s:%d: %s",
                    finding.first().file(),
                    finding.first().line(),
                    shortened(finding.first().text()));
        }
        List<LogReport.Minute> bursts =
                report.timeline().stream()
                        .filter(LogReport.Minute::burst)
                        .limit(MOST_MINUTES)
                        .toList();
        bursts.forEach(minute ->
                line(
                        text,
                        "burst: %s  %-20s %,d in a minute",
                        SECONDS.format(minute.start()),
                        minute.cause().label(),
                        minute.count()));
        report.selected().forEach(hit -> line(text, "%s", line(hit)));
        Diagnosis diagnosis = Diagnoser.diagnose(report.evidence());
        diagnosis
                .leading()
                .ifPresent(leading ->
                        line(
                                text,
                                "most probable: %s (%s)",
                                leading.cause().title(),
                                Text.percent(leading.probability())));
        line(
                text,
                "%,d lines, %,d of them tell of the end of connections.",
                report.lines(),
                report.findings().stream().mapToLong(LogReport.Finding::count).sum());
        return text.toString();
    }

    private static String shortened(String line) {
        return line.length() <= 200 ? line : line.substring(0, 200) + "...";
    }

    private static void line(StringBuilder text, String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }

    private static String json(LogReport report) {
        return Json.write(json -> {
            json.writeStartObject();
            json.writeNumberProperty("lines", report.lines());
            json.writeArrayPropertyStart("findings");
            report.findings()
                    .forEach(finding -> {
                        json.writeStartObject();
                        json.writeStringProperty("product", finding.product());
                        json.writeStringProperty("cause", finding.cause().label());
                        json.writeNumberProperty("count", finding.count());
                        json.writeName("first");
                        write(json, finding.first());
                        json.writeEndObject();
                    });
            json.writeEndArray();
            json.writeArrayPropertyStart("timeline");
            report.timeline()
                    .forEach(minute -> {
                        json.writeStartObject();
                        json.writeStringProperty("minute", SECONDS.format(minute.start()));
                        json.writeStringProperty("cause", minute.cause().label());
                        json.writeNumberProperty("count", minute.count());
                        json.writeBooleanProperty("burst", minute.burst());
                        json.writeEndObject();
                    });
            json.writeEndArray();
            Json.causes(json, Diagnoser.diagnose(report.evidence()));
            json.writeArrayPropertyStart("selected");
            report.selected().forEach(hit -> write(json, hit));
            json.writeEndArray();
            json.writeEndObject();
        });
    }

    private static void write(JsonGenerator json, LogReport.Hit hit) {
        json.writeStartObject();
        json.writeStringProperty("file", hit.file());
        json.writeNumberProperty("line", hit.line());
        hit.time().ifPresent(time -> json.writeStringProperty("time", SECONDS.format(time)));
        json.writeStringProperty("product", hit.product());
        json.writeStringProperty("cause", hit.cause().label());
        json.writeStringProperty("text", hit.text());
        json.writeEndObject();
    }
}
