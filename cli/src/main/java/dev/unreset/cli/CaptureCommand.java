package dev.unreset.cli;

import dev.unreset.capture.Capture;
import dev.unreset.capture.CaptureException;
import dev.unreset.capture.CaptureOptions;
import dev.unreset.capture.CaptureReport;
import dev.unreset.capture.ConnectionReport;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `unreset capture FILE...`
@Command(
        name = "capture",
        description = {
            "Says who reset the connections of a packet capture, and why.",
            "",
            "Reads pcap and pcapng, also in gzip or zstd. Several files are one capture, in order of time. Live: tcpdump -U -w - tcp | unreset capture -"
        })
final class CaptureCommand implements Callable<Integer> {

    @CommandLine.Spec private CommandLine.Model.CommandSpec spec;

    @Parameters(
            arity = "1..*",
            paramLabel = "FILE",
            description = "Captures; '-' is standard input.")
    private List<Path> files = List.of();

    @Option(names = "--all", description = "Every connection, not only those that ended badly.")
    private boolean all;

    @Option(
            names = "--filter",
            paramLabel = "KEY=VALUE",
            description =
                    "Only connections with this host, port, sender or cause, such as sender=middlebox; may be repeated.")
    private List<String> filters = List.of();

    @Option(
            names = "--framing",
            paramLabel = "FRAMING",
            description =
                    "What the clients speak: length:u32be,max=1MiB or line:lf,max=64KiB or fixed:512. Default: what their ports and bytes say.")
    private @Nullable String framing;

    @Option(
            names = "--write",
            paramLabel = "FILE",
            description = "Writes the packets of the reported connections as pcapng.")
    private @Nullable Path write;

    @Option(
            names = "--merge",
            negatable = true,
            defaultValue = "true",
            fallbackValue = "true",
            description = "Reads several files as one capture (the default).")
    private boolean merge;

    @Option(names = "--json", description = "Prints the report as JSON.")
    private boolean json;

    @SuppressWarnings("NullAway.Init") // picocli sets `spec`.
    CaptureCommand() {}

    @Override
    public Integer call() throws IOException {
        CaptureOptions options;
        List<Predicate<ConnectionReport>> wanted = new ArrayList<>();
        try {
            options = new CaptureOptions(all, Optional.ofNullable(framing));
            for (String filter : filters) {
                wanted.add(CaptureFilter.parse(filter));
            }
        } catch (IllegalArgumentException e) {
            throw new CommandLine.ParameterException(
                    spec.commandLine(), String.valueOf(e.getMessage()));
        }
        List<List<Path>> captures = merge ? List.of(files) : files.stream().map(List::of).toList();
        int status = 0;
        for (List<Path> capture : captures) {
            status = Math.max(status, report(capture, options, wanted));
        }
        return status;
    }

    private int report(
            List<Path> capture, CaptureOptions options, List<Predicate<ConnectionReport>> wanted)
            throws IOException {
        long started = System.nanoTime();
        try {
            CaptureReport report =
                    Capture.read(capture, System.in, options)
                            .only(each -> wanted.stream().allMatch(filter -> filter.test(each)));
            double seconds = (System.nanoTime() - started) / 1e9;
            if (write != null) {
                Capture.write(capture, report, write);
            }
            if (json) {
                System.out.println(CaptureJson.of(report, seconds));
            } else {
                System.out.print(CaptureText.of(report, all));
                report.troubles()
                        .forEach(
                                line -> Terminal.err().println("unreset: " + Text.printable(line)));
            }
            return 0;
        } catch (CaptureException e) {
            throw new CommandFailed(Text.oneLine(String.valueOf(e.getMessage())));
        }
    }
}
