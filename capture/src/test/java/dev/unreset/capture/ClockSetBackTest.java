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

        // With all packets remembered, and with none, so that the capture is read twice.
        for (int indexed : new int[] {1 << 20, 0}) {
            assertThat(read(file, indexed).connections())
                    .singleElement()
                    .satisfies(
                            reset -> assertThat(reset.ladder()).hasSize(5),
                            reset -> assertThat(reset.resetPacket()).isEqualTo(5));
        }
    }

    /// Names of connections repeat; what came later is not taken for what was before all the same.
    @Test
    void manyConnectionsBetweenTheSameEndpoints() throws Exception {
        TestCapture capture = new TestCapture().from(CLOSED).handshake();
        capture.client("PA", 1, 1, "hello").after(0.5).server("RA", 1, 6, "");
        for (int i = 1; i <= 150; i++) {
            int first = i * 100_000;
            capture.after(1)
                    .client("S", first, 0, "")
                    .server("SA", first, first + 1, "")
                    .client("A", first + 1, first + 1, "")
                    .client("PA", first + 1, first + 1, "hello")
                    .server("PA", first + 1, first + 6, "hello")
                    .client("FA", first + 6, first + 6, "")
                    .server("FA", first + 6, first + 7, "")
                    .client("A", first + 7, first + 7, "");
        }

        CaptureReport report =
                read(Files.write(folder.resolve("capture"), capture.pcap()), 1 << 20);

        assertThat(report.connectionCount()).isEqualTo(151);
        assertThat(report.connections())
                .singleElement()
                .satisfies(
                        reset -> assertThat(reset.end()).isEqualTo(ConnectionEnd.RESET),
                        reset -> assertThat(reset.ladder()).hasSize(5));
    }

    private static CaptureReport read(Path file, int indexed) throws Exception {
        return Capture.read(
                List.of(file),
                InputStream.nullInputStream(),
                CaptureOptions.usual(),
                indexed,
                1000);
    }

    /// One packet from the future, and all that ended before it and after it leaves all the same.
    @Test
    void aPacketFromTheFutureKeepsNoConnection() {
        List<Integer> left = new ArrayList<>();
        Tracker tracker = new Tracker(flow -> left.add(flow.summary().client().port()));
        long year = 365 * 24 * 3600 * SECOND;
        long[] times = {100 * SECOND, year, 101 * SECOND, 140 * SECOND, 180 * SECOND};
        for (int i = 0; i < times.length; i++) {
            PacketRows rows = new PacketRows(1);
            reset(rows, 1000 + i, times[i]);
            tracker.packets(rows, new int[1], times[i]);
        }

        // The one from the future was heard of last in the future, and stays.
        assertThat(left).containsExactlyInAnyOrder(1000, 1002, 1003);
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
