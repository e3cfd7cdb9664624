package dev.unreset.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// Captures of a million and of ten million connections that are all open at once: the memory that
/// `unreset capture` takes for them, and its time for a packet.
final class FlowsCase {

    private static final List<Integer> FLOWS = List.of(1_000_000, 10_000_000);
    private static final int ROUNDS = 3;
    private static final Duration LIMIT = Duration.ofMinutes(5);

    private FlowsCase() {}

    static void run(Path unreset, Path folder) throws IOException, InterruptedException {
        Path file = folder.resolve("flows.pcap");
        List<String> command = List.of(unreset.toString(), "capture", "--json", file.toString());
        System.out.println();
        try {
            for (int flows : FLOWS) {
                long packets = CaptureGenerator.write(file, flows, CaptureGenerator.HANDSHAKE);
                List<Measured> runs = new ArrayList<>();
                for (int i = 0; i < ROUNDS; i++) {
                    runs.add(Measured.run(command, LIMIT));
                }
                runs.sort(Comparator.comparingDouble(Measured::seconds));
                Measured median = runs.get(runs.size() / 2);
                System.out.printf(
                        Locale.ROOT,
                        "flows: %,11d open at once, %,11d packets  %6.2f s, %4.0f ns a packet, memory %5d MiB, status %d%n",
                        flows,
                        packets,
                        median.seconds(),
                        median.seconds() * 1e9 / packets,
                        median.residentKib() / 1024,
                        median.status());
            }
        } finally {
            Files.deleteIfExists(file);
        }
    }
}
