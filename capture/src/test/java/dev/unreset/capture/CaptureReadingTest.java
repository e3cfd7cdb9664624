package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.github.luben.zstd.Zstd;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class CaptureReadingTest {

    @TempDir private Path folder;

    private static TestCapture resetCapture() {
        return resetAfter(0);
    }

    private static TestCapture resetAfter(double seconds) {
        return new TestCapture()
                .after(seconds)
                .handshake()
                .client("PA", 1, 1, "hello")
                .after(0.02)
                .server("A", 1, 6, "")
                .server("RA", 1, 6, "");
    }

    @ParameterizedTest
    @CsvSource({"true, false", "true, true", "false, false", "false, true"})
    void pcapInEveryByteOrderAndResolution(boolean little, boolean nanos) throws Exception {
        ByteOrder order = little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;

        CaptureReport report = read(resetCapture().pcap(order, nanos, LinkTypes.RAW, new byte[0]));

        assertOneReset(report);
        assertThat(report.connections().getFirst().start().getEpochSecond())
                .isEqualTo(1_700_000_000);
    }

    @ParameterizedTest
    @CsvSource({"true, 6", "true, 9", "false, 3", "false, 6"})
    void pcapngWithUnknownBlocksAndItsOwnClock(boolean little, int resolution) throws Exception {
        ByteOrder order = little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;

        CaptureReport report = read(resetCapture().pcapng(order, resolution));

        assertOneReset(report);
        assertThat(report.connections().getFirst().start().getEpochSecond())
                .isEqualTo(1_700_000_000);
    }

    /// Times are exact to the nanosecond, as far as the resolution goes, whatever the offset.
    @ParameterizedTest(name = "little endian: {0}, resolution {1}, offset {2} s")
    @CsvSource({
        "true, 7, 0, 123_456_700",
        "true, 9, -1_000_000_000, 123_456_789",
        "true, 9, 3_000_000_000, 123_456_789",
        "false, 9, 3_000_000_000, 123_456_789",
        "false, 6, 1_700_000_000, 123_456_000",
        "true, 10, 3_100_000_000, 123_456_789",
        "true, 0, 0, 0",
        "true, 148, 0, 123_456_001",
        "true, 158, 1_600_000_000, 123_456_788"
    })
    void pcapngTimes(boolean little, int resolution, String offset, String nanos) throws Exception {
        ByteOrder order = little ? ByteOrder.LITTLE_ENDIAN : ByteOrder.BIG_ENDIAN;
        TestCapture capture = new TestCapture().after(1_400_000_000.0).after(0.123_456_789);
        long seconds = Long.parseLong(offset.replace("_", ""));

        CaptureReport report =
                read(capture.handshake().server("RA", 1, 1, "").pcapng(order, resolution, seconds));

        assertThat(report.connections().getFirst().start())
                .isEqualTo(
                        Instant.ofEpochSecond(
                                3_100_000_000L, Long.parseLong(nanos.replace("_", ""))));
    }

    @Test
    void aPcapngTimeThatNoPcapCanSayIsTold() throws Exception {
        CaptureReport report = read(resetCapture().pcapng(ByteOrder.LITTLE_ENDIAN, 9, 1L << 40));

        assertThat(report.packets()).isPositive();
        assertThat(report.troubles())
                .first(InstanceOfAssertFactories.STRING)
                .contains("more than 2^32 s from 1970");
    }

    @Test
    void gzipZstdAndStandardInput() throws Exception {
        byte[] plain = resetCapture().pcap();
        ByteArrayOutputStream gzip = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
            out.write(plain);
        }

        assertOneReset(read(gzip.toByteArray()));
        assertOneReset(read(Zstd.compress(plain)));
        assertOneReset(
                Capture.read(
                        List.of(Path.of("-")),
                        new ByteArrayInputStream(plain),
                        CaptureOptions.usual()));
    }

    /// What stands between the link and the IP packet.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "Ethernet 1 0200000000010200000000020800",
                "VLAN 1 02000000000102000000000281000005 0800",
                "QinQ 1 02000000000102000000000288a80005 81000006 0800",
                "MPLS 1 0200000000010200000000028847 00001000 00002140",
                "PPPoE 1 0200000000010200000000028864 110000010030 0021",
                "loopback 0 02000000",
                "cooked 113 0000000100060200000000010000 0800",
                "cooked-2 276 0800000000000002000100060200000000010000",
                "IP-in-IP 101 4500 0100 0000 4000 40 04 0000 0a000009 0a00000a",
                "GRE 101 4500 0100 0000 4000 40 2f 0000 0a000009 0a00000a 0000 0800",
                "VXLAN 101 4500 0100 0000 4000 40 11 0000 0a000009 0a00000a 1000 12b5 0100 0000 0800000000000100 0200000000010200000000020800",
                "Geneve 101 4500 0100 0000 4000 40 11 0000 0a000009 0a00000a 1000 17c1 0100 0000 0000 6558 00000100 0200000000010200000000020800",
                "radiotap 127 0000080000000000 0800 0000 020000000001 020000000002 020000000003 0000 aaaa03000000 0800",
            })
    void linkTypesAndTunnels(String text) throws Exception {
        String[] words = text.split(" ", 3);
        byte[] prefix = HexFormat.of().parseHex(words[2].replace(" ", ""));

        assertOneReset(
                read(
                        resetCapture()
                                .pcap(
                                        ByteOrder.LITTLE_ENDIAN,
                                        false,
                                        Integer.parseInt(words[1]),
                                        prefix)));
    }

    @Test
    void whatCannotBeReadIsCounted() throws Exception {
        CaptureReport report =
                read(resetCapture().pcap(ByteOrder.LITTLE_ENDIAN, false, 4242, new byte[0]));

        assertThat(report.packets()).isEqualTo(6);
        assertThat(report.unreadable()).isEqualTo(6);
        assertThat(report.tcpPackets()).isZero();
    }

    @Test
    void everythingBeforeACutCounts() throws Exception {
        byte[] whole = resetCapture().pcap();

        CaptureReport report = read(Arrays.copyOf(whole, whole.length - 5));

        assertThat(report.packets()).isEqualTo(5);
        assertThat(report.troubles())
                .singleElement()
                .asString()
                .contains("the file ends within a packet of 40 bytes at byte");
    }

    @Test
    void aRecordThatClaimsTooMuchIsOneLine() throws Exception {
        byte[] bytes = resetCapture().pcap();
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(24 + 8, 0x7fffffff);

        CaptureReport report = read(bytes);

        assertThat(report.packets()).isZero();
        assertThat(report.troubles()).singleElement().asString().contains("2147483647", "byte 24");
    }

    @Test
    void whatIsNoCaptureIsSaid() {
        assertThatThrownBy(() ->
                        read("GET / HTTP/1.1".getBytes(java.nio.charset.StandardCharsets.US_ASCII)))
                .isInstanceOf(CaptureException.class)
                .hasMessageContaining("is no capture");
        assertThatThrownBy(() -> read(new byte[0]))
                .isInstanceOf(CaptureException.class)
                .hasMessageContaining("is empty");
        assertThatThrownBy(() ->
                        Capture.read(
                                List.of(folder.resolve("absent")),
                                InputStream.nullInputStream(),
                                CaptureOptions.usual()))
                .isInstanceOf(CaptureException.class)
                .hasMessageContaining("does not exist");
    }

    @Test
    void theReportedPacketsCanBeWritten() throws Exception {
        Path file = Files.write(folder.resolve("in.pcap"), resetCapture().pcap());
        Path out = folder.resolve("out.pcapng");
        CaptureReport report =
                Capture.read(List.of(file), InputStream.nullInputStream(), CaptureOptions.usual());

        Capture.write(List.of(file), report, out);

        assertOneReset(
                Capture.read(List.of(out), InputStream.nullInputStream(), CaptureOptions.usual()));
    }

    /// Each section has its own byte order, and its interfaces are numbered anew.
    @Test
    void pcapngOfSeveralSections() throws Exception {
        ByteArrayOutputStream sections = new ByteArrayOutputStream();
        sections.write(resetCapture().pcapng(ByteOrder.BIG_ENDIAN, 9));
        sections.write(resetAfter(60).pcapng(ByteOrder.LITTLE_ENDIAN, 6));

        CaptureReport report = read(sections.toByteArray());

        assertThat(report.packets()).isEqualTo(12);
        assertThat(report.connections())
                .extracting(ConnectionReport::resetPacket)
                .containsExactly(6L, 12L);
    }

    @Test
    void aCaptureTooLongForTheIndexIsReadTwice() throws Exception {
        Path file = Files.write(folder.resolve("capture"), resetCapture().pcap());

        assertOneReset(
                Capture.read(
                        List.of(file),
                        InputStream.nullInputStream(),
                        CaptureOptions.usual(),
                        5,
                        10));
    }

    @Test
    void aCaptureIsNotWrittenOverItself() throws Exception {
        byte[] bytes = resetCapture().pcap();
        Path file = Files.write(folder.resolve("capture"), bytes);
        CaptureReport report = read(bytes);
        Path same = folder.resolve("..").resolve(folder.getFileName()).resolve("capture");

        assertThatThrownBy(() -> Capture.write(List.of(file), report, same))
                .isInstanceOf(CaptureException.class)
                .hasMessageContaining("is read as well");
        assertThat(Files.readAllBytes(file)).isEqualTo(bytes);
    }

    @Test
    void aFileOfManySectionsIsReadAndItsPacketsAreFoundAgain() throws Exception {
        byte[] section = resetCapture().pcapng(ByteOrder.LITTLE_ENDIAN, 6);
        byte[] other = resetCapture().pcapng(ByteOrder.BIG_ENDIAN, 3);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (int i = 0; i < 500; i++) {
            // The first 80 bytes are a section and its interface, without a packet.
            out.write(section, 0, 80);
            out.writeBytes(i % 2 == 0 ? section : other);
        }

        CaptureReport report = read(out.toByteArray());

        assertThat(report.troubles()).isEmpty();
        assertThat(report.packets()).isEqualTo(3000);
        assertThat(report.resets()).isEqualTo(500);
        assertThat(report.connections()).isNotEmpty();
        assertThat(report.connections().getFirst().ladder()).isNotEmpty();
    }

    static LongStream seeds() {
        return LongStream.range(0, 400);
    }

    /// No mutation of a capture crashes or hangs the reader.
    @ParameterizedTest(name = "seed {0}")
    @MethodSource("seeds")
    void mutatedCapturesAreRead(long seed) throws Exception {
        Random random = new Random(seed);
        byte[] bytes =
                random.nextBoolean()
                        ? resetCapture().pcap()
                        : resetCapture().pcapng(ByteOrder.LITTLE_ENDIAN, 6);
        for (int i = 0; i < 1 + random.nextInt(20); i++) {
            bytes[random.nextInt(bytes.length)] = (byte) random.nextInt(256);
        }
        if (random.nextInt(4) == 0) {
            bytes = Arrays.copyOf(bytes, random.nextInt(bytes.length));
        }
        try {
            assertThat(read(bytes).packets()).isLessThanOrEqualTo(bytes.length);
        } catch (CaptureException e) {
            assertThat(e).hasMessageStartingWith(folder.toString());
        }
    }

    private static void assertOneReset(CaptureReport report) {
        assertThat(report.packets()).isEqualTo(6);
        assertThat(report.tcpPackets()).isEqualTo(6);
        assertThat(report.resets()).isEqualTo(1);
        assertThat(report.connections()).hasSize(1);
        ConnectionReport connection = report.connections().getFirst();
        assertThat(connection.end()).isEqualTo(ConnectionEnd.RESET);
        assertThat(connection.client()).isEqualTo("10.0.0.1:40000");
        assertThat(connection.server()).isEqualTo("192.0.2.1:443");
        assertThat(connection.resetPacket()).isEqualTo(6);
        assertThat(report.troubles()).isEmpty();
    }

    private CaptureReport read(byte[] bytes) throws Exception {
        Path file = Files.write(folder.resolve("capture"), bytes);
        return Capture.read(List.of(file), InputStream.nullInputStream(), CaptureOptions.usual());
    }
}
