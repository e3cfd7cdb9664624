package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.closedWell;
import static dev.unreset.capture.Reports.cause;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Sender;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// One connection that was captured at both of its ends, and read as one.
class SeveralPointsTest {

    private static final double WAY = 0.025;
    private static final String PART = "x".repeat(1000);

    private static ConnectionReport read(TestCapture... points) throws Exception {
        CaptureReport report = Reports.read(points);
        assertThat(report.connections()).hasSize(1);
        return report.connections().getFirst();
    }

    /// An answer in many packets, all on their way at once.
    private static TestCapture download() {
        TestCapture capture =
                new TestCapture(8000).after(1).handshake().client("PA", 1, 1, GET).after(2 * WAY);
        int at = 1;
        for (int i = 0; i < 100; i++, at += PART.length()) {
            capture.server("A", at, ASKED, i == 0 ? head() : PART);
        }
        for (int acknowledged = 1001; acknowledged <= 90_001; acknowledged += 2000) {
            capture.client("A", ASKED, acknowledged, "");
        }
        return capture;
    }

    private static String head() {
        String head = "HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n";
        return head + "x".repeat(PART.length() - head.length());
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void eachPacketCountsOnce(boolean ipv6) throws Exception {
        TestCapture here = download().after(0.1).client("RA", ASKED, 90_001, "");
        TestCapture there = here.atServer(WAY);

        ConnectionReport connection =
                ipv6 ? read(here.inIpv6(), there.inIpv6()) : read(here, there);

        Diagnosis diagnosis = connection.diagnosis().orElseThrow();
        assertThat(diagnosis.sender()).isEqualTo(Sender.CLIENT);
        assertThat(cause(diagnosis)).contains(Cause.CLIENT_ABORT);
        assertThat(connection.traffic().client().repeated()).isZero();
        assertThat(connection.traffic().server().repeated()).isZero();
        assertThat(connection.traffic().server().bytes()).isEqualTo(100_000);
    }

    @Test
    void eachPacketOfAConnectionThatIsWellCountsOnceToo() throws Exception {
        TestCapture here =
                download()
                        .after(0.3)
                        .server("A", 90_001, ASKED, PART)
                        .client("A", ASKED, 91_001, "");
        CaptureOptions all = new CaptureOptions(true, Optional.empty());
        CaptureReport once = Reports.read(all, here);

        CaptureReport report = Reports.read(all, here, here.atServer(WAY), here.atServer(2 * WAY));

        assertThat(report.packets()).isEqualTo(once.packets()).isEqualTo(report.tcpPackets());
        assertThat(report.seenAgain()).isEqualTo(2 * once.packets());
        assertThat(report.connections()).hasSize(1);
        Traffic traffic = report.connections().getFirst().traffic();
        assertThat(traffic.client()).isEqualTo(once.connections().getFirst().traffic().client());
        assertThat(traffic.server()).isEqualTo(once.connections().getFirst().traffic().server());
        assertThat(traffic.server().repeated()).isEqualTo(1);
    }

    /// `mergecap` makes one file of several, with an interface for each.
    @Test
    void interfacesOfOneFileAreSeveralPoints() throws Exception {
        TestCapture here = download().client("A", ASKED, 91_001, "");

        CaptureReport report = readMerged(here, here.atServer(WAY));

        assertThat(report.tcpPackets()).isEqualTo(report.seenAgain()).isPositive();
        assertThat(report.connections())
                .singleElement()
                .extracting(ConnectionReport::traffic)
                .satisfies(traffic -> {
                    assertThat(traffic.client().repeated()).isZero();
                    assertThat(traffic.server().repeated()).isZero();
                });
    }

    private static CaptureReport readMerged(TestCapture first, TestCapture second)
            throws Exception {
        Path file = Files.createTempFile("capture", ".pcapng");
        try {
            Files.write(file, first.mergedWith(second));
            return Capture.read(
                    List.of(file),
                    InputStream.nullInputStream(),
                    new CaptureOptions(true, Optional.empty()));
        } finally {
            Files.delete(file);
        }
    }

    /// A capture that was written to one file after the other, as `tcpdump -C` does. What is
    /// repeated in the next file was sent again, though IPv6 numbers no packets.
    @ParameterizedTest(name = "the client ends it with {0}")
    @ValueSource(strings = {"A", "RA"})
    void partsFollowEachOther(String end) throws Exception {
        TestCapture first = download();
        TestCapture second = new TestCapture(8000).after(1.4).server("A", 90_001, ASKED, PART);
        second.client(end, ASKED, 91_001, "");
        CaptureOptions all = new CaptureOptions(true, Optional.empty());

        CaptureReport report = Reports.read(all, first.inIpv6(), second.inIpv6());

        assertThat(report.seenAgain()).isZero();
        assertThat(report.connections())
                .singleElement()
                .extracting(connection -> connection.traffic().server().repeated())
                .isEqualTo(1);
    }

    /// The answer is seen at the client when the server has reset already.
    @Test
    void whatWasOnItsWayIsNoSignOfAForgedReset() throws Exception {
        TestCapture here = download().server("RA", 100_001, ASKED, "");

        Diagnosis diagnosis = read(here, here.atServer(WAY)).diagnosis().orElseThrow();

        assertThat(diagnosis.sender()).isEqualTo(Sender.SERVER);
    }

    /// A program was killed while its client spoke: the kernel answers each packet, and its resets
    /// say the same.
    private static TestCapture killed() {
        return killed(new TestCapture(8000));
    }

    private static TestCapture killed(TestCapture capture) {
        capture.handshake().client("PA", 1, 1, GET);
        capture.after(2 * WAY).server("FA", 1, ASKED, "").after(1.3);
        capture.client("PA", ASKED, 2, "head").after(0.01).client("PA", ASKED + 4, 2, "body");
        return capture.after(2 * WAY - 0.01)
                .serverPassive("R", 2, 0)
                .after(0.01)
                .serverPassive("R", 2, 0);
    }

    @Test
    void resetsThatSayTheSameAreSeveral() throws Exception {
        TestCapture here = killed();

        Diagnosis diagnosis = read(here, here.atServer(WAY)).diagnosis().orElseThrow();

        assertThat(diagnosis.sender()).isEqualTo(Sender.SERVER);
    }

    /// A router whose two interfaces are captured into one file, and its neighbour.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void aPointMayShowEachPacketTwice(boolean both) throws Exception {
        TestCapture here = download().after(0.1).client("RA", ASKED, 90_001, "");
        TestCapture there = here.atServer(WAY);

        ConnectionReport connection = read(here.twice(), both ? there.twice() : there);

        assertThat(connection.diagnosis().orElseThrow().sender()).isEqualTo(Sender.CLIENT);
        assertThat(connection.traffic().client().repeated()).isZero();
        assertThat(connection.traffic().server().repeated()).isZero();
    }

    @Test
    void aCaptureThatWasStoppedEarlierTellsNothingOfTheReset() throws Exception {
        TestCapture here = killed();

        Diagnosis diagnosis =
                read(here, here.atServer(WAY).without(6, 9)).diagnosis().orElseThrow();

        assertThat(diagnosis.sender()).isEqualTo(Sender.SERVER);
    }

    /// Captures lose packets when much is going on.
    @Test
    void aResetThatOneCaptureLostIsStillItsSenders() throws Exception {
        TestCapture here = closedWell(killed().after(0.2).from(1002));

        Diagnosis diagnosis =
                read(here, here.atServer(WAY).without(6, 9)).diagnosis().orElseThrow();

        assertThat(diagnosis.sender()).isEqualTo(Sender.SERVER);
    }

    /// Of each packet, what the point knows that has captured more of it.
    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void theWholePacketTells(boolean cutHere) throws Exception {
        String complaint = "-ERR max number of clients reached\r\n";
        TestCapture here =
                new TestCapture(6379)
                        .handshake()
                        .client("PA", 1, 1, "*1\r\n$4\r\nPING\r\n")
                        .after(2 * WAY)
                        .server("PA", 1, 15, complaint)
                        .server("RA", 1 + complaint.length(), 15, "");
        TestCapture there = here.atServer(WAY);

        ConnectionReport connection =
                cutHere ? read(here.cutTo(40), there) : read(here, there.cutTo(40));

        assertThat(cause(connection.diagnosis().orElseThrow())).contains(Cause.CONNECTION_LIMIT);
    }

    @ParameterizedTest
    @ValueSource(doubles = {-3, -0.1, 0.1, 3})
    void clocksMayDiffer(double ahead) throws Exception {
        TestCapture here = new TestCapture(8000).after(-5).handshake().after(4.9);
        here = killed(here.from(1001));

        CaptureReport report = Reports.read(here, here.atServer(WAY).ahead(ahead));

        assertThat(report.seenAgain()).isEqualTo(report.packets());
        assertThat(report.connections())
                .singleElement()
                .extracting(connection -> connection.diagnosis().orElseThrow().sender())
                .isEqualTo(Sender.SERVER);
    }

    /// What one point shows twice was sent twice.
    @Test
    void aRepeatedPacketStaysOne() throws Exception {
        TestCapture here =
                download()
                        .after(0.3)
                        .server("A", 90_001, ASKED, PART)
                        .client("RA", ASKED, 91_001, "");

        ConnectionReport connection = read(here, here.atServer(WAY));

        assertThat(connection.traffic().server().repeated()).isEqualTo(1);
    }

    /// No acknowledgement of the server's is missing, and the SYN was sent once.
    @Test
    void theHandshakeIsThatOfOneConnection() throws Exception {
        TestCapture here = new TestCapture(8000).handshake().client("PA", 1, 1, GET);
        here.after(0.3).serverPassive("RA", 1, ASKED);

        ConnectionReport connection = read(here, here.atServer(0.009));

        assertThat(connection.traffic().roundTrip()).isPresent();
        assertThat(connection.traffic().client().repeated()).isZero();
    }
}
