package dev.unreset.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCommandTest {

    @TempDir private Path folder;

    @Test
    void eachCauseIsShownAndRecognisedAndNothingIsLost() throws Exception {
        CommandLineProcess demo = CommandLineProcess.run(folder, "demo");

        assertThat(demo.err()).isEmpty();
        assertThat(demo.out()).contains("9 of 9 causes recognised");
        for (Cause cause : Cause.values()) {
            assertThat(demo.out()).contains(". " + cause + " (");
        }
        assertThat(demo.out()).containsPattern("(?m)^all +[1-9][0-9]* +0 +0$");
        assertThat(demo.status()).isZero();
        assertThat(folder).isEmptyDirectory();
    }
}
