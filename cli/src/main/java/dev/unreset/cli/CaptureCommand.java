package dev.unreset.cli;

import dev.unreset.capture.Capture;
import dev.unreset.capture.CaptureException;
import dev.unreset.capture.CaptureOptions;
import dev.unreset.capture.CaptureReport;
import dev.unreset.capture.ConnectionReport;
import dev.unreset.capture.LiveCapture;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/// `unreset capture FILE...`
final class CaptureCommand implements Callable<Integer> {

    private static final Path STANDARD_INPUT = Path.of("-");
    private static final Duration FOR_EVER = Duration.ofDays(36_500);

    private final CommandSpec spec = CommandSpec.wrapWithoutInspection(this);

    private final PositionalParamSpec files =
            PositionalParamSpec.builder()
                    .arity("1..*")
                    .required(true)
                    .paramLabel("FILE")
                    .description("Captures; '-' is standard input.")
                    .type(List.class)
                    .auxiliaryTypes(Path.class)
                    .build();

    private final OptionSpec all =
            Options.flag("Every connection, not only those that ended badly.", "--all");

    private final OptionSpec filters =
            Options.option(
                            List.class,
                            "KEY=VALUE",
                            "Only connections with this host, port, sender or cause, such as sender=middlebox; may be repeated.",
                            "--filter")
                    .auxiliaryTypes(String.class)
                    .initialValue(List.of())
                    .build();

    private final OptionSpec framing =
            Options.option(
                            String.class,
                            "FRAMING",
                            "What the clients speak: length:u32be,max=1MiB or line:lf,max=64KiB or fixed:512. Default: what their ports and bytes say.",
                            "--framing")
                    .build();

    private final OptionSpec write =
            Options.option(
                            Path.class,
                            "FILE",
                            "Writes the packets of the reported connections as pcapng.",
                            "--write")
                    .build();

    private final OptionSpec merge =
            OptionSpec.builder("--merge")
                    .negatable(true)
                    .type(boolean.class)
                    .defaultValue("true")
                    .fallbackValue("true")
                    .description("Reads several files as one capture (the default).")
                    .build();

    private final OptionSpec json = Options.flag("Prints the report as JSON.", "--json");

    private CaptureCommand() {
        spec.name("capture");
        spec.usageMessage()
                .description(
                        "Says who reset the connections of a packet capture, and why.",
                        "",
                        "Reads pcap and pcapng, also in gzip or zstd. Several files are one capture, in order of time. Live: tcpdump -U -w - 'tcp or icmp or icmp6' | unreset capture -");
        spec.addPositional(files);
        for (OptionSpec option : List.of(all, filters, framing, write, merge, json)) {
            spec.addOption(option);
        }
    }

    static CommandSpec described() {
        return new CaptureCommand().spec;
    }

    @Override
    public Integer call() throws IOException, InterruptedException {
        CaptureOptions options;
        Predicate<ConnectionReport> wanted = connection -> true;
        try {
            options = new CaptureOptions(all.getValue(), Optional.ofNullable(framing.getValue()));
            for (String filter : filters.<List<String>>getValue()) {
                wanted = wanted.and(CaptureFilter.parse(filter));
            }
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), String.valueOf(e.getMessage()));
        }
        List<Path> paths = files.getValue();
        if (write.getValue() != null && paths.contains(STANDARD_INPUT)) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), "--write needs files: standard input cannot be read twice");
        }
        boolean together = merge.getValue();
        List<List<Path>> captures =
                together ? List.of(paths) : paths.stream().map(List::of).toList();
        int status = 0;
        for (List<Path> capture : captures) {
            status = Math.max(status, report(capture, options, wanted));
        }
        return status;
    }

    private int report(
            List<Path> capture, CaptureOptions options, Predicate<ConnectionReport> wanted)
            throws IOException, InterruptedException {
        try {
            if (capture.equals(List.of(STANDARD_INPUT))) {
                return live(options, wanted);
            }
            long started = System.nanoTime();
            print(Capture.read(capture, System.in, options).only(wanted), capture, started);
            return 0;
        } catch (CaptureException e) {
            throw new CommandFailed(Text.oneLine(String.valueOf(e.getMessage())));
        }
    }

    /// Reports what comes while it comes, and all of it when it has ended. Ctrl-C ends it: a whole
    /// pipeline gets that signal.
    private int live(CaptureOptions options, Predicate<ConnectionReport> wanted)
            throws IOException, InterruptedException {
        long started = System.nanoTime();
        try (LiveCapture live = LiveCapture.start(System.in, options);
                Interrupt _ = Interrupt.stops(live::stop)) {
            if (json.<Boolean>getValue()) {
                live.awaitEnd(FOR_EVER);
            } else {
                new LiveReport(live, wanted, System.out).run();
            }
            print(live.report().only(wanted), List.of(STANDARD_INPUT), started);
            return 0;
        }
    }

    private void print(CaptureReport report, List<Path> capture, long started) throws IOException {
        double seconds = (System.nanoTime() - started) / 1e9;
        Path copy = write.getValue();
        if (copy != null) {
            write(capture, report, copy);
        }
        if (json.<Boolean>getValue()) {
            CaptureJson.print(System.out, report, seconds);
            return;
        }
        System.out.print(CaptureText.of(report, all.getValue()));
        System.out.flush();
        report.troubles()
                .forEach(line -> Terminal.err().println("unreset: " + Text.printable(line)));
    }

    private static void write(List<Path> capture, CaptureReport report, Path copy)
            throws IOException {
        try {
            Capture.write(capture, report, copy);
        } catch (FileSystemException e) {
            String reason =
                    switch (e) {
                        case NoSuchFileException _ -> "no such folder";
                        case AccessDeniedException _ -> "permission denied";
                        default -> String.valueOf(e.getReason());
                    };
            throw new CommandFailed(Text.oneLine("cannot write " + copy + ": " + reason));
        }
    }
}
