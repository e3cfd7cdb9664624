package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ANSWERED;
import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.OK;
import static dev.unreset.capture.Conversations.answered;
import static dev.unreset.capture.Conversations.closedWell;
import static dev.unreset.capture.Conversations.record;
import static dev.unreset.capture.Conversations.refused;
import static dev.unreset.capture.Reports.assertCause;
import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.last;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Sender;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Limits of connections and of rates: who is let in, and who is not.
class TurnedAwayTest {

    private static final Optional<Cause> LIMIT = Optional.of(Cause.CONNECTION_LIMIT);

    /// Those that were served say nothing more until the capture ends: they are open all the same.
    @Test
    void turnedAwayBesideSilentConnectionsIsAConnectionLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1004; port++) {
            answered(capture.after(0.25).from(port));
        }
        for (int port = 1005; port <= 1007; port++) {
            capture.after(0.25)
                    .from(port)
                    .handshake()
                    .client("PA", 1, 1, GET)
                    .after(0.02)
                    .server("RA", 1, ASKED, "");
        }

        assertCause(read(capture), Cause.CONNECTION_LIMIT);
    }

    /// A pool of threads that is full: closed with the request unread, seen from far away.
    @Test
    void closedAndResetWithoutAnAnswerBesideOthersIsAConnectionLimit() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.after(0.25).from(port));
        }
        for (int port = 1004; port <= 1006; port++) {
            capture.after(0.25)
                    .from(port)
                    .handshake()
                    .client("PA", 1, 1, "hello")
                    .after(0.06)
                    .server("FA", 1, 6, "")
                    .server("RA", 2, 6, "");
        }

        assertCause(read(capture), Cause.CONNECTION_LIMIT);
    }

    /// What takes 150 ms there and back comes at once after 160.
    @Test
    void whatIsAtOnceDependsOnTheDistance() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .client("S", 0, 0, "")
                                .after(0.15)
                                .server("SA", 0, 1, "")
                                .client("A", 1, 1, "")
                                .client("PA", 1, 1, "hello")
                                .after(0.15)
                                .server("PA", 1, 6, "hello")
                                .after(1)
                                .client("PA", 6, 6, "nonsense")
                                .after(0.16)
                                .server("RA", 6, 14, ""));

        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
    }

    /// The SYN waited in a queue: how far away the server is, it does not tell.
    @Test
    void aSynThatWasAnsweredLateSaysNothingOfTheDistance() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .client("S", 0, 0, "")
                                .after(1.02)
                                .server("SA", 0, 1, "")
                                .client("A", 1, 1, "")
                                .serverPassive("R", 1, 0));

        assertThat(diagnosis.sender()).isEqualTo(Sender.SERVER);
        assertThat(cause(diagnosis)).contains(Cause.CONNECTION_LIMIT);
    }

    /// A server that closes each that is too many, so that none is open then: it did not end.
    @Test
    void whatARateTurnsAwayTogetherIsNoRestart() throws Exception {
        TestCapture capture = new TestCapture(5353);
        for (int port = 1001; port <= 1027; port++) {
            int inTurn = (port - 1001) % 9;
            capture.after(inTurn == 0 ? 3 : 0.005).from(port);
            if (inTurn < 6) {
                closedWell(capture);
            } else {
                capture.handshake().client("PA", 1, 1, GET).server("FA", 1, ASKED, "");
                capture.client("PA", ASKED, 2, GET).serverPassive("R", 2, 0);
            }
        }

        assertThat(read(capture).connections())
                .hasSize(9)
                .allSatisfy(each ->
                        assertThat(each.diagnosis().flatMap(Reports::cause))
                                .contains(Cause.RATE_LIMIT));
    }

    /// Of those that are too many, some have said nothing yet when the server closes, and close as
    /// well: nothing ended badly, but they count.
    @Test
    void whoIsTurnedAwayBeforeItHasSaidAWordCountsForTheLimit() throws Exception {
        TestCapture capture = new TestCapture(7006);
        for (int port = 1001; port <= 1003; port++) {
            asked(capture.after(0.1).from(port)).server("PA", 1, 6, "hello");
        }
        for (int port = 1004; port <= 1011; port++) {
            capture.after(0.1).from(port).handshake().server("FA", 1, 1, "");
            if (port % 4 == 3) {
                capture.client("PA", 1, 2, "hello").serverPassive("R", 2, 0);
            } else {
                capture.client("FA", 1, 2, "").server("A", 2, 2, "");
            }
        }

        assertLimit(capture, 2, "a limit of 3 open connections explains which of 11");
    }

    /// nginx's `return 444` for what bots ask: they are not turned away for want of room.
    @Test
    void whoIsClosedForWhatItAsksWasNotTurnedAway() throws Exception {
        String bot = "GET /wp-login.php HTTP/1.1\r\n\r\n";
        TestCapture capture = new TestCapture(8080);
        for (int port = 1001; port <= 1004; port++) {
            answered(capture.after(0.1).from(port));
        }
        for (int port = 2001; port <= 2012; port++) {
            closedWell(capture.after(0.15).from(1000 + port));
            capture.after(0.15).from(port).handshake();
            if (port % 4 == 0) {
                capture.client("PA", 1, 1, "GET /crash HTTP/1.1\r\n\r\n").after(0.2);
                capture.server("RA", 1, 28, "");
            } else {
                capture.client("PA", 1, 1, bot).server("FA", 1, 1 + bot.length(), "");
                capture.client("FA", 1 + bot.length(), 2, "");
            }
        }

        assertThat(read(capture).connections())
                .noneSatisfy(each ->
                        assertThat(each.diagnosis().flatMap(Reports::cause))
                                .contains(Cause.CONNECTION_LIMIT));
    }

    /// Whoever comes is upgraded to a WebSocket; those that are too many are ended then. Of a few,
    /// chance may tell.
    @ParameterizedTest(name = "{0} are too many")
    @CsvSource({"16, true", "6, false"})
    void whoIsTurnedAwayBehindAnUpgradeMetALimit(int many, boolean isLimit) throws Exception {
        String ask = "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\n\r\n";
        String yes = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        int asked = 1 + ask.length();
        int said = 1 + yes.length();
        TestCapture capture = new TestCapture(8080);
        for (int port = 1001; port <= 1003 + many; port++) {
            capture.after(0.1).from(port).handshake().client("PA", 1, 1, ask);
            capture.server("PA", 1, asked, yes);
            if (port <= 1003) {
                capture.client("PA", asked, said, "hello").server("PA", said, asked + 5, "hello");
            } else {
                capture.after(0.001).server("FA", said, asked, "");
                capture.client("PA", asked, said + 1, "hello").serverPassive("R", said + 1, 0);
            }
        }

        assertThat(read(capture).connections())
                .hasSize(many)
                .allSatisfy(each ->
                        assertThat(each.diagnosis().flatMap(Reports::cause).equals(LIMIT))
                                .isEqualTo(isLimit));
    }

    /// One is open; beside it, others hear that the server is ready, and say what is too much for
    /// it; or that is all that they want, and they are closed well. The limit is not one
    /// connection.
    @ParameterizedTest(name = "closed well: {0}")
    @ValueSource(booleans = {false, true})
    void whoIsServedOrSaysTooMuchBesideOneOtherMetNoLimit(boolean closed) throws Exception {
        String yes = "ready".repeat(10);
        int said = 1 + yes.length();
        TestCapture capture = new TestCapture(7101);
        for (int port = 1001; port <= 1012; port++) {
            asked(capture.after(4).from(port)).server("PA", 1, 6, yes);
            capture.client("PA", 6, said, "x".repeat(30));
            capture.server("PA", said, 36, "x".repeat(30));
            for (int other = 10 * port; other < 10 * port + 2; other++) {
                asked(capture.after(0.9).from(other)).server("PA", 1, 6, yes).after(0.001);
                if (!closed || other % 60 == 0) {
                    String much = "x".repeat(other - 9900);
                    capture.client("PA", 6, said, much);
                    capture.server("RA", said, 6 + much.length(), "");
                } else {
                    capture.server("FA", said, 6, "").client("FA", 6, said + 1, "");
                    capture.server("A", said + 1, 7, "");
                }
            }
            capture.after(0.9).from(port).client("FA", 36, said + 30, "");
            capture.server("FA", said + 30, 37, "").client("A", 37, said + 31, "");
        }

        assertThat(read(capture).connections())
                .isNotEmpty()
                .allSatisfy(each ->
                        assertThat(each.diagnosis().flatMap(Reports::cause)).isNotEqualTo(LIMIT));
    }

    /// Among many that a limit turns away behind an upgrade, one that says what the server does not
    /// understand, and hears so, is not one of them; the others still are, and those that come when
    /// no more are looked at.
    @Test
    void oneThatIsEndedForAnotherReasonHidesNoLimit() throws Exception {
        String yes = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n";
        TestCapture capture = new TestCapture(8080);
        for (int port = 1001; port <= 1010; port++) {
            if (port > 1002) {
                capture.after(0.01).from(port - 2).client("FA", 36, 91, "");
                capture.server("FA", 91, 37, "").client("A", 37, 92, "");
            }
            asked(capture.after(0.01).from(port)).server("PA", 1, 6, yes);
            capture.client("PA", 6, 61, "x".repeat(30)).server("PA", 61, 36, "x".repeat(30));
            for (int other = 0; port > 1001 && other < 80; other++) {
                asked(capture.after(0.01).from(10_000 + 100 * (port - 1000) + other));
                if (port == 1002 && other == 20) {
                    capture.server("PA", 1, 6, "no").server("RA", 3, 6, "");
                } else {
                    capture.server("PA", 1, 6, yes).after(0.0001).server("RA", 61, 6, "");
                }
            }
        }

        assertThat(read(capture).connections())
                .filteredOn(each -> each.diagnosis().flatMap(Reports::cause).equals(LIMIT))
                .hasSize(719);
    }

    /// Over TLS, all have heard the server's part of the handshake. Each request of the last ten
    /// clients kills the server, as often as they ask.
    @Test
    void whoKillsAServerOverTlsMetNoRate() throws Exception {
        TestCapture capture = new TestCapture(8443);
        for (int port = 1001; port <= 1020; port++) {
            String asked = record(53) + record(200);
            capture.after(port <= 1010 ? 3 : 0.2).from(port).handshake();
            capture.client("PA", 1, 1, hello()).server("PA", 1, 106, record(300));
            capture.client("PA", 106, 306, asked).after(0.0005);
            if (port <= 1010) {
                capture.server("PA", 306, 106 + asked.length(), record(90));
                capture.client("FA", 106 + asked.length(), 401, "").server("FA", 401, 370, "");
            } else {
                capture.server("RA", 306, 106 + asked.length(), "");
            }
        }

        assertThat(last(capture).evidence())
                .noneMatch(each -> each.fact().contains("new connections"));
    }

    /// What is answered in a few words, and ended for what it said, met no limit: others are let in
    /// meanwhile.
    @Test
    void whoIsRefusedForItsWordsBesideOthersMetNoLimit() throws Exception {
        TestCapture capture = new TestCapture(7101);
        for (int port = 1001; port <= 1003; port++) {
            asked(capture.after(0.1).from(port)).server("PA", 1, 6, "hello");
        }
        for (int port = 1004; port <= 1023; port++) {
            capture.after(0.1);
            if (port % 5 == 0) {
                asked(capture.from(port)).server("PA", 1, 6, "hello");
            } else {
                capture.from(port).handshake().client("PA", 1, 1, "x".repeat(100));
                capture.server("PA", 1, 101, "no").client("PA", 101, 3, "x".repeat(900));
                capture.server("RA", 3, 1001, "");
            }
        }

        assertThat(read(capture).connections())
                .hasSize(16)
                .allSatisfy(each ->
                        assertThat(each.diagnosis().flatMap(Reports::cause)).isNotEqualTo(LIMIT));
    }

    /// Over TLS, who is served says more than a hello; in HTTP, requests are of many lengths. Most
    /// of those that are too many are closed without a word.
    @ParameterizedTest(name = "over TLS: {0}")
    @ValueSource(booleans = {true, false})
    void whoIsTurnedAwaySaidWhatOthersBeginWith(boolean tls) throws Exception {
        TestCapture capture = new TestCapture(8443);
        for (int port = 1001; port <= 1004; port++) {
            String asked = tls ? hello() : request(port);
            capture.after(0.1).from(port).handshake().client("PA", 1, 1, asked);
            int at = 1 + asked.length();
            capture.server("PA", 1, at, tls ? record(300) : OK);
            if (tls) {
                capture.client("PA", at, 306, record(53) + record(90))
                        .server("A", 306, at + 153, "");
            }
        }
        for (int port = 1005; port <= 1016; port++) {
            String asked = tls ? hello() : request(port);
            int at = 1 + asked.length();
            capture.after(0.1).from(port).handshake().client("PA", 1, 1, asked);
            if (port % 4 == 3) {
                capture.server("RA", 1, at, "");
            } else {
                capture.server("FA", 1, at, "").client("FA", at, 2, "").server("A", 2, at + 1, "");
            }
        }

        assertLimit(capture, 3, "a limit of 4 open connections explains which of 16");
    }

    private static String hello() {
        return "\u0016\u0003\u0001\u0000d\u0001" + "x".repeat(99);
    }

    private static String request(int port) {
        return "GET /" + "x".repeat(5 + port % 4 * 7) + " HTTP/1.1\r\n\r\n";
    }

    /// Seen at the server, 0.2 s away: a program counts whom it accepts, when the handshake is
    /// over.
    @Test
    void aLimitMayCountWhenTheHandshakeIsOver() throws Exception {
        TestCapture capture = new TestCapture(8620);
        for (int port = 1001; port <= 1009; port += 3) {
            for (int i = 0; i < 3; i++) {
                capture.after(0.002).from(port + i).client("S", 0, 0, "").server("SA", 0, 1, "");
            }
            capture.after(0.1);
            for (int earlier = port - 3; earlier >= 1001 && earlier < port - 1; earlier++) {
                capture.from(earlier).client("FA", 6, 6, "").server("FA", 6, 7, "");
                capture.client("A", 7, 7, "");
            }
            capture.after(0.1);
            for (int i = 0; i < 3; i++) {
                capture.after(0.002).from(port + i).client("A", 1, 1, "");
                capture.client("PA", 1, 1, "hello");
                if (i < 2) {
                    capture.server("PA", 1, 6, "hello");
                } else {
                    capture.server("RA", 1, 6, "");
                }
            }
        }

        assertLimit(capture, 3, "a limit of 2 open connections");
    }

    /// A far client that is reset upon its first words, while there is room, is not one of those
    /// that the limit turned away: not by the time of its SYN, nor by that of its handshake.
    @Test
    void whomALimitTellsWronglyItDidNotTurnAway() throws Exception {
        TestCapture capture = new TestCapture(8620);
        for (int first = 1001; first <= 1036; first += 7) {
            for (int port = first; port < first + 3; port++) {
                asked(capture.after(0.1).from(port)).server("PA", 1, 6, "hello");
            }
            for (int port = first + 3; port < first + 7; port++) {
                asked(capture.after(0.1).from(port)).server("RA", 1, 6, "");
            }
            for (int port = first; port < first + 3; port++) {
                capture.from(port).client("FA", 6, 6, "").server("FA", 6, 7, "");
                capture.client("A", 7, 7, "");
            }
        }
        capture.after(5).from(2001).client("S", 0, 0, "").after(0.4).server("SA", 0, 1, "");
        capture.client("A", 1, 1, "").client("PA", 1, 1, "login").server("RA", 1, 6, "");

        assertThat(last(capture).evidence())
                .noneSatisfy(each -> assertThat(each.fact()).contains("a limit of"));
    }

    /// A sending program's early words are not answered by "421 ...", which takes the place of the
    /// greeting, and of which the rest was cut off.
    @Test
    void aServerThatSaysInPlaceOfItsGreetingThatItIsNotAvailable() throws Exception {
        TestCapture capture = new TestCapture(2525);
        asked(capture.from(1001)).server("PA", 1, 6, "220 mx\r\n");
        for (int port = 1002; port <= 1004; port++) {
            asked(capture.after(0.2).from(port))
                    .server("PA", 1, 6, "421 Too many for now, wait\r\n");
            capture.client("A", 6, 29, "").server("RA", 29, 6, "");
        }

        assertCause(read(capture.cutTo(50)), Cause.CONNECTION_LIMIT);
    }

    @Test
    void servedAndRefusedInTurnsIsARateLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 9; i++) {
            capture.after(0.1);
            if (i % 3 == 2) {
                refused(capture, 1000 + i);
            } else {
                closedWell(capture.from(1000 + i));
            }
        }

        assertThat(read(capture).connections())
                .hasSize(3)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.RATE_LIMIT));
    }

    @Test
    void turnedAwayAfterOthersWereServedAlikeIsARateLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int i = 0; i < 4; i++) {
            closedWell(capture.after(0.1).from(1000 + i));
        }
        capture.after(0.1).from(2000).handshake().client("PA", 1, 1, GET).after(0.02);

        Diagnosis diagnosis = last(capture.server("RA", 1, ASKED, ""));

        assertThat(cause(diagnosis)).contains(Cause.RATE_LIMIT);
    }

    /// Clients that close by RST were not cut.
    @Test
    void refusedOnTheWayAfterOthersClosedByResetIsARateLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.after(0.1).from(port)).client("RA", ASKED, ANSWERED, "");
        }
        capture.after(0.1).from(1004).client("S", 0, 0, "").forged("RA", 0, 1, 64);

        assertThat(cause(last(capture))).contains(Cause.RATE_LIMIT);
    }

    /// A firewall that cuts what is open and refuses what is new has a new rule, and no rate.
    @Test
    void refusedOnTheWayRightAfterOthersWereCutIsNoRateLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(1001));
        capture.after(0.3).client("PA", ASKED, ANSWERED, GET).forged("R", ANSWERED, 0, 64);
        capture.after(0.3).from(1002).client("S", 0, 0, "").forged("RA", 0, 1, 64);
        closedWell(capture.after(5).from(1003));

        CaptureReport report = read(capture);

        assertThat(report.connections())
                .hasSize(2)
                .allSatisfy(each ->
                        assertThat(cause(each.diagnosis().orElseThrow()))
                                .contains(Cause.MIDDLEBOX));
    }

    /// A firewall that drops all: no limit of connections, although one is open.
    @Test
    void aSynThatIsIgnoredAsAnotherConnectionIsIsNoConnectionLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(1001));
        for (int i = 0; i < 5; i++) {
            capture.after(0.2 * (i + 1)).client("PA", ASKED, ANSWERED, GET);
        }
        capture.from(1002).client("S", 0, 0, "").after(1).client("S", 0, 0, "");
        capture.after(1).client("S", 0, 0, "").after(1);
        capture.from(1001).client("PA", ASKED, ANSWERED, GET);

        assertThat(cause(last(capture))).contains(Cause.MIDDLEBOX);
    }

    /// One client vanished; that the server ignores a SYN of another has another reason.
    @Test
    void aClientThatVanishedSaysNothingOfASynThatIsIgnored() throws Exception {
        TestCapture capture = new TestCapture(8000);
        answered(capture.from(1001));
        answered(capture.from(1003));
        for (int i = 0; i < 4; i++) {
            capture.after(0.2 * (i + 1)).from(1001).server("PA", ANSWERED, ASKED, "event");
        }
        capture.from(1002).client("S", 0, 0, "").after(1).client("S", 0, 0, "");
        capture.after(1).client("S", 0, 0, "").after(1);

        assertThat(cause(last(capture))).contains(Cause.CONNECTION_LIMIT);
    }

    /// A box before the server lets three connections be open; it resets both sides, of which the
    /// capture shows one.
    @ParameterizedTest(name = "in the client''s name: {0}")
    @ValueSource(booleans = {false, true})
    void resetOnTheWayRightAfterTheHandshakeBesideOthersIsAConnectionLimit(boolean ofClient)
            throws Exception {
        CaptureReport report = read(limitedToThree(new TestCapture(8000), ofClient));

        assertCause(report, Cause.CONNECTION_LIMIT);
        assertThat(report.connections().getFirst().diagnosis().orElseThrow().sender())
                .isEqualTo(Sender.MIDDLEBOX);
    }

    private static TestCapture limitedToThree(TestCapture capture, boolean ofClient) {
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.after(3).from(port));
        }
        for (int port = 1004; port <= 1006; port++) {
            capture.after(3).from(port).handshake();
            if (ofClient) {
                capture.forgedOfClient("R", 1, 0, 60);
            } else {
                capture.forged("R", 1, 0, 64);
            }
        }
        for (int port = 1001; port <= 1003; port++) {
            capture.after(1).from(port).client("FA", ASKED, ANSWERED, "");
            capture.server("FA", ANSWERED, ASKED + 1, "");
            closedWell(capture.after(3).from(port + 1000));
        }
        return capture;
    }

    /// ZooKeeper's maxClientCnxns: the two of its client stay open, and another client is served
    /// beside them.
    @Test
    void turnedAwayWhileItsClientHasAsManyOpenAsEverIsAConnectionLimit() throws Exception {
        TestCapture capture = beginsTwoAndIsTurnedAway(new TestCapture(2181));
        asked(capture.after(4).fromAnotherHost().from(1004)).server("PA", 1, 6, "hello");

        assertThat(cause(last(capture))).contains(Cause.CONNECTION_LIMIT);
    }

    /// One that stays open is no limit of its client, which is served beside it now and then.
    @Test
    void turnedAwayBesideOneOfItsClientIsARateLimit() throws Exception {
        TestCapture capture = asked(new TestCapture(2181).from(1001)).server("PA", 1, 6, "hello");
        for (int port = 1002; port <= 1003; port++) {
            asked(capture.after(0.1).from(port)).server("PA", 1, 6, "hello");
            capture.client("FA", 6, 6, "").server("FA", 6, 7, "").client("A", 7, 7, "");
        }
        asked(capture.after(0.1).from(1004)).server("RA", 1, 6, "");
        capture.fromAnotherHost();
        asked(capture.after(1).from(1005)).server("PA", 1, 6, "hello");
        asked(capture.after(4).from(1006)).server("PA", 1, 6, "hello");

        assertThat(cause(last(capture))).contains(Cause.RATE_LIMIT);
    }

    /// Later the same client is served beside more: two are no limit.
    @Test
    void turnedAwayByWhoServesItsClientBesideMoreIsARateLimit() throws Exception {
        TestCapture capture = beginsTwoAndIsTurnedAway(new TestCapture(2181));
        for (int port = 1004; port <= 1008; port++) {
            asked(capture.after(1).from(port)).server("PA", 1, 6, "hello");
        }

        assertThat(cause(last(capture))).contains(Cause.RATE_LIMIT);
    }

    /// Who is open besides, of other clients, has nothing to do with it.
    @Test
    void aRateBesideThePoolsOfOthersIsARateLimit() throws Exception {
        TestCapture capture = new TestCapture(2181);
        for (int port = 501; port <= 503; port++) {
            answered(capture.after(1).from(port));
        }
        capture.fromAnotherHost();
        double[] pauses = {8, 2.1, 2.1, 12, 0.1, 0.1};
        for (int i = 0; i < pauses.length; i++) {
            closedWell(capture.after(pauses[i]).from(1000 + i));
        }
        capture.after(0.1)
                .from(2000)
                .handshake()
                .client("PA", 1, 1, GET)
                .after(0.02)
                .server("RA", 1, ASKED, "");

        assertThat(cause(last(capture))).contains(Cause.RATE_LIMIT);
    }

    private static TestCapture beginsTwoAndIsTurnedAway(TestCapture capture) {
        asked(capture.from(1001)).server("PA", 1, 6, "hello");
        asked(capture.after(0.1).from(1002)).server("PA", 1, 6, "hello");
        return asked(capture.after(0.1).from(1003)).server("RA", 1, 6, "");
    }

    /// A limit, or a rule that an administrator adds while three sessions are open: nobody is let
    /// in any more.
    @Test
    void resetOnTheWayEverAfterMayBeALimitOrARule() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.after(3).from(port));
        }
        for (int port = 1004; port <= 1009; port++) {
            capture.after(3).from(port).handshake().forged("R", 1, 0, 64);
        }

        assertThat(last(capture).causes().subList(0, 2))
                .extracting(Diagnosis.RankedCause::cause)
                .containsExactly(Cause.CONNECTION_LIMIT, Cause.MIDDLEBOX);
        assertThat(last(capture).causes().getFirst().probability()).isLessThan(0.7);
    }

    /// Clients that only look whether somebody listens reset as well, and were not turned away.
    @Test
    void healthChecksAreNotTurnedAway() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 3001; port <= 3009; port++) {
            capture.after(1).from(port).handshake().client("RA", 1, 1, "");
        }

        assertCause(read(limitedToThree(capture, true)), Cause.CONNECTION_LIMIT);
    }

    /// One SYN-ACK was not captured: the connection began all the same.
    @Test
    void closedAtOnceWhereASynAckWasNotCapturedIsAConnectionLimit() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            answered(capture.after(0.25).from(port));
        }
        capture.after(0.25).from(1004).client("S", 0, 0, "").after(0.02).client("A", 1, 1, "");
        capture.after(0.02).server("FA", 1, 1, "").after(0.01).client("PA", 1, 2, GET);
        capture.after(0.02).serverPassive("R", 2, 0);

        assertThat(cause(last(capture))).contains(Cause.CONNECTION_LIMIT);
    }

    /// The clients are half a second away from where it is captured, at the server: its SYN-ACK
    /// goes out at once, and the handshake is over half a second later. At most two may be open.
    @Test
    void aSynOfAFarClientArrivesWhenItIsSeen() throws Exception {
        TestCapture capture = new TestCapture(7000);
        for (int i = 0; i < 8; i++) {
            int first = 1001 + 4 * i;
            for (int port = first; port < first + 4; port++) {
                capture.after(0.05).from(port).client("S", 0, 0, "");
                if (port < first + 2) {
                    capture.server("SA", 0, 1, "");
                } else {
                    capture.serverPassive("RA", 0, 1);
                }
            }
            capture.after(0.35);
            for (int port = first; port < first + 2; port++) {
                capture.after(0.05).from(port).client("A", 1, 1, "").client("PA", 1, 1, "hello");
                capture.server("PA", 1, 6, "hello");
            }
            capture.after(0.1 + 0.13 * i);
            for (int port = first; port < first + 2; port++) {
                capture.from(port).client("FA", 6, 6, "").server("FA", 6, 7, "");
                capture.client("A", 7, 7, "");
            }
        }

        assertLimit(capture, 16, "a limit of 2 open connections");
    }

    /// A box counts six SYNs in two seconds; the first wait for an address behind it, for a second.
    @Test
    void aSynCountsWhereItIsCounted() throws Exception {
        TestCapture capture = new TestCapture(8000);
        Random random = new Random(4);
        Deque<Double> letIn = new ArrayDeque<>();
        double now = 0;
        for (int port = 1001; port <= 1005; port++, now += 0.02) {
            capture.after(0.02).from(port).client("S", 0, 0, "");
            letIn.add(now);
        }
        capture.after(1.2);
        now += 1.2;
        for (int port = 1001; port <= 1005; port++) {
            capture.from(port).server("SA", 0, 1, "").client("A", 1, 1, "");
            capture.client("PA", 1, 1, "hello").server("PA", 1, 6, "hello");
        }
        int refused = 0;
        for (int port = 1006; port <= 1030; port++) {
            double pause = 0.05 + 0.1 * random.nextDouble();
            capture.after(pause).from(port);
            now += pause;
            while (!letIn.isEmpty() && letIn.getFirst() <= now - 2) {
                letIn.removeFirst();
            }
            if (letIn.size() < 6) {
                letIn.add(now);
                asked(capture).server("PA", 1, 6, "hello").after(-0.0203);
            } else {
                refused++;
                capture.client("S", 0, 0, "").forged("RA", 0, 1, 64);
            }
        }

        assertThat(read(capture).connections())
                .hasSize(refused)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow()))
                                .contains(Cause.RATE_LIMIT));
    }

    /// The limit tells who is let in; that one which had been was cut later, it does not.
    @Test
    void whoWasLetInAndIsCutMetNoLimit() throws Exception {
        TestCapture capture = limitedToThree(new TestCapture(8000), false);
        answered(capture.from(3000)).after(0.3).forged("R", ANSWERED, 0, 64);

        assertThat(cause(last(capture))).contains(Cause.MIDDLEBOX);
    }

    /// They came in one burst, and none of those that were let in was harmed.
    @Test
    void whoIsTurnedAwayTogetherWasNotRestarted() throws Exception {
        TestCapture capture = new TestCapture(1884);
        asked(capture.from(1001)).server("PA", 1, 6, "welcome");
        asked(capture.after(0.3).from(1002)).server("PA", 1, 6, "welcome");
        capture.after(0.3);
        for (int port = 1003; port <= 1006; port++) {
            asked(capture.from(port));
        }
        for (int port = 1003; port <= 1006; port++) {
            capture.from(port).server("RA", 1, 6, "");
        }
        for (int port = 1001; port <= 1002; port++) {
            capture.after(0.5).from(port).client("PA", 6, 8, "more").server("PA", 8, 10, "more");
        }

        assertThat(read(capture).connections())
                .hasSize(4)
                .allSatisfy(connection -> {
                    Diagnosis diagnosis = connection.diagnosis().orElseThrow();
                    assertThat(cause(diagnosis)).contains(Cause.CONNECTION_LIMIT);
                    assertThat(diagnosis.evidence())
                            .noneSatisfy(each -> assertThat(each.fact()).contains("together with"));
                });
    }

    /// What is behind the server is there for whoever goes on; of those that are only silent, it
    /// does not tell.
    @ParameterizedTest(name = "those that stay open say more: {0}")
    @CsvSource({"true, CONNECTION_LIMIT", "false, SERVER_RESTART"})
    void turnedAwayForAWhileBesideThoseThatStayOpen(boolean goOn, Cause expected) throws Exception {
        TestCapture capture = new TestCapture(7000);
        for (int port = 1001; port <= 1003; port++) {
            said(capture.after(0.3).from(port), port).server("PA", 1, port - 999, "welcome");
        }
        for (int port = 1011; port <= 1018; port++) {
            said(capture.after(0.3).from(port), port).server("RA", 1, port - 999, "");
        }
        for (int port = 1021; port <= 1028; port++) {
            said(capture.after(0.3).from(port), port).server("PA", 1, port - 999, "welcome");
        }
        for (int port = 1001; goOn && port <= 1003; port++) {
            capture.after(0.3).from(port).server("PA", 8, port - 999, "news");
        }

        assertThat(read(capture).connections())
                .hasSize(8)
                .allSatisfy(connection ->
                        assertThat(cause(connection.diagnosis().orElseThrow())).contains(expected));
    }

    /// A handshake, and words of the client that no other says as long.
    private static TestCapture said(TestCapture capture, int port) {
        return capture.handshake().client("PA", 1, 1, "x".repeat(port - 1000));
    }

    /// Where somebody's address is asked for first, SYNs come to the server half a second after
    /// they were sent, when others have closed.
    @Test
    void aSynCountsFromWhenItArrived() throws Exception {
        TestCapture capture = new TestCapture(7000);
        asked(capture.from(1001)).server("PA", 1, 6, "hello");
        asked(capture.from(1002)).server("PA", 1, 6, "hello");
        for (int first = 1003; first <= 1011; first += 4) {
            capture.after(1);
            for (int port = first; port < first + 4; port++) {
                capture.from(port).client("S", 0, 0, "");
            }
            capture.after(0.2);
            for (int port = first == 1003 ? 1001 : first - 4, i = 0; i < 2; i++) {
                capture.from(port + i).client("FA", 6, 6, "").server("FA", 6, 7, "");
                capture.client("A", 7, 7, "");
            }
            for (int port = first; port < first + 4; port++) {
                capture.after(port == first ? 0.5 : 0.01).from(port).server("SA", 0, 1, "");
                capture.client("A", 1, 1, "").client("PA", 1, 1, "hello");
                if (port < first + 2) {
                    capture.server("PA", 1, 6, "hello");
                } else {
                    capture.server("RA", 1, 6, "");
                }
            }
        }

        assertLimit(capture, 6, "a limit of 2 open connections");
    }

    private static TestCapture asked(TestCapture capture) {
        return capture.handshake().client("PA", 1, 1, "hello");
    }

    /// So many connections are reported, each with a limit as evidence.
    private static void assertLimit(TestCapture capture, int connections, String limit)
            throws Exception {
        assertThat(read(capture).connections())
                .hasSize(connections)
                .allSatisfy(connection ->
                        assertThat(connection.diagnosis().orElseThrow().evidence())
                                .anySatisfy(each -> assertThat(each.fact()).contains(limit)));
    }
}
