package dev.unreset.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// A capture of 1.5 GB in the page cache: `unreset capture`, which prints its report, or all bad
/// connections as JSON, beside `tcpdump` that lists the RSTs, and `tshark` that finds them.
final class CaptureCase {

    private static final int FLOWS = 100_000;
    private static final int ROUNDS = 9;
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private CaptureCase() {}

    static void run(Path unreset, Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve("large.pcap");
        try {
            long packets = CaptureGenerator.write(file, FLOWS, CaptureGenerator.WHOLE);
            String name = file.toString();
            List<String> report = List.of(unreset.toString(), "capture", name);
            List<String> json = List.of(unreset.toString(), "capture", "--json", name);
            List<String> tcpdump = List.of("tcpdump", "-nr", name, "tcp[tcpflags] & tcp-rst != 0");
            List<String> tshark = List.of("tshark", "-r", name, "-Y", "tcp.flags.reset==1");
            // Once each, so that the file is in the page cache.
            Measured.run(tcpdump, LIMIT);
            Measured.run(report, LIMIT);
            List<Measured> reportRuns = new ArrayList<>();
            List<Measured> jsonRuns = new ArrayList<>();
            List<Measured> tcpdumpRuns = new ArrayList<>();
            for (int i = 0; i < ROUNDS; i++) {
                reportRuns.add(Measured.run(report, LIMIT));
                jsonRuns.add(Measured.run(json, LIMIT));
                tcpdumpRuns.add(Measured.run(tcpdump, LIMIT));
            }
            Measured slow = Measured.run(tshark, LIMIT);
            double seconds = median(reportRuns).seconds();
            System.out.printf(
                    Locale.ROOT,
                    "%ncapture: %,d bytes, %,d packets, %,d connections, medians of %d%n",
                    Files.size(file),
                    packets,
                    FLOWS,
                    ROUNDS);
            print("unreset", median(reportRuns), seconds);
            print("  --json", median(jsonRuns), seconds);
            print("tcpdump", median(tcpdumpRuns), seconds);
            print("tshark", slow, seconds);
        } finally {
            Files.deleteIfExists(file);
        }
    }

    private static Measured median(List<Measured> runs) {
        return runs.stream()
                .sorted(Comparator.comparingDouble(Measured::seconds))
                .toList()
                .get(runs.size() / 2);
    }

    private static void print(String tool, Measured measured, double unresetSeconds) {
        System.out.printf(
                Locale.ROOT,
                "  %-8s %9.2f s  ratio %6.3f  memory %5d MiB  status %d%n",
                tool,
                measured.seconds(),
                unresetSeconds / measured.seconds(),
                measured.residentKib() / 1024,
                measured.status());
    }
}
