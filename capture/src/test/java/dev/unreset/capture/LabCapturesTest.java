package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unreset.Diagnosis;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The labelled captures of the lab; skipped, in sight, where they are not.
class LabCapturesTest {

    private static final Path LAB = Path.of("../../shared/captures/lab");

    @Test
    void show() throws Exception {
        assumeTrue(Files.exists(LAB), () -> PublicCapturesTest.skipped("labelled captures"));
        List<String> lines = new ArrayList<>();
        try (var files = Files.list(LAB)) {
            for (Path file : files.filter(f -> f.toString().endsWith(".pcap")).sorted().toList()) {
                CaptureReport report =
                        Capture.read(
                                List.of(file),
                                InputStream.nullInputStream(),
                                CaptureOptions.usual());
                for (CaptureReport.Problem problem : report.problems()) {
                    ConnectionReport c = problem.connections().getFirst();
                    Diagnosis d = c.diagnosis().orElseThrow();
                    lines.add(
                            String.format(
                                    "%-50s %-3d %-21s %-14s %-10s %.2f %-18s %.2f  %s",
                                    file.getFileName(),
                                    problem.connections().size(),
                                    problem.server(),
                                    problem.end(),
                                    problem.sender(),
                                    d.senderProbability(),
                                    problem.cause(),
                                    d.leading().map(Diagnosis.RankedCause::probability).orElse(0.0),
                                    d.evidence().stream().map(e -> e.fact()).toList()));
                }
                if (report.problems().isEmpty()) {
                    lines.add(file.getFileName() + " none of " + report.connectionCount());
                }
            }
        }
        Files.write(Path.of("target/lab.txt"), lines);
        assertThat(lines).isNotEmpty();
    }
}
