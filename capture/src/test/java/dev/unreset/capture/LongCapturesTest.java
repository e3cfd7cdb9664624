package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Captures of many chunks, which several threads read: whatever stands at a chunk's edge, each
/// packet counts once, and is where Wireshark shows it.
class LongCapturesTest {

    private static final int PACKETS = 3000;
    private static final int FLOWS = 40;

    /// Larger than a chunk, with its record header.
    private static final int LARGEST = 256 << 10;

    private static final int DATAGRAMS = 5000;

    @TempDir private Path folder;

    /// What was sent, for comparison.
    private static final class Truth {
        final ByteArrayOutputStream capture = new ByteArrayOutputStream();
        final long[] clientBytes = new long[FLOWS];
        final long[] resetPackets = new long[FLOWS];
        long tcp;
    }

    static LongStream seeds() {
        return LongStream.range(0, 12);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void everyPacketOfAPcapCountsOnce(long seed) throws Exception {
        Random random = new Random(seed);
        Truth truth = truth(random, random.nextBoolean() ? pcap(random) : pcapng());

        CaptureReport report = read(write("capture", truth.capture.toByteArray()));

        assertTrue(report, truth);
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void aCaptureInPartsSaysWhatItSaysWhole(long seed) throws Exception {
        Random random = new Random(seed);
        Path whole = write("whole", truth(random, pcap(random)).capture.toByteArray());
        List<Path> parts = split(Files.readAllBytes(whole), random);

        CaptureReport fromParts = read(parts.toArray(Path[]::new));
        CaptureReport fromWhole = read(whole);

        assertThat(fromParts.packets()).isEqualTo(fromWhole.packets());
        assertThat(fromParts.tcpPackets()).isEqualTo(fromWhole.tcpPackets());
        assertThat(fromParts.resets()).isEqualTo(fromWhole.resets());
        assertThat(fromParts.connections())
                .usingRecursiveComparison()
                .ignoringFields("file", "resetPacket", "ladder", "diagnosis")
                .isEqualTo(fromWhole.connections());
    }

    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void ofTooManyBadConnectionsTheFirstAreLookedAtAndTheRestIsCounted(long seed) throws Exception {
        Random random = new Random(seed);
        int most = 1 + random.nextInt(FLOWS - 1);
        Path file = write("capture", truth(random, pcap(random)).capture.toByteArray());

        CaptureReport report =
                Capture.read(
                        List.of(file),
                        InputStream.nullInputStream(),
                        CaptureOptions.usual(),
                        1 << 20,
                        most);

        assertThat(report.connections())
                .extracting(ConnectionReport::client)
                .containsExactlyElementsOf(
                        LongStream.range(40_000, 40_000 + most)
                                .mapToObj(port -> "10.0.0.1:" + port)
                                .toList());
        assertThat(report.troubles())
                .containsExactly(
                        (FLOWS - most)
                                + " more connections may have ended badly: they are not looked at");
    }

    /// More datagrams than a chunk holds, of files that are read as they come and of such that are
    /// merged: no time passes while nothing is known of TCP.
    @ParameterizedTest(name = "{0} files")
    @ValueSource(ints = {1, 2})
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void aResetBehindDatagramsBelongsToTheConnectionThatClosedBeforeThem(int files)
            throws Exception {
        TestCapture capture = closed().datagrams(DATAGRAMS).server("RA", 2, 2, "");
        List<Path> paths = new ArrayList<>();
        paths.add(write("capture", capture.pcap()));
        for (int i = 1; i < files; i++) {
            paths.add(write("other" + i, new TestCapture().datagrams(1).pcap()));
        }

        CaptureReport report = read(paths.toArray(Path[]::new));

        assertThat(report.tcpPackets()).isEqualTo(7);
        assertThat(report.connections())
                .extracting(ConnectionReport::end)
                .containsExactly(ConnectionEnd.CLOSED);
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void packetsWithoutTimes() throws Exception {
        byte[] capture = closed().datagrams(DATAGRAMS).pcap();
        ByteBuffer bytes = ByteBuffer.wrap(capture).order(ByteOrder.LITTLE_ENDIAN);
        for (int at = 24; at < capture.length; at += 16 + bytes.getInt(at + 8)) {
            bytes.putLong(at, 0);
        }

        assertThat(read(write("capture", capture)).connectionCount()).isEqualTo(1);
    }

    private static TestCapture closed() {
        return new TestCapture()
                .handshake()
                .client("FA", 1, 1, "")
                .server("FA", 1, 2, "")
                .client("A", 2, 2, "");
    }

    private static void assertTrue(CaptureReport report, Truth truth) {
        assertThat(report.troubles()).isEmpty();
        assertThat(report.packets()).isEqualTo(PACKETS);
        assertThat(report.tcpPackets()).isEqualTo(truth.tcp);
        assertThat(report.connectionCount()).isEqualTo(FLOWS);
        List<ConnectionReport> inOrder = new ArrayList<>(report.connections());
        inOrder.sort(Comparator.comparing(ConnectionReport::client));
        assertThat(inOrder).hasSize(FLOWS);
        for (int flow = 0; flow < FLOWS; flow++) {
            ConnectionReport connection = inOrder.get(flow);
            assertThat(connection.client()).isEqualTo("10.0.0.1:" + (40_000 + flow));
            assertThat(connection.traffic().client().bytes()).isEqualTo(truth.clientBytes[flow]);
            assertThat(connection.resetPacket()).isEqualTo(truth.resetPackets[flow]);
        }
    }

    // ---- making captures

    /// Writes one frame.
    private interface Format {
        byte[] header();

        byte[] record(byte[] frame, long micros);
    }

    private static Format pcap(Random random) {
        ByteOrder order = random.nextBoolean() ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        return new Format() {
            @Override
            public byte[] header() {
                return ByteBuffer.allocate(24)
                        .order(order)
                        .putInt(0xa1b2c3d4)
                        .putInt(order == ByteOrder.BIG_ENDIAN ? 0x00020004 : 0x00040002)
                        .putLong(0)
                        .putInt(LARGEST)
                        .putInt(LinkTypes.ETHERNET)
                        .array();
            }

            @Override
            public byte[] record(byte[] frame, long micros) {
                return ByteBuffer.allocate(16 + frame.length)
                        .order(order)
                        .putInt((int) (micros / 1_000_000))
                        .putInt((int) (micros % 1_000_000))
                        .putInt(frame.length)
                        .putInt(frame.length)
                        .put(frame)
                        .array();
            }
        };
    }

    private static Format pcapng() {
        return new Format() {
            @Override
            public byte[] header() {
                return ByteBuffer.allocate(48)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(0x0a0d0d0a)
                        .putInt(28)
                        .putInt(0x1a2b3c4d)
                        .putInt(1)
                        .putLong(-1)
                        .putInt(28)
                        .putInt(1)
                        .putInt(20)
                        .putInt(LinkTypes.ETHERNET)
                        .putInt(0)
                        .putInt(20)
                        .array();
            }

            @Override
            public byte[] record(byte[] frame, long micros) {
                int length = 32 + ((frame.length + 3) & ~3);
                return ByteBuffer.allocate(length)
                        .order(ByteOrder.LITTLE_ENDIAN)
                        .putInt(6)
                        .putInt(length)
                        .putInt(0)
                        .putInt((int) (micros >>> 32))
                        .putInt((int) micros)
                        .putInt(frame.length)
                        .putInt(frame.length)
                        .put(frame)
                        .putInt(length - 4, length)
                        .array();
            }
        };
    }

    /// Connections, interleaved: a SYN each, then data of any length from the client, some of it in
    /// frames as large as they come, with frames between them that are no TCP; at last a RST from
    /// the server.
    private static Truth truth(Random random, Format format) {
        Truth truth = new Truth();
        truth.capture.writeBytes(format.header());
        long[] sent = truth.clientBytes;
        for (int number = 1; number <= PACKETS; number++) {
            long micros = 1_000_000_000L + number * 1000L;
            int flow = number <= FLOWS ? number - 1 : random.nextInt(FLOWS);
            byte[] frame;
            if (number > PACKETS - FLOWS) {
                flow = PACKETS - number;
                frame = tcp(flow, false, Decoder.RST | Decoder.ACK, 1, 1 + (int) sent[flow], 0);
                truth.resetPackets[flow] = number;
                truth.tcp++;
            } else if (number <= FLOWS) {
                frame = tcp(flow, true, Decoder.SYN, 0, 0, 0);
                truth.tcp++;
            } else if (random.nextInt(10) == 0) {
                frame = new byte[64 + random.nextInt(1400)];
                ByteBuffer.wrap(frame).putInt(frame.length - 4, number);
            } else {
                int length = random.nextInt(200) == 0 ? LARGEST - 54 : random.nextInt(1400);
                frame = tcp(flow, true, Decoder.PSH | Decoder.ACK, 1 + (int) sent[flow], 1, length);
                sent[flow] += length;
                truth.tcp++;
            }
            truth.capture.writeBytes(format.record(frame, micros));
        }
        return truth;
    }

    private static byte[] tcp(
            int flow, boolean fromClient, int flags, int sequence, int acknowledged, int length) {
        ByteBuffer frame = ByteBuffer.allocate(54 + length);
        frame.putLong(0).putInt(0).putShort((short) 0x0800);
        // More than an IP packet can hold: segmentation offload, where its length is 0.
        int total = 40 + length > 0xffff ? 0 : 40 + length;
        frame.putShort((short) 0x4500).putShort((short) total).putInt(0x4000);
        frame.put((byte) 64).put((byte) 6).putShort((short) 0);
        int client = 0x0a000001;
        int server = 0xc0000201;
        frame.putInt(fromClient ? client : server).putInt(fromClient ? server : client);
        int port = 40_000 + flow;
        frame.putShort((short) (fromClient ? port : 443));
        frame.putShort((short) (fromClient ? 443 : port));
        frame.putInt(sequence).putInt(acknowledged);
        frame.putShort((short) (0x5000 | flags)).putShort((short) 500).putInt(0);
        return frame.array();
    }

    /// Each record into one of two files, as two taps would have it.
    private List<Path> split(byte[] capture, Random random) throws Exception {
        boolean little = capture[0] == (byte) 0xd4;
        ByteBuffer bytes =
                ByteBuffer.wrap(capture)
                        .order(little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN);
        List<ByteArrayOutputStream> parts =
                List.of(new ByteArrayOutputStream(), new ByteArrayOutputStream());
        parts.forEach(part -> part.write(capture, 0, 24));
        for (int at = 24; at < capture.length; at += 16 + bytes.getInt(at + 8)) {
            parts.get(random.nextInt(2)).write(capture, at, 16 + bytes.getInt(at + 8));
        }
        List<Path> paths = new ArrayList<>();
        for (ByteArrayOutputStream part : parts) {
            paths.add(write("part" + paths.size(), part.toByteArray()));
        }
        return paths;
    }

    private Path write(String name, byte[] bytes) throws Exception {
        return Files.write(folder.resolve(name), bytes);
    }

    private static CaptureReport read(Path... files) throws Exception {
        return Capture.read(
                List.of(files),
                InputStream.nullInputStream(),
                new CaptureOptions(true, CaptureOptions.usual().framing()));
    }
}
