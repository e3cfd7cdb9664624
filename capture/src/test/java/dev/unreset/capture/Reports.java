package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/// What is reported of captures that tests make.
final class Reports {

    private Reports() {}

    static CaptureReport read(TestCapture capture) throws IOException {
        Path file = Files.createTempFile("capture", ".pcap");
        try {
            Files.write(file, capture.pcap());
            return Capture.read(
                    List.of(file), InputStream.nullInputStream(), CaptureOptions.usual());
        } finally {
            Files.delete(file);
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
        assertThat(report.connections())
                .hasSize(3)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow())).contains(cause));
    }
}
