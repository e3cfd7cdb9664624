package dev.unreset.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The lab as a process.
class LabCommandTest {

    private static final String CERTIFICATE = "lab: its certificate is ";

    @TempDir private Path folder;

    @Test
    void leavesNothingBehindWhenItIsEnded() throws Exception {
        Process lab = CommandLineProcess.startTalking(folder, "lab", "--tls");
        try (BufferedReader said = lab.inputReader()) {
            assertThat(said.readLine()).startsWith("lab: https://");
            String line = said.readLine();
            assertThat(line).startsWith(CERTIFICATE);
            Path certificate = Path.of(line.substring(CERTIFICATE.length()));
            assertThat(certificate).exists();

            lab.destroy();

            assertThat(lab.waitFor(30, TimeUnit.SECONDS)).isTrue();
            assertThat(lab.exitValue()).isZero();
            assertThat(certificate).doesNotExist();
        } finally {
            lab.destroyForcibly();
        }
    }
}
