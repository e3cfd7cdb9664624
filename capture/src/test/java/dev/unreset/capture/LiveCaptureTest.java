package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.io.PipedInputStream;
import java.io.PipedOutputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Captures that are still being made.
@Timeout(60)
class LiveCaptureTest {

    private static final Duration LONG = Duration.ofSeconds(50);

    @TempDir private Path folder;

    private static byte[] twoConnections() {
        return new TestCapture()
                .from(40_000)
                .handshake()
                .server("RA", 1, 1, "")
                .from(40_001)
                .handshake()
                .server("RA", 1, 1, "")
                .pcap(ByteOrder.LITTLE_ENDIAN, false, LinkTypes.RAW, new byte[0]);
    }

    @Test
    void whatHasComeIsReportedBeforeTheEnd() throws Exception {
        byte[] all = twoConnections();
        int half = 24 + (all.length - 24) / 2;
        try (PipedOutputStream writer = new PipedOutputStream();
                LiveCapture live =
                        LiveCapture.start(
                                new PipedInputStream(writer, all.length), CaptureOptions.usual())) {
            writer.write(all, 0, half + 10);
            writer.flush();
            awaitMore(live, 4);

            assertThat(live.report().connections()).hasSize(1);
            assertThat(live.hasMore()).isFalse();

            writer.write(all, half + 10, all.length - half - 10);
            writer.close();

            assertThat(live.awaitEnd(LONG)).isTrue();
            assertThat(live.hasMore()).isTrue();
            assertThat(live.report().connections()).hasSize(2);
        }
    }

    /// Until so many packets have been taken.
    private static void awaitMore(LiveCapture live, int packets) throws Exception {
        while (packetsOf(live) < packets) {
            assertThat(live.awaitEnd(Duration.ofMillis(5))).isFalse();
        }
    }

    private static long packetsOf(LiveCapture live) throws Exception {
        try {
            return live.report().packets();
        } catch (CaptureException notYet) {
            return 0;
        }
    }

    @Test
    void aStopEndsTheWaitAlthoughTheStreamStaysOpen() throws Exception {
        byte[] all = twoConnections();
        try (PipedOutputStream writer = new PipedOutputStream();
                LiveCapture live =
                        LiveCapture.start(
                                new PipedInputStream(writer, all.length), CaptureOptions.usual())) {
            writer.write(all);
            writer.flush();
            awaitMore(live, 8);
            live.stop();

            assertThat(live.awaitEnd(LONG)).isTrue();
            assertThat(live.report().connections()).hasSize(2);
        }
    }

    @Test
    void aStreamThatIsNoCaptureIsSaid() throws Exception {
        try (LiveCapture live =
                LiveCapture.start(
                        new ByteArrayInputStream(new byte[100]), CaptureOptions.usual())) {
            assertThat(live.awaitEnd(LONG)).isTrue();
            assertThatThrownBy(live::report)
                    .isInstanceOf(CaptureException.class)
                    .hasMessageStartingWith("standard input: is no capture");
        }
    }

    @Test
    void aFileEndsWhereItEndedWhenItWasOpened() throws Exception {
        byte[] all = twoConnections();
        int cut = all.length - 7;
        Path path = Files.write(folder.resolve("growing.pcap"), Arrays.copyOf(all, cut));
        try (CaptureFile file = CaptureFile.open(path, InputStream.nullInputStream())) {
            Files.write(path, Arrays.copyOfRange(all, cut, all.length), StandardOpenOption.APPEND);

            CaptureReport report = Capture.read(List.of(file), CaptureOptions.usual());

            assertThat(report.packets()).isEqualTo(7);
            assertThat(report.troubles())
                    .singleElement()
                    .satisfies(line -> assertThat(line).contains("the file ends within a packet"));
        }
    }
}
