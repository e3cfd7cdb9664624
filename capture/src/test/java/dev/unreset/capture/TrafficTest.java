package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.io.InputStream;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What is said of both sides of a connection, whether it ended well or not.
class TrafficTest {

    @TempDir private Path folder;

    @Test
    void aConnectionThatIsWell() throws Exception {
        Traffic traffic =
                trafficOf(
                        new TestCapture()
                                .handshake()
                                .client("PA", 1, 1, "hello")
                                .after(0.02)
                                .server("A", 1, 6, "")
                                .after(61)
                                .server("PA", 1, 6, "answer")
                                .after(0.3)
                                .server("PA", 1, 6, "answer")
                                .after(0.1)
                                .client("A", 6, 7, "")
                                .client("FA", 6, 7, "")
                                .after(0.02)
                                .server("A", 7, 7, ""));

        assertThat(traffic.began()).isEqualTo(Traffic.Began.HANDSHAKE);
        assertThat(traffic.client()).isEqualTo(new Traffic.Side(Traffic.State.FIN_WAIT, 5, 0));
        assertThat(traffic.server()).isEqualTo(new Traffic.Side(Traffic.State.CLOSE_WAIT, 6, 1));
        assertThat(traffic.roundTrip().orElseThrow().toNanos())
                .isCloseTo(20_300_000L, within(2048L));
        assertThat(traffic.longestSilence().toMillis()).isBetween(60_998L, 61_000L);
    }

    @Test
    void aConnectionThatWasReset() throws Exception {
        Traffic traffic =
                trafficOf(
                        new TestCapture()
                                .handshake()
                                .client("PA", 1, 1, "hello")
                                .server("FA", 1, 6, "")
                                .server("RA", 2, 6, ""));

        assertThat(traffic.client().state()).isEqualTo(Traffic.State.CLOSE_WAIT);
        assertThat(traffic.server().state()).isEqualTo(Traffic.State.FIN_WAIT);
    }

    @Test
    void aSynThatWasRepeatedHasNoRoundTrip() throws Exception {
        Traffic traffic =
                trafficOf(
                        new TestCapture()
                                .client("S", 0, 0, "")
                                .after(1)
                                .client("S", 0, 0, "")
                                .after(0.02)
                                .server("SA", 0, 1, "")
                                .client("A", 1, 1, ""));

        assertThat(traffic.roundTrip()).isEqualTo(Optional.empty());
        assertThat(traffic.client()).isEqualTo(new Traffic.Side(Traffic.State.ESTABLISHED, 0, 1));
    }

    /// The stack numbers each packet anew; a packet that is seen twice keeps its number.
    @Test
    void whatIsRepeatedAtOnceIsNoTwin() throws Exception {
        TestCapture capture = new TestCapture().handshake();
        for (int i = 0; i < 4; i++) {
            capture.client("PA", 1, 1, "hello").after(0.001);
        }

        assertThat(trafficOf(capture).client().repeated()).isEqualTo(3);
    }

    /// Nothing but their kind tells them apart.
    @Test
    void whatFollowsWithTheSameNumbersIsNoTwinInIpv6() throws Exception {
        Traffic traffic =
                trafficOf(
                        new TestCapture()
                                .handshake()
                                .client("PA", 1, 1, "hello")
                                .server("A", 1, 6, "")
                                .server("FA", 1, 6, "")
                                .inIpv6());

        assertThat(traffic.client()).isEqualTo(new Traffic.Side(Traffic.State.CLOSE_WAIT, 5, 0));
        assertThat(traffic.server().state()).isEqualTo(Traffic.State.FIN_WAIT);
    }

    @Test
    void bytesThatAreRepeatedWithAFinCountOnce() throws Exception {
        Traffic traffic =
                trafficOf(
                        new TestCapture()
                                .handshake()
                                .server("PA", 1, 1, "hello")
                                .after(0.3)
                                .server("FPA", 1, 1, "hello"));

        assertThat(traffic.server().bytes()).isEqualTo(5);
    }

    @Test
    void timeThatRunsBackwardsIsNoTime() throws Exception {
        Traffic traffic =
                trafficOf(
                        new TestCapture()
                                .client("S", 0, 0, "")
                                .after(-0.008)
                                .server("SA", 0, 1, "")
                                .client("A", 1, 1, "")
                                .after(-40L * 24 * 3600)
                                .client("PA", 1, 1, "hello"));

        assertThat(traffic.roundTrip()).isEmpty();
        assertThat(traffic.longestSilence().toMillis()).isLessThan(10);
    }

    @Test
    void aSynThatWasRefused() throws Exception {
        Traffic traffic = trafficOf(new TestCapture().client("S", 0, 0, "").server("RA", 0, 1, ""));

        assertThat(traffic.began()).isEqualTo(Traffic.Began.UNANSWERED_SYN);
        assertThat(traffic.client().state()).isEqualTo(Traffic.State.SYN_SENT);
        assertThat(traffic.server().state()).isEqualTo(Traffic.State.LISTEN);
    }

    @Test
    void aConnectionOlderThanTheCapture() throws Exception {
        Traffic traffic =
                trafficOf(
                        new TestCapture()
                                .client("PA", 1, 1, "hello")
                                .after(0.02)
                                .server("A", 1, 6, ""));

        assertThat(traffic.began()).isEqualTo(Traffic.Began.UNDER_WAY);
        assertThat(traffic.client().state()).isEqualTo(Traffic.State.ESTABLISHED);
        assertThat(traffic.server().state()).isEqualTo(Traffic.State.ESTABLISHED);
    }

    private Traffic trafficOf(TestCapture capture) throws Exception {
        byte[] pcap = capture.pcap(ByteOrder.LITTLE_ENDIAN, true, LinkTypes.RAW, new byte[0]);
        Path file = Files.write(folder.resolve("traffic.pcap"), pcap);
        CaptureReport report =
                Capture.read(
                        List.of(file),
                        InputStream.nullInputStream(),
                        new CaptureOptions(true, Optional.empty()));
        assertThat(report.connections()).hasSize(1);
        return report.connections().getFirst().traffic();
    }
}
