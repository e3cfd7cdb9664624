package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// A host's clock is set back while it captures: what is said of a connection is a matter of its
/// own packets.
class ClockSetBackTest {

    private static final int CLOSED = 40_001;
    private static final int OTHER = 40_002;
    private static final long SECOND = 1_000_000_000L;

    /// So much of another connection lies between two that the first has left.
    private static final int BETWEEN = 500;

    @TempDir private Path folder;

    @Test
    void packetsOfALaterConnectionAreNotThoseOfTheOneBefore() throws Exception {
        TestCapture capture =
                new TestCapture()
                        .from(CLOSED)
                        .handshake()
                        .client("PA", 1, 1, "hello")
                        .after(20)
                        .server("RA", 1, 6, "")
                        .from(OTHER)
                        .handshake();
        for (int i = 0; i < BETWEEN; i++) {
            capture.after(0.1).client("PA", 1 + i * 1000, 1, "x".repeat(1000));
        }
        capture.after(-65)
                .from(CLOSED)
                .client("S", 7000, 0, "")
                .server("SA", 7000, 7001, "")
                .client("A", 7001, 7001, "")
                .client("FA", 7001, 7001, "")
                .server("FA", 7001, 7002, "")
                .client("A", 7002, 7002, "");
        Path file = Files.write(folder.resolve("capture"), capture.pcap());

        CaptureReport report =
                Capture.read(List.of(file), InputStream.nullInputStream(), CaptureOptions.usual());

        assertThat(report.connections())
                .singleElement()
                .satisfies(
                        reset -> assertThat(reset.ladder()).hasSize(5),
                        reset -> assertThat(reset.resetPacket()).isEqualTo(5));
    }

    @Test
    void aConnectionLeavesWhenItWouldBesideAnyOther() {
        assertThat(leavers(true)).isEqualTo(leavers(false)).isNotEmpty();
    }

    /// In which batch the connection left, of which the other is in the same share or not.
    private static List<Integer> leavers(boolean beside) {
        List<Integer> left = new ArrayList<>();
        int[] batch = {0};
        Tracker tracker =
                new Tracker(flow -> {
                    if (flow.summary().client().port() == CLOSED) {
                        left.add(batch[0]);
                    }
                });
        PacketRows rows = new PacketRows(4);
        long latest = 0;
        for (int seconds : IntStream.iterate(100, at -> at + 20).limit(5).toArray()) {
            rows.clear();
            if (batch[0] == 0) {
                if (beside) {
                    reset(rows, OTHER, seconds * SECOND);
                }
                reset(rows, CLOSED, (seconds - 50) * SECOND);
            }
            latest = seconds * SECOND;
            tracker.packets(rows, new int[4], latest);
            batch[0]++;
        }
        return left;
    }

    private static void reset(PacketRows rows, int port, long nanos) {
        int ports = PacketRows.asInPacket(port << 16 | 443);
        long addresses = PacketRows.asInPacket(TestCapture.CLIENT, TestCapture.SERVER);
        int hash = FlowHash.of(addresses, ports);
        rows.add(addresses, ports, hash, nanos, 1, Decoder.RST, 0, 7, 0);
    }
}
