package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ANSWERED;
import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.OK;
import static dev.unreset.capture.Conversations.answered;
import static dev.unreset.capture.Conversations.closedWell;
import static dev.unreset.capture.Reports.assertCause;
import static dev.unreset.capture.Reports.assertCauses;
import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.last;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Connections that end after so many bytes or seconds.
class TransferLimitsTest {

    @Test
    void cutsAtTheSameLengthOneAfterTheOtherAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 3; i++) {
            cutAfter(capture.from(1000 + i), 12_000, 0.2 + 0.3 * i);
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    /// An answer of `bytes` in ten parts, and a reset in the middle of it.
    private static void cutAfter(TestCapture capture, int bytes, double seconds) {
        capture.after(1).handshake().client("PA", 1, 1, GET);
        int part = bytes / 10;
        for (int i = 0; i < 10; i++) {
            capture.after(seconds / 10).server("A", 1 + i * part, ASKED, "x".repeat(part));
        }
        capture.after(0.06).server("RA", 1 + bytes, ASKED, "");
    }

    @Test
    void cutsAtTheSameAgeAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 3; i++) {
            cutAfter(capture.from(1000 + i), 12_000 + 5_000 * i, 3);
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    /// A firewall counts bytes; what it forwarded last is seen only roughly.
    @Test
    void twoCutsOnTheWayAtAboutTheSameLengthAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        closedWell(capture.from(40_000));
        forgedAfter(capture.after(1).from(40_001), 40_000);
        forgedAfter(capture.after(3).from(40_002), 39_200);

        assertThat(cause(last(capture))).contains(Cause.TRANSFER_LIMIT);
    }

    private static void forgedAfter(TestCapture capture, int bytes) {
        capture.handshake().client("PA", 1, 1, GET).after(0.02);
        for (int sent = 0; sent < bytes; sent += 1000) {
            int size = Math.min(1000, bytes - sent);
            capture.server("A", 1 + sent, ASKED, "x".repeat(size)).after(0.01);
            capture.client("A", ASKED, 1 + sent + size, "").after(0.01);
        }
        capture.forged("RA", 1 + bytes, ASKED, 63);
    }

    /// A box that counts both directions: the parts of the two sides differ each time.
    @ParameterizedTest(name = "one goes on for longer: {0}")
    @ValueSource(booleans = {false, true})
    void cutsOnTheWayAfterAsMuchOfBothSidesAreATransferLimit(boolean longer) throws Exception {
        TestCapture capture = new TestCapture(8000);
        closedWell(capture.from(40_000));
        for (int i = 1; i <= 4; i++) {
            exchanged(capture.after(1.3).from(40_000 + i), 300 + 150 * i, 61_000, true);
        }
        if (longer) {
            exchanged(capture.after(1).from(41_000), 500, 90_000, false);
        }

        assertThat(cause(read(capture).connections().get(3).diagnosis().orElseThrow()))
                .contains(longer ? Cause.MIDDLEBOX : Cause.TRANSFER_LIMIT);
    }

    /// The client says `bytes` and the server a thousand, in turns, until both have said `total`;
    /// then somebody cuts it, or they close it.
    private static void exchanged(TestCapture capture, int bytes, int total, boolean cut) {
        capture.handshake();
        int client = 1;
        int server = 1;
        while (client + server < total) {
            capture.after(0.01).client("PA", client, server, "x".repeat(bytes));
            client += bytes;
            capture.after(0.02).server("PA", server, client, PIECE);
            server += 1000;
        }
        capture.client("A", client, server, "");
        if (cut) {
            capture.forged("RA", server, client, 63);
        } else {
            capture.client("FA", client, server, "").server("FA", server, client + 1, "");
            capture.client("A", client + 1, server + 1, "");
        }
    }

    @Test
    void aTimeLimitOfAnUploadThatKeptFlowingIsATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000).handshake();
        int at = 1;
        for (int i = 0; i < 20; i++) {
            capture.client("PA", at, 1, "part").after(0.2);
            at += 4;
            capture.server("A", 1, at, "");
        }
        String timeout = "HTTP/1.1 408 Request Timeout\r\n\r\n";
        capture.server("PA", 1, at, timeout).server("FA", 1 + timeout.length(), at, "");
        capture.after(0.01)
                .client("PA", at, 1, "part")
                .after(0.02)
                .serverPassive("R", 2 + timeout.length(), 0);

        assertThat(cause(last(capture))).contains(Cause.TRANSFER_LIMIT);
    }

    /// A PUT that lasts too long, not one that is too large: as far as it came, it is as long each
    /// time.
    @ParameterizedTest
    @CsvSource({"0.6, TRANSFER_LIMIT", "0.347, PROTOCOL_VIOLATION"})
    void uploadsThatEndAfterAsManyBytes(double each, Cause expected) throws Exception {
        String put = "PUT / HTTP/1.1\r\nContent-Length: 999999\r\n\r\n";
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.7).from(port).handshake().client("PA", 1, 1, put);
            int at = 1 + put.length();
            for (int i = 0; i < 10; i++, at += 1200) {
                capture.after(each - 0.0022 + (i == 0 ? 0 : 0.0021));
                capture.client("A", at, 1, "x".repeat(1200));
            }
            capture.server("RA", 1, at, "");
        }

        assertCause(read(capture), expected);
    }

    /// Events that a server sends, by no second, until the stream is so old.
    @ParameterizedTest
    @CsvSource({"4.005, TRANSFER_LIMIT", "4.4, SERVER_RESTART"})
    void streamsThatEndAtTheSameAge(double age, Cause expected) throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            stream(capture.after(0.3 + 0.11 * i).from(1001 + i), 0.43 + 0.02 * i, age);
        }

        assertCause(read(capture), expected);
    }

    private static void stream(TestCapture capture, double every, double age) {
        capture.handshake().client("PA", 1, 1, "follow");
        int at = 1;
        double now = 0.0203;
        for (; now + every < age; now += every + 0.0002, at += 5) {
            capture.after(every).server("PA", at, 7, "event").client("A", 7, at + 5, "");
        }
        capture.after(age - now).server("RA", at, 7, "");
    }

    /// A process that is killed closes all at one moment; who asks again later is reset then. That
    /// some had begun at one moment too makes them as old.
    @Test
    void conversationsThatAreClosedTogetherAreNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(6379);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).handshake();
        }
        int at = 1;
        for (int i = 0; i < 6; i++, at += 6) {
            for (int port = 1001; port <= 1003; port++) {
                capture.from(port).client("PA", at, at, "asking");
                capture.after(0.01).server("PA", at, at + 6, "answer");
                capture.client("A", at + 6, at + 6, "");
            }
            capture.after(0.1457);
        }
        capture.after(-0.0295);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).server("FA", at, at, "").client("A", at, at + 1, "");
        }
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port).after(0.4).client("PA", at, at + 1, "asking");
            capture.after(0.02).serverPassive("R", at + 1, 0);
        }

        assertCause(read(capture), Cause.SERVER_RESTART);
    }

    /// Each is ended after as many questions: they come once a second, and so does the end.
    @Test
    void conversationsByTheSecondAreNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            converse(capture.after(0.3 + 0.11 * i).from(1001 + i), 1, 4.045);
        }

        assertThat(cause(last(capture))).isNotEqualTo(Optional.of(Cause.TRANSFER_LIMIT));
    }

    /// Questions and answers until the server closes at `age`, in the middle of them.
    private static void converse(TestCapture capture, double every, double age) {
        capture.handshake();
        int at = 1;
        double now = 0.021;
        for (; now + every + 0.02 < age; now += every, at += 4) {
            capture.after(every - 0.0111).client("PA", at, at, "ping").after(0.01);
            capture.server("PA", at, at + 4, "pong").after(0.0009);
        }
        capture.after(age - now).server("FA", at, at, "");
        capture.after(0.05).client("PA", at, at + 1, "ping").after(0.01);
        capture.serverPassive("R", at + 1, 0);
    }

    /// `timeout 3 socat ...`: each session is ended at its age, however its client uses it.
    @Test
    void conversationsThatEndAtTheSameAgeAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            converse(capture.after(0.3 + 0.11 * i).from(1001 + i), 0.21 + 0.02 * i, 3.005);
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    /// All began together, and a worker that is told to go ends them together: by a FIN, or by a
    /// RST where it had not read the last question.
    @Test
    void conversationsThatAllBeginTogetherAreNoMeasure() throws Exception {
        TestCapture capture = new TestCapture(7004);
        for (int port = 1001; port <= 1008; port++) {
            capture.from(port).client("S", 0, 0, "").server("SA", 0, 1, "").client("A", 1, 1, "");
        }
        for (int round = 0; round < 8; round++) {
            capture.after(0.23);
            for (int port = 1001; port <= 1008; port++) {
                int at = 1 + 4 * round;
                capture.from(port).client("PA", at, at, "ping").server("PA", at, at + 4, "pong");
            }
        }
        capture.after(0.16);
        for (int port = 1001; port <= 1008; port++) {
            if (port <= 1002) {
                capture.from(port).client("PA", 33, 33, "ping").server("RA", 33, 33, "");
            } else {
                capture.from(port).server("FA", 33, 33, "");
            }
        }
        for (int port = 1003; port <= 1008; port++) {
            capture.after(0.06).from(port).client("PA", 33, 34, "ping").serverPassive("R", 34, 0);
        }

        assertThat(read(capture).connections())
                .hasSize(8)
                .noneSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.TRANSFER_LIMIT));
    }

    /// Two at a time begin together, and so end together.
    @Test
    void conversationsThatBeginTogetherEndTogether() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int pair = 0; pair < 4; pair++) {
            int first = 1001 + 2 * pair;
            capture.after(0.7).from(first).handshake().from(first + 1).handshake();
            double every = 0.2 + 0.02 * pair;
            int at = 1;
            double now = 0;
            for (; now + every < 2.9; now += every, at += 4) {
                capture.after(every);
                for (int port = first; port <= first + 1; port++) {
                    capture.from(port)
                            .client("PA", at, at, "ping")
                            .server("PA", at, at + 4, "pong");
                }
            }
            capture.after(3 - now).from(first).server("RA", at, at, "");
            capture.from(first + 1).server("RA", at, at, "");
        }

        assertCauses(read(capture), 8, Cause.TRANSFER_LIMIT);
    }

    /// A load test: so many begin together that not all are looked at.
    @Test
    void veryManyThatBeginTogetherEndTogether() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int group = 0; group < 3; group++) {
            int first = 1001 + 150 * group;
            capture.after(0.7);
            for (int port = first; port < first + 150; port++) {
                capture.from(port).client("S", 0, 0, "").server("SA", 0, 1, "");
                capture.client("A", 1, 1, "");
            }
            double every = 0.26 + 0.02 * group;
            int at = 1;
            double now = 0;
            for (; now + every < 2.9; now += every, at += 4) {
                capture.after(every);
                for (int port = first; port < first + 150; port++) {
                    capture.from(port)
                            .client("PA", at, at, "ping")
                            .server("PA", at, at + 4, "pong");
                }
            }
            capture.after(3 - now);
            for (int port = first; port < first + 150; port++) {
                capture.from(port).server("RA", at, at, "");
            }
        }

        assertCauses(read(capture), 450, Cause.TRANSFER_LIMIT);
    }

    /// Others, whose clients close them, come and go at all times.
    @Test
    void aBusyServerMayHaveAMaximumAgeToo() throws Exception {
        TestCapture sessions = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            converse(sessions.after(0.3 + 0.11 * i).from(1001 + i), 0.21 + 0.02 * i, 3.005);
        }
        TestCapture others = new TestCapture(9000);
        for (int i = 0; i < 550; i++) {
            others.from(10_000 + i).handshake().client("PA", 1, 1, "ping");
            others.server("PA", 1, 5, "pong").client("FA", 5, 5, "");
            others.server("FA", 5, 6, "").client("A", 6, 6, "");
        }

        assertCause(read(sessions, others), Cause.TRANSFER_LIMIT);
    }

    /// 3.4 s are no timer's.
    @Test
    void conversationsThatEndAtTheSameOddAgeAreNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            converse(capture.after(0.3 + 0.11 * i).from(1001 + i), 0.21 + 0.02 * i, 3.4);
        }

        assertThat(cause(last(capture))).isNotEqualTo(Optional.of(Cause.TRANSFER_LIMIT));
    }

    /// So many are no chance, at whatever age.
    @Test
    void manyConversationsThatEndAtTheSameOddAgeAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 5; i++) {
            converse(capture.after(0.3 + 0.11 * i).from(1001 + i), 0.21 + 0.02 * i, 3.4);
        }

        assertThat(cause(last(capture))).contains(Cause.TRANSFER_LIMIT);
    }

    /// A server looks at the age when the next request comes, and lets nobody become older.
    @ParameterizedTest(name = "another becomes older: {0}")
    @ValueSource(booleans = {false, true})
    void manyConversationsThatEndAtTheirNextRequest(boolean older) throws Exception {
        TestCapture capture = new TestCapture(9000);
        if (older) {
            answered(capture.from(2000));
        }
        double[] every = {0.21, 0.23, 0.25, 0.27, 0.29, 0.31};
        for (int i = 0; i < every.length; i++) {
            capture.after(0.4).from(1001 + i).handshake();
            int at = 1;
            for (double now = every[i]; now < 2.7; now += every[i], at += 4) {
                capture.after(every[i] - 0.0102).client("PA", at, at, "ping").after(0.01);
                capture.server("PA", at, at + 4, "pong");
            }
            capture.after(every[i] - 0.01).client("PA", at, at, "ping").after(0.01);
            capture.server("RA", at, at + 4, "");
        }
        if (older) {
            capture.from(2000).client("FA", ASKED, ANSWERED, "");
            capture.server("FA", ANSWERED, ASKED + 1, "").client("A", ASKED + 1, ANSWERED + 1, "");
        }

        assertThat(cause(last(capture)).equals(Optional.of(Cause.TRANSFER_LIMIT)))
                .isEqualTo(!older);
    }

    /// Each question is another. Who was asked as often each time, whatever the age is, did not
    /// like the last question, which may have been repeated.
    @ParameterizedTest(name = "a question each {0} s, repeated: {1}")
    @CsvSource({
        "0.05, false, TRANSFER_LIMIT",
        "0, false, PROTOCOL_VIOLATION",
        "0, true, PROTOCOL_VIOLATION"
    })
    void manyConversationsThatEndAtOneAgeOrAtOneStep(double apart, boolean repeated, Cause expected)
            throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 6; i++) {
            double every = 0.3 + apart * i;
            capture.after(0.4).from(1001 + i).handshake();
            int at = 1;
            int said = 1;
            double elapsed = 0;
            for (; elapsed + 2 * every < 3; elapsed += every, said += 4) {
                String question = "q".repeat(20 + 3 * at % 97 + i);
                capture.after(every - 0.01).client("PA", at, said, question).after(0.01);
                at += question.length();
                capture.server("PA", said, at, "pong");
                if (repeated && i == 0 && said == 5) {
                    capture.client("PA", at - question.length(), said, question);
                    capture.server("PA", said, at, "pong");
                }
            }
            String last = "q".repeat(150 + i);
            capture.after(3 + 0.02 * i - elapsed).client("PA", at, said, last);
            if (repeated) {
                capture.after(0.2).client("PA", at, said, last);
            }
            capture.after(0.004).server("RA", said, at + last.length(), "");
        }

        assertCauses(read(capture), 6, expected);
    }

    /// Those that their clients break off meanwhile say nothing of the server.
    @Test
    void whatClientsBreakOffDoesNotHideAMaximumAge() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 6; i++) {
            double every = 0.21 + 0.02 * i;
            capture.after(0.4).from(1001 + i).handshake();
            int at = 1;
            for (double now = every; now < 2.7; now += every, at += 4) {
                capture.after(every - 0.0102).client("PA", at, at, "ping").after(0.01);
                capture.server("PA", at, at + 4, "pong");
            }
            for (int port = 2000 + 10 * i; port < 2007 + 10 * i; port++) {
                capture.from(port).handshake().client("PA", 1, 1, "get").server("PA", 1, 4, PIECE);
                capture.server("PA", 1001, 4, PIECE).client("RA", 4, 1001, "");
            }
            capture.from(1001 + i).after(every - 0.02).client("PA", at, at, "ping").after(0.01);
            capture.server("RA", at, at + 4, "");
        }

        assertThat(read(capture).connections())
                .filteredOn(connection -> connection.client().endsWith(":1006"))
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.TRANSFER_LIMIT))
                .hasSize(1);
    }

    /// Of so many packets, the middle is not looked at.
    @Test
    void longDownloadsThatAreCutAtTheSameAgeAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 3; i++) {
            capture.after(1).from(1001 + i).handshake().client("PA", 1, 1, GET);
            int parts = 400 + 40 * i;
            for (int part = 0; part < parts; part++) {
                capture.after(1.51 / parts)
                        .server("A", 1 + part * 1000, ASKED, PIECE)
                        .client("A", ASKED, 1 + part * 1000 + 1000, "");
            }
            capture.server("RA", 1 + parts * 1000, ASKED, "");
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    /// As much as a server sends before it is answered is as much each time.
    @Test
    void whatNobodyHadAcknowledgedMetNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        closedWell(capture.from(40_000));
        for (int i = 1; i <= 3; i++) {
            capture.after(1).from(40_000 + i).handshake().client("PA", 1, 1, GET).after(0.02);
            for (int part = 0; part < 12; part++) {
                capture.server("A", 1 + part * 1000, ASKED, PIECE);
            }
            capture.after(0.02).forgedOfClient("RA", ASKED, 1, 40);
        }

        assertCause(read(capture), Cause.MIDDLEBOX);
    }

    /// A proxy with a maximum age, of which the capture has one connection.
    @ParameterizedTest(name = "aborted at {0} s: {1}")
    @CsvSource({
        "4.005, TRANSFER_LIMIT",
        "4.4, SERVER_RESTART",
        "2.005, SERVER_RESTART",
        "300.4, SERVER_RESTART"
    })
    void aConversationThatIsAbortedAtAnAge(double age, Cause expected) throws Exception {
        assertThat(cause(last(aborted(new TestCapture(9000).from(1001), age)))).contains(expected);
    }

    @Test
    void whoServesOthersForLongerHasNoMaximumAge() throws Exception {
        TestCapture capture = new TestCapture(9000).from(1000).handshake();
        aborted(capture.after(0.5).from(1001), 4.005);
        capture.from(1000).after(1).client("PA", 1, 1, "ping").after(0.01);
        capture.server("PA", 1, 5, "pong").client("FA", 5, 5, "");
        capture.server("FA", 5, 6, "").client("A", 6, 6, "");

        assertThat(cause(last(capture))).isNotEqualTo(Optional.of(Cause.TRANSFER_LIMIT));
    }

    /// Questions and answers until the server, 20 ms away, aborts `age` after it accepted, when it
    /// has answered everything.
    private static TestCapture aborted(TestCapture capture, double age) {
        capture.handshake();
        int at = 1;
        double now = 0;
        for (; now + 0.35 < age; now += 0.35, at += 4) {
            capture.after(0.33).client("PA", at, at, "ping").after(0.02);
            capture.server("PA", at, at + 4, "pong");
        }
        return capture.after(age - now + 0.02).server("RA", at, at, "");
    }

    /// A firewall that ends each session at its age waits for the next packet of it.
    @Test
    void sessionsThatAMiddleboxEndsAtTheSameAgeAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            capture.after(0.7).from(1001 + i).handshake();
            int at = 1;
            for (int j = 0; j < 20; j++, at += 4) {
                capture.after(0.24 + 0.003 * i).client("PA", at, at, "ping").after(0.01);
                capture.server("PA", at, at + 4, "pong");
            }
            capture.after(0.24).client("PA", at, at, "ping").forged("R", at, 0, 255);
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    /// A content filter reads the eighth command; each client says the same by the same clock. The
    /// filter may be slower than the server's acknowledgement, or its answer; what was answered
    /// long before was let through.
    @ParameterizedTest(name = "cut {0} s after it, answered: {1}")
    @CsvSource({
        "0, false, MIDDLEBOX",
        "0.13, false, MIDDLEBOX",
        "0.03, true, MIDDLEBOX",
        "0.13, true, TRANSFER_LIMIT"
    })
    void sessionsThatAreCutForTheirWords(double later, boolean answered, Cause expected)
            throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int port = 1001; port <= 1006; port++) {
            capture.after(0.7).from(port).handshake();
            int at = 1;
            for (int j = 0; j < 8; j++, at += 5) {
                capture.after(0.24).client("PA", at, at, "say " + j).after(0.01);
                boolean last = j == 7;
                if (!last || answered) {
                    capture.server("PA", at, at + 5, "heard");
                } else if (later > 0) {
                    capture.server("A", at, at + 5, "");
                }
            }
            capture.after(later).forged("R", answered ? at : at - 5, 0, 255);
        }

        assertThat(cause(last(capture))).contains(expected);
    }

    /// Lines of a log, which the server only acknowledges.
    @Test
    void streamsThatAMiddleboxEndsAtTheSameAgeAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(6514);
        for (int i = 0; i < 3; i++) {
            capture.after(0.7).from(1001 + i).handshake();
            int at = 1;
            for (int line = 10; line < 30; line++, at += 7) {
                capture.after(0.48).client("PA", at, 1, "line " + line).server("A", 1, at + 7, "");
            }
            capture.after(0.3).forged("R", 1, 0, 255);
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    /// Parts of 20 kB, each answered, until 40 kB have come.
    @Test
    void aFewLargePartsThatAreAnsweredMeetAQuota() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 3; i++) {
            capture.after(0.7).from(1001 + i).handshake();
            int at = 1;
            for (int piece = 1; piece <= 40; piece++, at += 1000) {
                capture.after(0.003 * (i + 1)).client("PA", at, 1 + piece / 20 * 2, PIECE);
                if (piece % 20 == 19) {
                    capture.after(0.01).server("PA", 1 + piece / 20 * 2, at + 1000, "ok");
                }
            }
            capture.server("RA", 5, at, "");
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    /// Requests on one connection, each answered: the last is cut where as much has come as of the
    /// others. An error before the whole request, in two packets as many servers send it, is no
    /// answer to a part.
    @ParameterizedTest(name = "{0} requests, answered {1}")
    @CsvSource({"5, 201, TRANSFER_LIMIT", "1, 401, PROTOCOL_VIOLATION"})
    void uploadsOverHttp(int requests, int status, Cause expected) throws Exception {
        String head = "HTTP/1.1 " + status + " Said\r\nContent-Length: 2\r\n\r\n";
        TestCapture capture = new TestCapture(8080);
        for (int port = 1001; port <= 1004; port++) {
            capture.after(0.7).from(port).handshake();
            int at = 1;
            int answered = 1;
            int each = 60_000 / requests + (requests > 1 ? 37 * (port - 1003) : 900_000);
            for (int request = 1; at < 60_000; request++) {
                String put =
                        "PUT /" + request + " HTTP/1.1\r\nContent-Length: " + each + "\r\n\r\n";
                for (int sent = -put.length(); sent < each && at < 60_000; ) {
                    int length = Math.min(60_001 - at, Math.min(1000, each - sent));
                    String said = sent < 0 ? put : "x".repeat(length);
                    capture.after(0.002).client("PA", at, answered, said);
                    sent += said.length();
                    at += said.length();
                    if (requests == 1 && sent > 20_000 && answered == 1) {
                        capture.server("PA", 1, at, head).server("PA", 1 + head.length(), at, "no");
                        answered += head.length() + 2;
                    }
                }
                if (at < 60_000) {
                    capture.server("PA", answered, at, head + "ok");
                    answered += head.length() + 2;
                }
            }
            capture.after(0.001).server("RA", answered, at, "");
        }

        assertCauses(read(capture), 4, expected);
    }

    /// Two whole requests, of which the server resets upon the second: it is as long each time.
    @Test
    void aSecondRequestThatIsRefusedEachTimeMetNoQuota() throws Exception {
        String put = "PUT / HTTP/1.1\r\nContent-Length: 12000\r\n\r\n";
        TestCapture capture = new TestCapture(8080);
        for (int port = 1001; port <= 1004; port++) {
            capture.after(0.7).from(port).handshake();
            int at = 1;
            int said = 1;
            for (int request = 0; request < 2; request++) {
                capture.after(0.1).client("PA", at, said, put);
                at += put.length();
                for (int i = 0; i < 12; i++, at += 1000) {
                    capture.client("PA", at, said, PIECE);
                }
                capture.after(0.02);
                if (request == 0) {
                    capture.server("PA", said, at, OK);
                    said += OK.length();
                }
            }
            capture.server("RA", said, at, "");
        }

        assertCauses(read(capture), 4, Cause.PROTOCOL_VIOLATION);
    }

    /// Ten whole requests were answered, and the next, which is like them, is not: a gateway counts
    /// what it forwards.
    @Test
    void aRequestLikeManyBeforeThatMeetsAQuota() throws Exception {
        String post = "POST /a HTTP/1.1\r\nContent-Length: 1000\r\n\r\n" + PIECE;
        TestCapture capture = new TestCapture(8080);
        for (int port = 1001; port <= 1004; port++) {
            capture.after(0.7).from(port).handshake();
            int at = 1;
            int said = 1;
            for (int request = 0; request < 10; request++, said += OK.length()) {
                capture.after(0.1 * (port - 1000)).client("PA", at, said, post);
                at += post.length();
                capture.after(0.02).server("PA", said, at, OK);
            }
            capture.after(0.3).client("PA", at, said, post).after(0.01);
            capture.server("RA", said, at + post.length(), "");
        }

        assertCauses(read(capture), 4, Cause.TRANSFER_LIMIT);
    }

    /// Another protocol in HTTP's tunnel: each message is acknowledged by one, until a quota is
    /// used up.
    @Test
    void aQuotaInATunnel() throws Exception {
        String ask = "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        String yes = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        TestCapture capture = new TestCapture(8080);
        for (int port = 1001; port <= 1004; port++) {
            capture.after(0.7).from(port).handshake().client("PA", 1, 1, ask).after(0.01);
            int at = 1 + ask.length();
            int said = 1 + yes.length();
            capture.server("PA", 1, at, yes);
            for (int i = 0; i < 40; i++, at += 1000, said += 2) {
                capture.after(0.02 + 0.001 * (port - 1000)).client("PA", at, said, PIECE);
                capture.server("PA", said, at + 1000, "ok");
            }
            capture.after(0.02).client("PA", at, said, PIECE).server("RA", said, at, "");
        }

        assertCauses(read(capture), 4, Cause.TRANSFER_LIMIT);
    }

    /// Five of one age, each cut at another word that it says once, are a timer's.
    @Test
    void manySessionsThatAMiddleboxEndsAtTheSameAgeAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int i = 0; i < 5; i++) {
            capture.after(0.7).from(1001 + i).handshake();
            double every = 0.2 + 0.03 * i;
            int at = 1;
            double now = 0.02;
            for (int j = 10; now + every + 0.0102 < 3.3; j++, at += 5, now += every + 0.0102) {
                capture.after(every).client("PA", at, at, "sa " + j).after(0.01);
                capture.server("PA", at, at + 5, "heard");
            }
            capture.after(3.3 - now).client("PA", at, at, "sa 99").forged("R", at, 0, 255);
        }

        assertThat(cause(last(capture))).contains(Cause.TRANSFER_LIMIT);
    }

    /// A rule that is added while many talk cuts each at its next word, within a second: some of
    /// them are about as old as others, and others are not.
    @Test
    void sessionsOfAllAgesThatAreCutAtOneTimeAreNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        int sessions = 15;
        for (int i = 0; i < sessions; i++) {
            capture.after(0.1).from(1001 + i).handshake();
        }
        for (int round = 10; round < 18; round++) {
            for (int i = 0; i < sessions; i++) {
                int at = 1 + (round - 10) * (4 + i);
                capture.after(0.03).from(1001 + i);
                capture.client("PA", at, at, "sa" + round + "x".repeat(i));
                capture.server("PA", at, at + 4 + i, "s".repeat(4 + i));
            }
        }
        for (int i = 0; i < sessions; i++) {
            int at = 1 + 8 * (4 + i);
            capture.after(0.05)
                    .from(1001 + i)
                    .client("PA", at, at, "last!")
                    .forged("R", at, 0, 255);
        }

        assertThat(read(capture).connections())
                .hasSize(sessions)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.MIDDLEBOX));
    }

    /// A capture of one direction has no acknowledgements.
    @Test
    void cutsOnTheWayOfWhichOneDirectionWasCapturedAreATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 1; i <= 3; i++) {
            capture.after(1).from(40_000 + i).server("SA", 0, 1, "");
            for (int part = 0; part < 56; part++) {
                capture.after(0.01 * i).server("A", 1 + part * 1000, ASKED, PIECE);
            }
            capture.after(0.01).forged("RA", 56_001, ASKED, 63);
        }

        assertThat(cause(last(capture))).contains(Cause.TRANSFER_LIMIT);
    }

    /// Three were cut at the same length by chance: another got further.
    @Test
    void whatAnotherHasPassedIsNoTransferLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 3; i++) {
            cutAfter(capture.after(3).from(1001 + i), 40_000 + 100 * i, 0.5);
        }
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 60000\r\n\r\n";
        int end = 1 + answer.length() + 60_000;
        capture.after(1)
                .from(2000)
                .handshake()
                .client("PA", 1, 1, GET)
                .after(0.01)
                .server("PA", 1, ASKED, answer + "x".repeat(60_000))
                .client("FA", ASKED, end, "")
                .server("FA", end, ASKED + 1, "");

        assertThat(read(capture).connections())
                .hasSize(3)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .isNotEqualTo(Optional.of(Cause.TRANSFER_LIMIT)));
    }

    /// Each had got an answer of the same length before it fell silent.
    @Test
    void equalAnswersBeforeASilenceAreNoTransferLimit() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n";
        int end = 1 + answer.length() + 20_000;
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port)
                    .handshake()
                    .client("PA", 1, 1, GET)
                    .after(0.01)
                    .server("PA", 1, ASKED, answer + "x".repeat(20_000))
                    .client("A", ASKED, end, "")
                    .after(2.3)
                    .server("FA", end, ASKED, "")
                    .after(0.8)
                    .client("PA", ASKED, end + 1, GET)
                    .after(0.01)
                    .serverPassive("R", end + 1, 0);
        }

        assertCause(read(capture), Cause.IDLE_TIMEOUT);
    }

    /// nginx's `send_timeout`: the client does not read.
    @Test
    void whoIsNotReadIsNoTransferLimit() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nContent-Length: 90000\r\n\r\n";
        int end = 1 + answer.length() + 20_000;
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.from(port)
                    .handshake()
                    .client("PA", 1, 1, GET)
                    .after(0.01)
                    .server("PA", 1, ASKED, answer + "x".repeat(20_000))
                    .clientFull(ASKED, end)
                    .after(2.4)
                    .server("RA", end, ASKED, "");
        }

        assertCause(read(capture), Cause.IDLE_TIMEOUT);
    }

    /// What was answered piece by piece is no request that is too large.
    @Test
    void conversationsThatEndAfterAsManyBytesOfTheClientMetAQuota() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.7).from(port).handshake();
            int at = 1;
            for (int i = 0; i < 40; i++, at += 1000) {
                capture.after(0.03 + 0.001 * (port - 1000)).client("PA", at, 1 + 2 * i, PIECE);
                capture.server("PA", 1 + 2 * i, at + 1000, "ok");
            }
            capture.after(0.03).client("PA", at, 81, PIECE).server("RA", 81, at, "");
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }

    private static final String PIECE = "x".repeat(1000);

    /// Nobody had said anything for a while when it came: it is not for what was said last.
    @Test
    void conversationsThatABoxEndsAtTheSameAgeMetATransferLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.7).from(port).handshake();
            for (int i = 0; i < 10; i++) {
                String question = "question " + port + i;
                int at = 1 + i * question.length();
                capture.after(0.5789).client("PA", at, at, question);
                capture.server("PA", at, at + question.length(), question);
            }
            capture.after(0.2).forged("R", 1 + 10 * "question 10010".length(), 0, 64);
        }

        assertCause(read(capture), Cause.TRANSFER_LIMIT);
    }
}
