package dev.unreset.capture;

import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.read;
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
import org.junit.jupiter.api.io.TempDir;

/// How connections end, who ended them, and why: one small capture for each rule.
class StoriesTest {

    @TempDir private Path folder;

    @Test
    void aConnectionThatClosedWellIsNoProblem() throws Exception {
        assertThat(
                        read(new TestCapture()
                                        .handshake()
                                        .client("PA", 1, 1, "GET")
                                        .server("PA", 1, 4, "answer")
                                        .client("FA", 4, 7, "")
                                        .server("FA", 7, 5, "")
                                        .client("A", 5, 8, ""))
                                .connections())
                .isEmpty();
    }

    @Test
    void aResetAfterBothSidesClosedIsNoProblem() throws Exception {
        assertThat(
                        read(new TestCapture()
                                        .handshake()
                                        .client("FA", 1, 1, "")
                                        .server("FA", 1, 2, "")
                                        .client("R", 2, 0, ""))
                                .connections())
                .isEmpty();
    }

    @Test
    void aClientThatClosedAndResetsTheTlsFarewellIsNoProblem() throws Exception {
        assertThat(
                        read(new TestCapture()
                                        .handshake()
                                        .server("PA", 1, 1, "data")
                                        .client("FA", 1, 5, "")
                                        .server(
                                                "PA",
                                                5,
                                                2,
                                                "\u0015\u0003\u0003\u0000\u0002\u0001\u0000")
                                        .client("R", 2, 0, ""))
                                .connections())
                .isEmpty();
    }

    @Test
    void aResetFromAnotherDistanceIsAMiddlebox() throws Exception {
        Diagnosis diagnosis =
                only(
                        new TestCapture()
                                .handshake()
                                .client("PA", 1, 1, "secret word")
                                .after(0.02)
                                .server("A", 1, 12, "")
                                .forged("RA", 1, 12, 61));

        assertThat(diagnosis.sender()).isEqualTo(Sender.MIDDLEBOX);
        assertThat(cause(diagnosis)).contains(Cause.MIDDLEBOX);
    }

    @Test
    void aResetFasterThanItsSenderCanAnswerIsAMiddlebox() throws Exception {
        Diagnosis diagnosis =
                only(
                        new TestCapture()
                                .handshake()
                                .client("PA", 1, 1, "secret word")
                                .after(0.0001)
                                .forged("R", 1, 0, 57));

        assertThat(diagnosis.sender()).isEqualTo(Sender.MIDDLEBOX);
    }

    @Test
    void dataAfterTheResetShowsThatItWasForged() throws Exception {
        Diagnosis diagnosis =
                only(
                        new TestCapture()
                                .handshake()
                                .client("PA", 1, 1, "GET")
                                .after(0.02)
                                .forged("RA", 1, 4, 57)
                                .server("PA", 1, 4, "the answer, on its way")
                                .client("R", 4, 0, ""));

        assertThat(diagnosis.sender()).isEqualTo(Sender.MIDDLEBOX);
    }

    /// A censor's page, before the server's.
    @Test
    void anAnswerThatSomebodyPutInPlaceOfAnother() throws Exception {
        Diagnosis diagnosis =
                only(
                        new TestCapture(80)
                                .handshake()
                                .client("PA", 1, 1, "GET / HTTP/1.1\r\n\r\n")
                                .forgedData("PA", 1, 19, "HTTP/1.1 302 Found\r\n")
                                .after(0.1)
                                .server("PA", 1, 19, "HTTP/1.1 200 OK\r\n")
                                .clientPassive("R", 19, 0));

        assertThat(diagnosis.sender()).isEqualTo(Sender.MIDDLEBOX);
    }

    @Test
    void aRejectedResetIsSaidToBeRejected() throws Exception {
        CaptureReport report =
                read(
                        new TestCapture()
                                .handshake()
                                .forged("R", 501, 0, 57)
                                .client("A", 1, 1, "")
                                .after(0.1)
                                .client("PA", 1, 1, "still here")
                                .after(0.02)
                                .server("A", 1, 11, ""));

        assertThat(report.connections()).hasSize(1);
        assertThat(report.connections().getFirst().end()).isEqualTo(ConnectionEnd.REJECTED_RESET);
    }

    @Test
    void theServersOwnCountersShowThatItResetItself() throws Exception {
        Diagnosis diagnosis =
                only(
                        new TestCapture(80)
                                .handshake()
                                .client("PA", 1, 1, "nonsense\r\n\r\n")
                                .after(0.02)
                                .server(
                                        "PA",
                                        1,
                                        13,
                                        "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
                                .server("RA", 48, 13, ""));

        assertThat(diagnosis.sender()).isEqualTo(Sender.SERVER);
        assertThat(diagnosis.senderProbability()).isGreaterThan(0.95);
        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
    }

    @Test
    void aServerThatClosedAnIdleConnectionByATimer() throws Exception {
        Diagnosis diagnosis =
                only(
                        new TestCapture(80)
                                .handshake()
                                .client("PA", 1, 1, "GET / HTTP/1.1\r\n\r\n")
                                .after(0.02)
                                .server("PA", 1, 19, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                                .client("A", 19, 39, "")
                                .after(75)
                                .server("FA", 39, 19, "")
                                .client("A", 19, 40, "")
                                .after(4)
                                .client("PA", 19, 40, "GET / HTTP/1.1\r\n\r\n")
                                .after(0.02)
                                .serverPassive("R", 40, 0));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
        assertThat(diagnosis.evidence())
                .anySatisfy(evidence -> assertThat(evidence.fact()).contains("75", "nginx"));
        assertThat(diagnosis.remedies().getFirst().action()).contains("60 s");
    }

    @Test
    void silenceAfterAPauseIsAnIdleTimeoutWithoutAReset() throws Exception {
        TestCapture capture =
                new TestCapture()
                        .handshake()
                        .client("PA", 1, 1, "one")
                        .after(0.02)
                        .server("PA", 1, 4, "two")
                        .client("A", 4, 4, "")
                        .after(241);
        for (int i = 0; i < 5; i++) {
            capture.client("PA", 4, 4, "three").after(0.3 * (1 << i));
        }

        CaptureReport report = read(capture);

        assertThat(report.connections().getFirst().end()).isEqualTo(ConnectionEnd.TIMEOUT);
        assertThat(cause(report.connections().getFirst().diagnosis().orElseThrow()))
                .contains(Cause.IDLE_TIMEOUT);
    }

    @Test
    void aRefusedConnection() throws Exception {
        CaptureReport report =
                read(new TestCapture().client("S", 0, 0, "").after(0.02).serverPassive("RA", 0, 1));

        assertThat(report.connections().getFirst().end()).isEqualTo(ConnectionEnd.REFUSED);
        assertThat(cause(report.connections().getFirst().diagnosis().orElseThrow()))
                .contains(Cause.PORT_CLOSED);
    }

    @Test
    void plainHttpOnATlsPortIsAProtocolViolation() throws Exception {
        Diagnosis diagnosis =
                only(
                        new TestCapture(443)
                                .handshake()
                                .client("PA", 1, 1, "GET / HTTP/1.1\r\nHost: a\r\n\r\n")
                                .after(0.02)
                                .server("A", 1, 28, "")
                                .server("RA", 1, 28, ""));

        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
        assertThat(diagnosis.evidence())
                .anySatisfy(evidence ->
                        assertThat(evidence.fact()).contains("plain HTTP on a port for TLS"));
    }

    @Test
    void aTlsClientOnAPlainPortResetsItself() throws Exception {
        Diagnosis diagnosis =
                only(
                        new TestCapture(8000)
                                .handshake()
                                .client("PA", 1, 1, "\u0016\u0003\u0001\u0000\u0001x")
                                .after(0.02)
                                .server("PA", 1, 7, "HTTP/1.1 400 Bad Request\r\n\r\n")
                                .client("RA", 7, 29, ""));

        assertThat(diagnosis.sender()).isEqualTo(Sender.CLIENT);
        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
    }

    /// Requests for encryption come before the startup message; this one has a wrong length.
    @Test
    void aBrokenPostgresqlStartupAfterARefusedTls() throws Exception {
        String sslRequest = "\u0000\u0000\u0000\u0008\u0004\u00d2\u0016/";
        Diagnosis diagnosis =
                only(
                        new TestCapture(5432)
                                .handshake()
                                .client("PA", 1, 1, sslRequest)
                                .after(0.01)
                                .server("PA", 1, 9, "N")
                                .client("PA", 9, 2, "GET / HTTP/1.1\r\n\r\n")
                                .after(0.02)
                                .server("A", 2, 27, "")
                                .server("RA", 2, 27, ""));

        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
        assertThat(diagnosis.evidence())
                .anySatisfy(evidence ->
                        assertThat(evidence.fact())
                                .contains(
                                        "a startup packet that claims 1195725856 bytes at byte 8"));
    }

    @Test
    void aFramingThatTheUserDescribes() throws Exception {
        TestCapture capture =
                new TestCapture(7000)
                        .handshake()
                        .client("PA", 1, 1, "\u0000\u0000\u0000\u0002ok\u0000@\u0000\u0000")
                        .after(0.02)
                        .server("A", 1, 11, "")
                        .server("RA", 1, 11, "");
        Path file = Files.write(folder.resolve("framing.pcap"), capture.pcap());

        CaptureReport report =
                Capture.read(
                        List.of(file),
                        InputStream.nullInputStream(),
                        new CaptureOptions(false, Optional.of("length:u32be,max=1MiB")));

        assertThat(report.connections().getFirst().diagnosis().orElseThrow().evidence())
                .anySatisfy(evidence -> assertThat(evidence.fact()).contains("at byte 6"));
    }

    private Diagnosis only(TestCapture capture) throws Exception {
        List<ConnectionReport> connections = read(capture).connections();
        assertThat(connections).hasSize(1);
        assertThat(connections.getFirst().end()).isEqualTo(ConnectionEnd.RESET);
        return connections.getFirst().diagnosis().orElseThrow();
    }
}
