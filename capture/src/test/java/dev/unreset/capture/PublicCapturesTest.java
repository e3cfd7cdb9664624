package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/// Counts over the public captures that tshark has counted; skipped, in sight, where they are not.
class PublicCapturesTest {

    private static final Path CAPTURES = Path.of("../../shared/captures");

    private record Row(String file, String linkType, long packets, long tcpPackets, long resets) {}

    /// Where tshark counts otherwise, and why that is right for it and not for this tool.
    private static final Map<String, String> EXPLAINED =
            Map.of(
                    "google_gopacket/pcapgo/tests/be/test901.pcapng",
                    "tshark 4.0 gives up at a block that it does not know; it is to be skipped",
                    "google_gopacket/pcapgo/tests/le/test901.pcapng",
                    "the same",
                    "the-tcpdump-group_tcpdump/tests/sflow_expanded.pcap",
                    "a sample of another network's traffic, in a report about it");

    @Test
    void packetsAndResetsAreThoseThatTsharkCounts() throws Exception {
        assumeTrue(Files.exists(CAPTURES), () -> skipped("public captures"));
        List<String> differences = new ArrayList<>();
        for (Row row : rows()) {
            if (!EXPLAINED.containsKey(row.file())) {
                difference(row).ifPresent(differences::add);
            }
        }
        assertThat(differences).isEmpty();
    }

    static String skipped(String what) {
        String line = "SKIPPED: " + what + " are not in ../shared/captures";
        System.out.println(line);
        return line;
    }

    private static Optional<String> difference(Row row) throws IOException {
        CaptureReport report =
                Capture.read(
                        List.of(CAPTURES.resolve(row.file())),
                        InputStream.nullInputStream(),
                        CaptureOptions.usual());
        // What tshark calls unreadable, this tool counts, and says that it cannot read it.
        long packets = row.linkType().equals("unreadable") ? 0 : report.packets();
        boolean counted =
                !row.linkType().equals("unreadable") || report.unreadable() == report.packets();
        boolean equal =
                packets == row.packets()
                        && counted
                        && report.tcpPackets() == row.tcpPackets()
                        && report.resets() == row.resets();
        return equal
                ? Optional.empty()
                : Optional.of(
                        String.format(
                                "%s (%s): packets %d (tshark: %d), TCP %d (%d), RST %d (%d), unreadable %d",
                                row.file(),
                                row.linkType(),
                                report.packets(),
                                row.packets(),
                                report.tcpPackets(),
                                row.tcpPackets(),
                                report.resets(),
                                row.resets(),
                                report.unreadable()));
    }

    private static List<Row> rows() throws Exception {
        List<Row> rows = new ArrayList<>();
        for (String line : Files.readAllLines(CAPTURES.resolve("INDEX.tsv"))) {
            String[] fields = line.split("\t", -1);
            if (!fields[0].equals("file") && fields[3].matches("\\d+")) {
                rows.add(
                        new Row(
                                fields[0],
                                fields[2],
                                Long.parseLong(fields[3]),
                                Long.parseLong(fields[4]),
                                Long.parseLong(fields[5])));
            }
        }
        return rows;
    }
}
