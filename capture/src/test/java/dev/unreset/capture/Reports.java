package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// What is reported of captures that tests make.
final class Reports {

    private Reports() {}

    /// The report of one capture, made at one point or at several.
    static CaptureReport read(TestCapture... points) throws IOException {
        return read(CaptureOptions.usual(), points);
    }

    static CaptureReport read(CaptureOptions options, TestCapture... points) throws IOException {
        List<Path> files = new ArrayList<>();
        try {
            for (TestCapture point : points) {
                Path file = Files.createTempFile("capture", ".pcap");
                files.add(file);
                Files.write(file, point.pcap());
            }
            return Capture.read(files, InputStream.nullInputStream(), options);
        } finally {
            for (Path file : files) {
                Files.delete(file);
            }
        }
    }

    /// The diagnosis of the reported connection that began last.
    static Diagnosis last(TestCapture capture) throws IOException {
        return read(capture).connections().getLast().diagnosis().orElseThrow();
    }

    static Optional<Cause> cause(Diagnosis diagnosis) {
        return diagnosis.leading().map(Diagnosis.RankedCause::cause);
    }

    /// Three connections are reported, each with `cause`.
    static void assertCause(CaptureReport report, Cause cause) {
        assertCauses(report, 3, cause);
    }

    /// So many connections are reported, each with `cause`.
    static void assertCauses(CaptureReport report, int connections, Cause cause) {
        assertThat(report.connections())
                .hasSize(connections)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow())).contains(cause));
    }
}
