package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Sender;
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

    /// Nothing is reported: the connection closed well.
    static void assertClosed(TestCapture capture) throws IOException {
        assertThat(read(capture).connections()).isEmpty();
    }

    /// One connection is reported: reset by `sender`, for `cause`.
    static void assertEnded(TestCapture capture, Sender sender, Cause cause) throws IOException {
        List<ConnectionReport> connections = read(capture).connections();
        assertThat(connections).hasSize(1);
        assertThat(connections.getFirst().end()).isEqualTo(ConnectionEnd.RESET);
        Diagnosis diagnosis = connections.getFirst().diagnosis().orElseThrow();
        assertThat(diagnosis.sender()).isEqualTo(sender);
        assertThat(cause(diagnosis)).as("%s", diagnosis.evidence()).contains(cause);
    }
}
