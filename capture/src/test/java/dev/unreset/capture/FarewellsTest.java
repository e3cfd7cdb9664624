package dev.unreset.capture;

import static dev.unreset.capture.Conversations.record;
import static dev.unreset.capture.Reports.assertClosed;
import static dev.unreset.capture.Reports.assertEnded;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Sender;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// How a side says that it goes, and what may be lost then.
class FarewellsTest {

    /// TLS 1.3: header, alert, type and authentication.
    private static final String FAREWELL = record(19);

    private static final String HELLO = handshake(1, 100);
    private static final String SECOND_HELLO = handshake(1, 200);
    private static final String SERVER_HELLO = handshake(2, 100);

    /// Of TLS 1.2: the client's key exchange, the change to what was agreed, and a Finished.
    private static final String EXCHANGE = handshake(16, 70);

    private static final String CHANGE = "\u0014\u0003\u0003\u0000\u0001\u0001";
    private static final String FINISHED = handshake(0, 40);

    /// TLS_AES_128_GCM_SHA256 and TLS_AES_256_GCM_SHA384.
    private static final String SHA_256 = serverHello("\u0013\u0001");

    private static final String SHA_384 = serverHello("\u0013\u0002");

    private static String serverHello(String suite) {
        String session = "\u0004" + "x".repeat(4);
        String start = handshake(2, 100).substring(0, 9) + "\u0003\u0003" + "x".repeat(32);
        return start + session + suite + "x".repeat(105 - 43 - 5 - 2);
    }

    private static String handshake(int type, int bytes) {
        return "\u0016\u0003\u0003\u0000" + (char) bytes + (char) type + "x".repeat(bytes - 1);
    }

    /// TLS 1.2 in the open, as before the keys are there.
    private static final String PLAIN_FAREWELL = "\u0015\u0003\u0003\u0000\u0002\u0001\u0000";

    /// The same, and it had closed before the answer came; or a server in Java, whose records are
    /// padded, takes its leave.
    @ParameterizedTest(name = "{0} bytes, and then {1}")
    @CsvSource({"20, 40", "300, 35"})
    void whatComesAfterAClientOfTlsHasTakenItsLeave(int said, int answer) throws Exception {
        int end = 6 + said;
        TestCapture capture = new TestCapture(8443).handshake().client("PA", 1, 1, record(200));
        capture.after(0.01).server("PA", 1, 206, record(2000).substring(0, 1400));
        capture.server("PA", 1401, 206, record(2000).substring(1400)).client("A", 206, 2006, "");
        capture.after(0.3).client("PA", 206, 2006, record(said));
        capture.client("FA", 205 + end, 2006, "").after(0.01);

        assertClosed(
                capture.server("PA", 2006, 206 + end, record(answer))
                        .clientPassive("R", 206 + end, 0));
    }

    /// The server's close_notify comes after the client has closed; the capture has cut it off
    /// behind the record's header.
    @Test
    void aFarewellOverTlsThatWasCutOff() throws Exception {
        TestCapture capture = new TestCapture(8443).handshake().client("PA", 1, 1, record(200));
        capture.after(0.01).server("PA", 1, 206, record(900)).client("A", 206, 906, "");
        capture.after(0.3).client("FA", 206, 906, "").after(0.01);
        capture.server("PA", 906, 207, record(19)).clientPassive("R", 207, 0);

        assertClosed(capture.cutTo(54));
    }

    /// What answers a question whether the server is there is not missed.
    @ParameterizedTest
    @ValueSource(strings = {"PONG\r\n", "+PONG\r\n", "\u00d0\u0000"})
    void aClientThatClosesBehindAPing(String pong) throws Exception {
        TestCapture capture = new TestCapture(4222).handshake().client("PA", 1, 1, "PING\r\n");
        capture.client("FA", 7, 1, "").after(0.01).server("PA", 1, 8, pong);

        assertClosed(capture.clientPassive("R", 8, 0));
    }

    /// Who waits for the answer in vain misses it.
    @Test
    void aClientThatWaitsInVainForAPong() throws Exception {
        TestCapture capture = new TestCapture(6379).handshake().client("PA", 1, 1, "PING\r\n");
        capture.server("A", 1, 7, "").after(5).client("FA", 7, 1, "").after(3);

        assertEnded(
                capture.server("PA", 1, 8, "+PONG\r\n").clientPassive("R", 8, 0),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    /// PostgreSQL's library over TLS: farewells of both, and a RST.
    @Test
    void aClientThatResetsAfterBothFarewellsHasClosed() throws Exception {
        String request = record(44);
        String farewell = record(19);

        assertClosed(
                new TestCapture(5432)
                        .handshake()
                        .client("PA", 1, 1, request)
                        .after(0.01)
                        .server("PA", 1, 50, request)
                        .client("PA", 50, 50, request)
                        .server("PA", 50, 99, farewell)
                        .client("PA", 99, 74, farewell)
                        .after(0.01)
                        .client("RA", 123, 74, ""));
    }

    /// Python's `ssl` says farewell and waits; the client closes without reading it.
    @Test
    void aClientThatResetsUponASealedFarewellHasAllItWanted() throws Exception {
        String answer = record(64);
        String farewell = record(19);

        CaptureReport report =
                read(
                        new TestCapture()
                                .handshake()
                                .client("PA", 1, 1, "hello")
                                .after(0.01)
                                .server("PA", 1, 6, answer + farewell)
                                .after(0.1)
                                .client("RA", 6, 94, ""));

        assertThat(report.connections()).isEmpty();
    }

    /// A mistyped command, a timer, and a client that leaves.
    @Test
    void aFarewellToAServerThatComplainedLongAgo() throws Exception {
        String error = "-ERR unknown command 'GETT'\r\n";
        int end = 1 + error.length();

        assertClosed(
                new TestCapture(6379)
                        .handshake()
                        .client("PA", 1, 1, "GETT a\r\n")
                        .after(0.01)
                        .server("PA", 1, 9, error)
                        .client("A", 9, end, "")
                        .after(3)
                        .server("FA", end, 9, "")
                        .after(1)
                        .client("PA", 9, end + 1, "QUIT\r\n")
                        .after(0.01)
                        .serverPassive("R", end + 1, 0));
    }

    @Test
    void aFarewellThatMetAClosedServerIsNoLoss() throws Exception {
        assertClosed(
                new TestCapture(6379)
                        .handshake()
                        .client("PA", 1, 1, "PING\r\n")
                        .after(0.02)
                        .server("PA", 1, 7, "+PONG\r\n")
                        .after(5)
                        .server("FA", 8, 7, "")
                        .after(1)
                        .client("PA", 7, 9, "QUIT\r\n")
                        .client("FA", 13, 9, "")
                        .after(0.02)
                        .serverPassive("R", 9, 0));
    }

    /// Far away, no answer can come so soon: a ping goes out by a timer just before the client
    /// closes.
    @Test
    void aFarClientThatClosesBehindAPing() throws Exception {
        TestCapture capture = new TestCapture(6379).client("S", 0, 0, "").after(0.2);
        capture.server("SA", 0, 1, "").client("A", 1, 1, "").client("PA", 1, 1, "PING\r\n");
        capture.after(0.1).client("FA", 7, 1, "").after(0.1).server("PA", 1, 7, "+PONG\r\n");

        assertClosed(capture.clientPassive("R", 8, 0));
    }

    /// The timers of both sides run out together, a while after the client had said something that
    /// needs no answer, as HTTP/2's WINDOW_UPDATE; one who waits for less wants an answer.
    @ParameterizedTest(name = "after {0} s")
    @CsvSource({"60, false", "2, true"})
    void twoThatLeaveEachOtherOverTls(double idle, boolean aborts) throws Exception {
        TestCapture capture = new TestCapture(443).handshake().client("PA", 1, 1, record(200));
        capture.after(0.01).server("PA", 1, 206, record(900)).client("PA", 206, 906, record(30));
        capture.after(idle).client("PA", 241, 906, record(19)).client("FA", 265, 906, "");
        capture.after(0.005).server("PA", 906, 241, record(34)).clientPassive("R", 266, 0);
        capture.server("FA", 945, 241, "").clientPassive("R", 266, 0);

        if (aborts) {
            assertEnded(capture, Sender.CLIENT, Cause.CLIENT_ABORT);
        } else {
            assertClosed(capture);
        }
    }

    /// A connection from a pool, used 8 s after it was opened, of which the end of the handshake
    /// was not captured: that is no round trip, and who waited for 5 s waited in vain.
    @Test
    void aClientOfTlsWhoseHandshakeIsNotWhole() throws Exception {
        TestCapture capture = new TestCapture(6379).client("S", 0, 0, "").after(0.02);
        capture.server("SA", 0, 1, "").after(8).client("PA", 1, 1, record(200)).after(0.01);
        capture.server("PA", 1, 206, record(300)).client("PA", 206, 306, record(40)).after(4.5);
        capture.client("FA", 251, 306, "").after(0.7).server("PA", 306, 252, record(60));

        assertEnded(capture.clientPassive("R", 252, 0), Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    /// A record that the server cannot decrypt: it says so, in an alert that nobody else can read,
    /// and closes at once.
    @Test
    void anAlertAtOnceUponARecordIsNoAnswer() throws Exception {
        TestCapture capture = overTls().client("PA", 206, 906, record(64)).after(0.002);
        capture.server("PA", 906, 275, FAREWELL).server("FA", 930, 275, "");
        capture.after(0.2).client("PA", 275, 931, record(32)).after(0.02);

        assertEnded(capture.serverPassive("R", 931, 0), Sender.SERVER, Cause.PROTOCOL_VIOLATION);
    }

    /// It was idle when the capture began, and its server takes its leave.
    @Test
    void aFarewellOfAnIdleServerIsATimers() throws Exception {
        TestCapture capture = new TestCapture(8443).server("PA", 906, 206, FAREWELL);
        capture.server("FA", 930, 206, "").client("A", 206, 931, "").after(0.7);

        assertEnded(
                capture.client("PA", 206, 931, record(90)).serverPassive("R", 931, 0),
                Sender.SERVER,
                Cause.IDLE_TIMEOUT);
    }

    /// MQTT's PINGREQ over TLS 1.3 is as long as an alert; it was said before.
    @Test
    void aCommandThatIsAsShortAsAnAlertIsNoFarewell() throws Exception {
        TestCapture capture = overTls();
        for (int i = 0; i < 3; i++) {
            capture.after(5).client("PA", 206 + 24 * i, 906 + 24 * i, FAREWELL).after(0.02);
            if (i < 2) {
                capture.server("PA", 906 + 24 * i, 230 + 24 * i, FAREWELL);
            }
        }

        assertThat(read(capture.server("RA", 954, 278, "")).connections()).hasSize(1);
    }

    /// As alerts: in the open, of TLS 1.3, and of TLS 1.2 with AES-GCM, ChaCha20 and AES-CBC.
    private static Stream<String> farewells() {
        return Stream.of(PLAIN_FAREWELL, FAREWELL, alert(26), alert(18), alert(32), alert(48));
    }

    private static String alert(int length) {
        return "\u0015\u0003\u0003\u0000" + (char) length + "x".repeat(length);
    }

    private static TestCapture overTls() {
        TestCapture capture = new TestCapture(8443).handshake().client("PA", 1, 1, record(200));
        return capture.after(0.01)
                .server("PA", 1, 206, record(900))
                .client("A", 206, 906, "")
                .after(0.2);
    }

    /// A server that has all of what its client wanted does not read that it goes.
    @ParameterizedTest
    @MethodSource("farewells")
    void aServerThatResetsUponItsClientsFarewell(String farewell) throws Exception {
        int end = 206 + farewell.length();

        assertClosed(
                overTls().client("PA", 206, 906, farewell).after(0.01).server("RA", 906, end, ""));
    }

    @ParameterizedTest
    @MethodSource("farewells")
    void aClientThatResetsUponItsServersFarewell(String farewell) throws Exception {
        int end = 906 + farewell.length();

        assertClosed(
                overTls().server("PA", 906, 206, farewell).after(0.01).client("RA", 206, end, ""));
    }

    /// Session tickets that nobody reads: the client has its answer, says that it goes, and closes.
    @ParameterizedTest
    @MethodSource("farewells")
    void aClientThatResetsAfterItsOwnFarewell(String farewell) throws Exception {
        int end = 206 + farewell.length();

        assertClosed(overTls().client("PA", 206, 906, farewell).client("RA", end, 906, ""));
    }

    /// A health check over TLS: the handshake, and the client goes.
    @Test
    void aHealthCheckOverTls() throws Exception {
        TestCapture capture = new TestCapture(8443).handshake();
        capture.client("PA", 1, 1, HELLO);
        capture.after(0.01).server("PA", 1, 106, SERVER_HELLO);
        capture.server("PA", 106, 106, record(900)).client("PA", 106, 1011, record(53));
        capture.after(0.005).server("PA", 1011, 164, record(250) + record(250));
        capture.client("PA", 164, 1011, FAREWELL).client("RA", 188, 1011, "");

        assertClosed(capture);
    }

    @Test
    void aHealthCheckOverTlsThatClosesAndResets() throws Exception {
        TestCapture capture = new TestCapture(8443).handshake();
        capture.client("PA", 1, 1, HELLO);
        capture.after(0.01).server("PA", 1, 106, SERVER_HELLO);
        capture.server("PA", 106, 106, record(900)).client("PA", 106, 1011, record(53));
        capture.client("PA", 164, 1011, FAREWELL).client("FA", 188, 1011, "");
        capture.after(0.005).server("PA", 1011, 164, record(250) + record(250));
        capture.clientPassive("R", 189, 0);

        assertClosed(capture);
    }

    /// A client that does not like the server's certificate says so in place of its Finished.
    @ParameterizedTest(name = "behind a Change Cipher Spec: {0}")
    @ValueSource(booleans = {false, true})
    void aClientThatDoesNotFinishItsHandshake(boolean behind) throws Exception {
        TestCapture capture = new TestCapture(8443).handshake();
        capture.client("PA", 1, 1, HELLO);
        capture.after(0.01).server("PA", 1, 106, SERVER_HELLO);
        String alert = (behind ? "\u0014\u0003\u0003\u0000\u0001\u0001" : "") + FAREWELL;
        capture.server("PA", 106, 106, record(900)).client("PA", 106, 1011, alert);

        assertEnded(
                capture.client("RA", 106 + alert.length(), 1011, ""),
                Sender.CLIENT,
                Cause.CLIENT_ABORT);
    }

    /// One that is asked for another hello, and then finishes; TLS 1.2, whose key exchange and
    /// change end it, in a new session or an old one. The client speaks first, and both in turns.
    @ParameterizedTest
    @MethodSource("handshakes")
    void aHealthCheckThatSays(List<String> words) throws Exception {
        assertClosed(talk(words));
    }

    private static Stream<List<String>> handshakes() {
        return Stream.of(
                List.of(HELLO, SERVER_HELLO, HELLO, SERVER_HELLO, CHANGE + record(53)),
                List.of(HELLO, SERVER_HELLO + CHANGE + record(900), CHANGE + record(69)),
                List.of(HELLO, SERVER_HELLO, EXCHANGE + CHANGE + FINISHED, CHANGE + FINISHED),
                List.of(
                        HELLO,
                        SERVER_HELLO,
                        EXCHANGE + CHANGE + FINISHED,
                        CHANGE + FINISHED,
                        alert(26)),
                List.of(HELLO, SERVER_HELLO + CHANGE + FINISHED, CHANGE + FINISHED),
                List.of(
                        HELLO,
                        SERVER_HELLO + CHANGE,
                        CHANGE + SECOND_HELLO,
                        record(900),
                        record(53)),
                List.of(
                        HELLO,
                        SERVER_HELLO + CHANGE + record(900),
                        CHANGE + record(25) + record(53)),
                List.of(
                        HELLO,
                        SERVER_HELLO + CHANGE + record(900),
                        CHANGE + record(800) + record(280) + record(69)),
                List.of(
                        HELLO,
                        SERVER_HELLO + CHANGE + record(900),
                        CHANGE + record(85),
                        "",
                        record(35)),
                List.of(HELLO, SHA_256 + record(900), record(69), "", record(35)),
                List.of(HELLO, SHA_384 + record(900), record(85), "", record(35)),
                List.of(HELLO, SHA_384 + record(900), record(69), "", record(19)));
    }

    /// A request behind the Finished, in one packet with it; a server that refuses a certificate in
    /// the open, or never finishes; a client that complains in place of its Finished, or asks
    /// twice, or goes behind its second hello, or asks before it finishes.
    @ParameterizedTest
    @MethodSource("others")
    void whatIsMoreThanAHandshake(List<String> words) throws Exception {
        assertThat(read(talk(words)).connections()).hasSize(1);
    }

    private static Stream<List<String>> others() {
        String fatal = PLAIN_FAREWELL.substring(0, 5) + "\u0002P";
        return Stream.of(
                List.of(HELLO, SHA_384 + record(900), record(69), "", record(35)),
                List.of(HELLO, SHA_384 + record(900), record(53), "", record(19)),
                List.of(HELLO, SHA_256 + record(900), record(85), "", record(19)),
                List.of(HELLO, SERVER_HELLO, EXCHANGE + CHANGE + FINISHED + record(100)),
                List.of(
                        HELLO,
                        SERVER_HELLO + CHANGE + FINISHED,
                        CHANGE + FINISHED + record(100),
                        record(2000).substring(0, 1400)),
                List.of(
                        HELLO,
                        SERVER_HELLO + CHANGE + record(900),
                        CHANGE + record(53) + record(100),
                        record(2000).substring(0, 1400)),
                List.of(HELLO, SERVER_HELLO, EXCHANGE + CHANGE + FINISHED, fatal),
                List.of(HELLO, SERVER_HELLO, EXCHANGE + CHANGE + FINISHED),
                List.of(HELLO, SERVER_HELLO, EXCHANGE + fatal),
                List.of(HELLO, SERVER_HELLO + CHANGE + record(900), CHANGE + record(53), "", fatal),
                List.of(HELLO, SERVER_HELLO + CHANGE + record(900), record(53) + record(36)),
                List.of(HELLO, SERVER_HELLO + CHANGE, CHANGE + SECOND_HELLO, record(900)),
                List.of(
                        HELLO,
                        SERVER_HELLO + CHANGE + record(900),
                        CHANGE + record(120) + record(53)),
                List.of(
                        HELLO,
                        SERVER_HELLO + CHANGE + record(900),
                        CHANGE + record(250),
                        "",
                        record(69)),
                List.of(
                        HELLO,
                        SERVER_HELLO + CHANGE + record(900),
                        CHANGE + record(220) + record(180) + record(85) + record(69)));
    }

    /// Of the server's records, a header is in two packets, or the packets come in the other order.
    @ParameterizedTest(name = "in order: {0}")
    @ValueSource(booleans = {true, false})
    void aHealthCheckWhoseServersRecordsAreHardToFollow(boolean inOrder) throws Exception {
        String first = SERVER_HELLO + CHANGE + record(900) + record(300).substring(0, 3);
        String second = record(300).substring(3);
        int server = 1 + first.length() + second.length();
        TestCapture capture = new TestCapture(8443).handshake().client("PA", 1, 1, HELLO);
        capture.after(0.01);
        if (inOrder) {
            capture.server("A", 1, 106, first).server("PA", 1 + first.length(), 106, second);
        } else {
            capture.server("PA", 1 + first.length(), 106, second).server("A", 1, 106, first);
        }
        String finished = CHANGE + record(53);
        capture.client("PA", 106, server, finished);

        assertClosed(capture.client("RA", 106 + finished.length(), server, ""));
    }

    /// What was lost by the capture may have been a request; the server may have reset as well. But
    /// the client's headers are enough.
    @Test
    void aHandshakeThatIsNotSeenWhole() throws Exception {
        List<String> words =
                List.of(HELLO, SERVER_HELLO + CHANGE + record(900), CHANGE + record(53));
        int header = 20 + 20;

        assertClosed(talk(words).cutTo(header + CHANGE.length() + 5));
        assertThat(read(talk(words).cutTo(header + CHANGE.length() + 4)).connections()).hasSize(1);
        int server = 1 + words.get(1).length();
        int client = 1 + words.get(0).length() + words.get(2).length();
        assertThat(read(talk(words).server("RA", server, client, "")).connections()).hasSize(1);
    }

    private static TestCapture talk(List<String> words) {
        TestCapture capture = new TestCapture(8443).handshake();
        int client = 1;
        int server = 1;
        for (int i = 0; i < words.size(); i++) {
            String said = words.get(i);
            if (i % 2 == 0) {
                capture.client("PA", client, server, said);
                client += said.length();
            } else if (!said.isEmpty()) {
                capture.after(0.01).server("PA", server, client, said);
                server += said.length();
            }
        }
        return capture.client("RA", client, server, "");
    }

    /// Who says short things often, line ends or pings, goes like others: it closes right behind
    /// its close_notify, or answers the other side's FIN with it.
    @ParameterizedTest(name = "{0}")
    @ValueSource(strings = {"the server closes first", "the client closes first"})
    void aFarewellThatIsAsLongAsALine(String which) throws Exception {
        String lines = record(80) + record(19);
        int client = 1 + lines.length();
        TestCapture capture = new TestCapture(8443).handshake();
        capture.client("PA", 1, 1, record(80)).after(0.01);
        capture.client("PA", 86, 1, record(19)).after(0.02);
        capture.server("PA", 1, client, record(700) + FAREWELL);
        if (which.startsWith("the server")) {
            capture.server("FA", 730, client, "").client("PA", client, 731, FAREWELL);
            capture.client("FA", client + 24, 731, "");
        } else {
            capture.client("PA", client, 730, FAREWELL).client("FA", client + 24, 730, "");
        }

        assertClosed(capture.after(0.02).serverPassive("R", 731, 0));
    }

    /// The same by the packets alone: a ping is known by another before it, and a farewell by what
    /// comes with it.
    @Test
    void aRecordThatWasSaidBeforeIsAFarewellIfItsSideGoes() {
        TestPacket ping = TestPacket.client(1).numbers(1, 1).says(FAREWELL);
        TestPacket again = TestPacket.client(2).numbers(25, 2).says(FAREWELL);
        TestPacket third = TestPacket.client(2.01).numbers(49, 2).says(FAREWELL);
        int fin = Decoder.FIN | Decoder.ACK;
        TestPacket end = TestPacket.client(2.04).numbers(49, 2).flags(fin);
        TestPacket late = TestPacket.client(2.06).numbers(49, 2).flags(fin);
        TestPacket closes = TestPacket.server(1.96).numbers(1, 25).flags(fin);

        assertThat(mayBeAlert(again)).isTrue();
        assertThat(mayBeAlert(ping, again)).isFalse();
        assertThat(mayBeAlert(ping, again, end)).isTrue();
        assertThat(mayBeAlert(ping, again, late)).isFalse();
        int rst = Decoder.RST | Decoder.ACK;
        assertThat(mayBeAlert(ping, again, TestPacket.client(2.04).numbers(49, 2).flags(rst)))
                .isFalse();
        assertThat(mayBeAlert(ping, again, TestPacket.client(2.004).numbers(49, 2).flags(rst)))
                .isTrue();
        TestPacket crosses = TestPacket.server(1.99).numbers(2, 25).flags(fin);
        TestPacket upon = TestPacket.client(2.04).numbers(49, 3).flags(fin);
        assertThat(mayBeAlert(ping, crosses, again, upon)).isFalse();
        assertThat(mayBeAlert(ping, crosses, again, end)).isTrue();
        assertThat(mayBeAlert(ping, closes, again)).isTrue();
        assertThat(mayBeAlert(ping, closes, again, third)).isFalse();
        assertThat(mayBeAlert(ping, closes, TestPacket.client(2).numbers(25, 1).says(FAREWELL)))
                .isFalse();
        assertThat(mayBeAlert(ping, TestPacket.server(1.9).numbers(1, 25).flags(fin), again))
                .isFalse();
    }

    /// Upon the server's FIN, but when it is time for a ping.
    @ParameterizedTest(name = "{0} s after the last ping")
    @CsvSource({"20.02, false", "21.5, true"})
    void aPingThatComesInItsRhythmIsNoFarewell(double later, boolean expected) {
        TestPacket ping = TestPacket.client(10).numbers(1, 1).says(FAREWELL);
        TestPacket second = TestPacket.client(30).numbers(25, 1).says(FAREWELL);
        TestPacket closes =
                TestPacket.server(29.98 + later).numbers(1, 49).flags(Decoder.FIN | Decoder.ACK);
        TestPacket last = TestPacket.client(30 + later).numbers(49, 2).says(FAREWELL);

        assertThat(mayBeAlert(ping, second, closes, last)).isEqualTo(expected);
    }

    /// A client that comes back to a closed connection only to close it too.
    @ParameterizedTest(name = "{0} s after the last ping")
    @CsvSource({"20.02, false", "21.5, true"})
    void aLateFarewellIsNotInTheRhythmOfPings(double later, boolean expected) {
        TestPacket ping = TestPacket.client(10).numbers(1, 1).says(FAREWELL);
        TestPacket second = TestPacket.client(30).numbers(25, 1).says(FAREWELL);
        int fin = Decoder.FIN | Decoder.ACK;
        TestPacket closes = TestPacket.server(45).numbers(1, 49).flags(fin);
        TestPacket last = TestPacket.client(30 + later).numbers(49, 2).says(FAREWELL);
        TestPacket end = TestPacket.client(30.01 + later).numbers(73, 2).flags(fin);

        assertThat(mayBeAlert(ping, second, closes, last, end)).isEqualTo(expected);
    }

    /// A device that has just published something pings when it is time, and then hears that the
    /// broker is gone.
    @Test
    void aPingAsLongAfterAnythingAsTheOneBefore() {
        TestPacket said = TestPacket.client(10).numbers(1, 1).says(record(40));
        TestPacket ping = TestPacket.client(25).numbers(46, 1).says(FAREWELL);
        TestPacket publishes = TestPacket.client(32).numbers(70, 1).says(record(40));
        int fin = Decoder.FIN | Decoder.ACK;
        TestPacket closes = TestPacket.server(40).numbers(1, 115).flags(fin);
        TestPacket second = TestPacket.client(47.01).numbers(115, 2).says(FAREWELL);
        TestPacket end = TestPacket.client(47.02).numbers(139, 2).flags(fin);

        assertThat(mayBeAlert(said, ping, publishes, closes, second, end)).isFalse();
    }

    /// Both close at once, and the RST upon the client's farewell goes before its FIN comes.
    @Test
    void aFarewellWhoseFinComesBehindTheReset() throws Exception {
        TestCapture capture = overTls();
        capture.client("PA", 206, 906, FAREWELL).server("PA", 906, 230, FAREWELL).after(2);
        capture.server("PA", 930, 230, FAREWELL).server("FA", 954, 230, "").after(0.002);
        capture.client("PA", 230, 930, FAREWELL).serverPassive("R", 930, 0).after(0.001);

        assertClosed(capture.client("FA", 254, 930, "").serverPassive("R", 930, 0));
    }

    /// Java takes its leave in two alerts, both padded; a client comes back a while after the
    /// server has closed.
    @ParameterizedTest(name = "{0} bytes, {1} s before the FIN")
    @CsvSource({"35, 0.001, true", "35, 0.1, false", "34, 0.001, false"})
    void aFarewellInTwoRecords(int bytes, double before, boolean closed) throws Exception {
        TestCapture capture = overTls().after(2).server("FA", 906, 206, "").after(1.5);
        capture.client("PA", 206, 907, record(bytes)).after(before);
        capture.client("FPA", 211 + bytes, 907, record(bytes)).after(0.02);
        capture.serverPassive("R", 907, 0).serverPassive("R", 907, 0);

        assertThat(read(capture).connections()).hasSize(closed ? 0 : 1);
    }

    /// A command of 18 bytes is as long as a padded alert: who says it and resets has given up.
    @Test
    void aCommandAsLongAsAPaddedAlert() {
        TestPacket asked = TestPacket.client(1).numbers(1, 1).says(record(100));
        TestPacket command = TestPacket.client(2).numbers(106, 1).says(record(35));
        int ack = Decoder.ACK;
        TestPacket resets = TestPacket.client(2.04).numbers(146, 1).flags(Decoder.RST | ack);
        TestPacket closes = TestPacket.client(2.04).numbers(146, 1).flags(Decoder.FIN | ack);

        assertThat(mayBeAlert(asked, command, resets)).isFalse();
        assertThat(mayBeAlert(asked, command, closes)).isTrue();
    }

    /// Go closes upon the first, and Java says the second before it hears of that.
    @ParameterizedTest(name = "{0} bytes from the server")
    @CsvSource({"19, 0", "20, 1"})
    void theSecondOfTwoFarewellsMeetsAServerThatHasClosed(int bytes, int told) throws Exception {
        TestCapture capture = overTls().client("PA", 206, 906, record(35)).after(0.001);
        capture.server("PA", 906, 246, record(bytes)).server("FA", 911 + bytes, 246, "");
        capture.after(0.001).client("PA", 246, 906, record(35));

        assertThat(read(capture.serverPassive("R", 906, 0)).connections()).hasSize(told);
    }

    /// The RST with which it closes comes behind the server's upon its farewell.
    @Test
    void aClientThatComesBackAndCloses() throws Exception {
        TestCapture capture = overTls().client("PA", 206, 906, FAREWELL);
        capture.server("PA", 906, 230, FAREWELL).after(2).server("FA", 930, 230, "").after(2.5);
        capture.client("PA", 230, 931, FAREWELL).serverPassive("R", 931, 0).after(0.001);

        assertClosed(capture.client("RA", 254, 931, ""));
    }

    /// MQTT's DISCONNECT is as long as the alert behind it. The broker closes in between; or it had
    /// closed a while ago; or the client resets, because the broker's alert had come.
    @ParameterizedTest
    @ValueSource(strings = {"meanwhile", "long before", "reset"})
    void aClientThatSaysInTwoRecordsThatItGoes(String which) throws Exception {
        TestCapture capture = overTls();
        switch (which) {
            case "meanwhile" -> {
                capture.client("PA", 206, 906, FAREWELL).after(0.001).server("FA", 906, 230, "");
                capture.after(0.003).client("FPA", 230, 906, FAREWELL);
                capture.serverPassive("R", 906, 0);
            }
            case "long before" -> {
                capture.after(3).server("FA", 906, 206, "").after(2);
                capture.client("PA", 206, 907, FAREWELL).client("PA", 230, 907, FAREWELL);
                capture.client("FA", 254, 907, "").after(0.02).serverPassive("R", 907, 0);
            }
            default -> {
                capture.client("PA", 206, 906, FAREWELL).server("PA", 906, 230, FAREWELL);
                capture.client("PA", 230, 930, FAREWELL).client("RA", 254, 930, "");
            }
        }

        assertClosed(capture);
    }

    /// A client asks in turns, and leaves when it is time for the next question: the server's
    /// farewell upon it is no answer.
    @Test
    void aServersFarewellInTheRhythmOfItsAnswers() {
        TestPacket answer = TestPacket.server(1.2).numbers(1, 1).says(FAREWELL);
        TestPacket second = TestPacket.server(2.4).numbers(25, 1).says(FAREWELL);
        TestPacket closes = TestPacket.client(3.6).numbers(1, 49).flags(Decoder.FIN | Decoder.ACK);
        TestPacket leaves = TestPacket.server(3.6003).numbers(49, 2).says(FAREWELL);

        assertThat(mayBeAlert(answer, second, closes, leaves)).isTrue();
    }

    /// A server that answers in two bytes, and then closes.
    @Test
    void anAnswerThatIsAsLongAsAFarewellIsNone() {
        TestPacket asked = TestPacket.client(1).numbers(1, 1).says(record(50));
        TestPacket answer = TestPacket.server(1.1).numbers(1, 56).says(FAREWELL);
        TestPacket again = TestPacket.client(2).numbers(56, 25).says(record(50));
        TestPacket last = TestPacket.server(2.1).numbers(25, 111).says(FAREWELL);
        TestPacket leaves = TestPacket.server(2.101).numbers(49, 111).says(FAREWELL);
        int fin = Decoder.FIN | Decoder.ACK;

        assertThat(
                        mayBeAlert(
                                asked,
                                answer,
                                again,
                                last,
                                TestPacket.server(2.11).numbers(49, 111).flags(fin)))
                .isFalse();
        assertThat(
                        mayBeAlert(
                                asked,
                                answer,
                                again,
                                last,
                                leaves,
                                TestPacket.server(2.11).numbers(73, 111).flags(fin)))
                .isTrue();
    }

    /// Whether the last of `packets` with data may be one.
    private static boolean mayBeAlert(TestPacket... packets) {
        List<Packet> all = Stream.of(packets).map(each -> each.build(1)).toList();
        return Farewells.mayBeAlert(all, Packets.last(all, Packet::hasData).orElseThrow());
    }

    /// A client that refuses the certificate has said by a fatal alert that it goes.
    @Test
    void aServerThatClosesUponAnAlertOwesNoAnswer() throws Exception {
        String fatal = PLAIN_FAREWELL.substring(0, 5) + "\u00020";
        TestCapture capture = new TestCapture(8443).handshake().client("PA", 1, 1, HELLO);
        capture.after(0.01).server("PA", 1, 106, SERVER_HELLO + CHANGE + record(900));
        int server = 1 + SERVER_HELLO.length() + CHANGE.length() + 905;
        capture.after(0.02).client("PA", 106, server, fatal).after(0.001);
        capture.server("FA", server, 113, "").client("PA", 113, server + 1, FAREWELL);

        assertClosed(capture.after(0.02).serverPassive("R", server + 1, 0));
    }

    /// A client that says something behind its Finished wanted an answer.
    @Test
    void aClientOfTlsThatAsksIsNoHealthCheck() throws Exception {
        TestCapture capture = new TestCapture(8443).handshake();
        capture.client("PA", 1, 1, HELLO);
        capture.after(0.01).server("PA", 1, 106, SERVER_HELLO);
        capture.server("PA", 106, 106, record(900)).client("PA", 106, 1011, record(53));
        capture.client("PA", 164, 1011, record(53)).after(0.005);

        assertEnded(capture.client("RA", 222, 1011, ""), Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    /// Who waited for an answer in vain, and says that it goes, did not get it.
    @Test
    void aClientThatSaysFarewellWithoutItsAnswer() throws Exception {
        TestCapture capture = overTls().client("PA", 206, 906, record(100));
        capture.after(3).client("PA", 311, 906, FAREWELL).client("RA", 335, 906, "");

        assertEnded(capture, Sender.CLIENT, Cause.CLIENT_ABORT);
    }

    /// The words of other protocols, to a server that has closed.
    @ParameterizedTest
    @ValueSource(
            strings = {
                "QUIT\r\n",
                "quit\n",
                "*1\r\n$4\r\nQUIT\r\n",
                "a3 LOGOUT\r\n",
                "\u0001\u0000\u0000\u0000\u0001",
                "X\u0000\u0000\u0000\u0004",
                "\u00e0\u0000",
                "\u00e0\u0001\u0000"
            })
    void aFarewellInWords(String words) throws Exception {
        assertClosed(goneUpon(words));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "QUITE\r\n",
                "\u0001\u0000\u0000\u0000\u0003",
                "\u0001\u0000\u0000\u0001\u0001",
                "\u0002\u0000\u0000\u0000\u0001",
                "X\u0000\u0000\u0000\u0005",
                "Y\u0000\u0000\u0000\u0004",
                "\u00e0\u0001",
                "\u00e0\u0001\u008b",
                "\u00c0\u0000"
            })
    void otherWordsAreLost(String words) throws Exception {
        assertThat(read(goneUpon(words)).connections()).hasSize(1);
    }

    private static TestCapture goneUpon(String words) {
        TestCapture capture = new TestCapture(9000).handshake().client("PA", 1, 1, "hello");
        capture.after(0.02).server("PA", 1, 6, "hello").after(5.4).server("FA", 6, 6, "");
        return capture.after(1).client("PA", 6, 7, words).after(0.02).serverPassive("R", 7, 0);
    }
}
