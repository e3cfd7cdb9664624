package dev.unreset.capture;

import static dev.unreset.capture.Conversations.ANSWERED;
import static dev.unreset.capture.Conversations.ASKED;
import static dev.unreset.capture.Conversations.GET;
import static dev.unreset.capture.Conversations.OK;
import static dev.unreset.capture.Conversations.closedWell;
import static dev.unreset.capture.Reports.assertCause;
import static dev.unreset.capture.Reports.assertCauses;
import static dev.unreset.capture.Reports.cause;
import static dev.unreset.capture.Reports.last;
import static dev.unreset.capture.Reports.read;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Sender;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What a server took amiss, and what it did not.
class ViolationsTest {

    @Test
    void aResetUponUnusualDataInAConversationIsAProtocolViolation() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(9000)
                                .handshake()
                                .client("PA", 1, 1, "hello")
                                .after(0.01)
                                .server("PA", 1, 6, "hello")
                                .after(0.1)
                                .client("PA", 6, 6, "nonsense")
                                .after(0.01)
                                .server("RA", 6, 14, ""));

        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
    }

    @Test
    void aResetUponOneMoreOfManyEqualRequestsIsARateLimit() throws Exception {
        TestCapture capture = new TestCapture(9000).handshake();
        int at = 1;
        for (int i = 0; i < 5; i++, at += 5) {
            capture.client("PA", at, at, "hello").after(0.02).server("PA", at, at + 5, "hello");
        }

        Diagnosis diagnosis =
                last(
                        capture.client("PA", at, at, "hello")
                                .after(0.01)
                                .server("RA", at, at + 5, ""));

        assertThat(cause(diagnosis)).contains(Cause.RATE_LIMIT);
    }

    @Test
    void whatTheClientSentAfterTheEndBrokeNothing() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(1883)
                                .handshake()
                                .server("FA", 1, 1, "")
                                .after(0.1)
                                .client("PA", 1, 2, "no CONNECT")
                                .after(0.01)
                                .serverPassive("R", 2, 0));

        assertThat(cause(diagnosis)).contains(Cause.CONNECTION_LIMIT);
    }

    @Test
    void httpToAServerThatGreetsAsSshIsAProtocolViolation() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(2222)
                                .handshake()
                                .server("PA", 1, 1, "SSH-2.0-OpenSSH_9.2\r\n")
                                .after(0.5)
                                .client("PA", 1, 22, GET)
                                .after(0.3)
                                .server("RA", 22, ASKED, ""));

        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
        assertThat(diagnosis.evidence())
                .anySatisfy(evidence ->
                        assertThat(evidence.fact()).contains("greets as SSH", "speaks HTTP"));
    }

    /// Other protocols than its own on a well-known port: the server understood it.
    @Test
    void whatTheServerAnsweredBrokeNothing() throws Exception {
        Diagnosis diagnosis =
                last(
                        new TestCapture(3306)
                                .handshake()
                                .client("PA", 1, 1, "PING 123")
                                .after(0.01)
                                .server("PA", 1, 9, "PONG")
                                .client("A", 9, 5, "")
                                .after(5.01)
                                .server("RA", 5, 9, ""));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
        assertThat(diagnosis.evidence())
                .noneSatisfy(evidence ->
                        assertThat(evidence.decibans()).containsKey(Cause.PROTOCOL_VIOLATION));
    }

    /// A protocol of its own, in a word that HTTP has too: who does not understand does not send so
    /// much.
    @Test
    void whatIsAnsweredAtLengthBrokeNothing() throws Exception {
        TestCapture capture =
                new TestCapture(9500)
                        .handshake()
                        .client("PA", 1, 1, "GET 5000000\n")
                        .after(0.01)
                        .server("PA", 1, 13, "SIZE 5000000\n");
        int at = 14;
        for (int i = 0; i < 12; i++, at += 1000) {
            capture.server("A", at, 13, "x".repeat(1000)).client("A", 13, at + 1000, "");
        }

        Diagnosis diagnosis = last(capture.after(0.15).server("RA", at, 13, ""));

        assertThat(diagnosis.evidence())
                .noneSatisfy(
                        evidence -> assertThat(evidence.fact()).contains("no HTTP request line"));
    }

    /// A protocol of its own, in words that HTTP has too: nine are answered, the tenth is one too
    /// many.
    @Test
    void whatIsAnsweredAgainAndAgainBrokeNothing() throws Exception {
        TestCapture capture = new TestCapture(7071).handshake();
        int asked = 1;
        int said = 1;
        for (int i = 0; i < 9; i++, asked += 7, said += 3) {
            capture.after(0.02).client("PA", asked, said, "GET k" + i + "\n");
            capture.after(0.01).server("PA", said, asked + 7, "v" + i + "\n");
        }
        String error = "-ERR rate limit exceeded\n";
        capture.after(0.02).client("PA", asked, said, "GET k9\n").after(0.01);
        capture.server("PA", said, asked + 7, error)
                .server("RA", said + error.length(), asked + 7, "");

        Diagnosis diagnosis = last(capture);

        assertThat(cause(diagnosis)).contains(Cause.RATE_LIMIT);
        assertThat(diagnosis.evidence())
                .noneSatisfy(evidence -> assertThat(evidence.fact()).contains("HTTP"));
    }

    /// A folded field (RFC 9112, 5.2) that the server took; a good request was never answered.
    @Test
    void whatWasAnsweredAMinuteAgoBrokeNothing() throws Exception {
        String folded = "GET / HTTP/1.1\r\nX-A: b\r\n c\r\n\r\n";
        int asked = 1 + folded.length();
        Diagnosis diagnosis =
                last(
                        new TestCapture(8081)
                                .handshake()
                                .client("PA", 1, 1, folded)
                                .after(0.01)
                                .server("PA", 1, asked, OK)
                                .after(5)
                                .client("PA", asked, ANSWERED, GET)
                                .after(60)
                                .server("RA", ANSWERED, asked + GET.length(), ""));

        assertThat(diagnosis.evidence())
                .noneSatisfy(evidence -> assertThat(evidence.fact()).contains("header field"));
    }

    /// The client acknowledged the end of what it was told to be the last answer.
    @Test
    void aRequestAfterTheLastAnswer() throws Exception {
        String answer = "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
        int end = 1 + answer.length();
        TestCapture capture = new TestCapture(8000).handshake();
        capture.client("PA", 1, 1, GET).after(0.01).server("PA", 1, ASKED, answer);
        capture.server("FA", end, ASKED, "").client("A", ASKED, end + 1, "");
        capture.after(0.1).client("PA", ASKED, end + 1, GET).after(0.01);

        assertThat(cause(last(capture.serverPassive("R", end + 1, 0))))
                .contains(Cause.PROTOCOL_VIOLATION);
    }

    /// A server that wants a line of the PROXY protocol before each request.
    @Test
    void aClientThatDoesNotComeThroughTheProxy() throws Exception {
        String proxied = "PROXY TCP4 10.0.0.9 192.0.2.1 40000 80\r\n";
        int said = 1 + proxied.length();
        int asked = said + GET.length();
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1006; port++) {
            capture.after(0.1).from(port).handshake();
            if (port % 2 == 1) {
                capture.client("PA", 1, 1, proxied).client("PA", said, 1, GET).after(0.01);
                capture.server("PA", 1, asked, OK).client("FA", asked, ANSWERED, "").after(0.01);
                capture.server("FA", ANSWERED, asked + 1, "");
                capture.client("A", asked + 1, ANSWERED + 1, "");
            } else {
                capture.client("PA", 1, 1, GET).after(0.01).server("RA", 1, ASKED, "");
            }
        }

        assertCause(read(capture), Cause.PROTOCOL_VIOLATION);
    }

    /// The hello and the banner cross; the client resets upon what it does not understand.
    @Test
    void tlsToAServerWhoseBannerCrossesTheHello() throws Exception {
        String banner = "SSH-2.0-OpenSSH_9.2\r\n";
        Diagnosis diagnosis =
                last(
                        new TestCapture(2222)
                                .handshake()
                                .client("PA", 1, 1, "\u0016\3\1\0\2ab")
                                .after(0.005)
                                .server("PA", 1, 8, banner)
                                .client("RA", 8, 1 + banner.length(), ""));

        assertThat(diagnosis.sender()).isEqualTo(Sender.CLIENT);
        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
    }

    /// The server answers while the client is sending; the client does not go on.
    @Test
    void aClientThatResetsUponAnEarlyRefusal() throws Exception {
        String head = "POST / HTTP/1.1\r\nContent-Length: 3000\r\n\r\n";
        String answer = "HTTP/1.1 413 Request Entity Too Large\r\nContent-Length: 0\r\n\r\n";
        int sent = 1 + head.length();
        int end = 1 + answer.length();
        Diagnosis diagnosis =
                last(
                        new TestCapture(8000)
                                .handshake()
                                .client("PA", 1, 1, head)
                                .client("A", sent, 1, "x".repeat(1000))
                                .after(0.01)
                                .server("PA", 1, sent + 1000, answer)
                                .client("A", sent + 1000, end, "x".repeat(1000))
                                .client("PA", sent + 2000, end, "x".repeat(1000))
                                .after(0.01)
                                .client("RA", sent + 3000, end, ""));

        assertThat(diagnosis.sender()).isEqualTo(Sender.CLIENT);
        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
    }

    /// A port that is usually one for TLS, and is none here.
    @Test
    void whatTheServerAgreesToIsNoViolation() throws Exception {
        String get = "GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
        int asked = 1 + get.length();
        String upgrade = "HTTP/1.1 101 Switching Protocols\r\n\r\n";
        String close = "\u0088\26\3\u00f0rate limit exceeded.";
        int switched = 1 + upgrade.length();
        int end = switched + close.length();

        Diagnosis diagnosis =
                last(
                        new TestCapture(8443)
                                .handshake()
                                .client("PA", 1, 1, get)
                                .after(0.02)
                                .server("PA", 1, asked, upgrade)
                                .after(0.3)
                                .client("PA", asked, switched, "\u0081\u0084abcdefgh")
                                .after(0.02)
                                .server("PA", switched, asked + 10, close)
                                .server("FA", end, asked + 10, "")
                                .after(0.02)
                                .client("PA", asked + 10, end + 1, "\u0081\u0084abcdefgh")
                                .after(0.02)
                                .serverPassive("R", end + 1, 0));

        assertThat(cause(diagnosis)).as("%s", diagnosis.evidence()).contains(Cause.RATE_LIMIT);
    }

    /// memcached, Varnish, slapd: what is too large is not read to its end.
    @Test
    void whatIsSentAsAWholeAndResetEachTimeIsTooLarge() throws Exception {
        TestCapture capture = new TestCapture(9000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(1).from(port).handshake();
            for (int i = 0; i < 12; i++) {
                capture.client("PA", 1 + i * 1000, 1, "x".repeat(1000));
            }
            capture.after(0.01).server("RA", 1, 4001, "");
        }

        assertCause(read(capture), Cause.PROTOCOL_VIOLATION);
    }

    /// What was said before it, of other requests or to greet, is no part of it.
    @Test
    void whatIsTooLargeAfterOtherRequestsIsTooLarge() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.7).from(port).handshake();
            int asked = 1;
            int answered = 1;
            for (int i = 0; i < 3; i++, asked += GET.length(), answered += OK.length()) {
                capture.after(0.05).client("PA", asked, answered, GET).after(0.01);
                capture.server("PA", answered, asked + GET.length(), OK);
            }
            String put = "PUT /x HTTP/1.1\r\nHost: a\r\nContent-Length: 90000\r\n\r\n";
            capture.after(0.05).client("PA", asked, answered, put);
            asked += put.length();
            for (int i = 0; i < 20; i++) {
                capture.after(0.0007 * (port - 1000));
                capture.client("PA", asked + i * 1000, answered, "x".repeat(1000));
            }
            capture.after(0.001).server("RA", answered, asked + 15_000, "");
        }

        assertCause(read(capture), Cause.PROTOCOL_VIOLATION);
    }

    /// Varnish with `http_req_size`: heads are too long, and all alike.
    @Test
    void headsThatAreTooLongAreNoTransferLimit() throws Exception {
        String head = "GET / HTTP/1.1\r\n" + "X: y\r\n".repeat(2000) + "\r\n";
        TestCapture capture = new TestCapture(80);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.4).from(port).handshake();
            for (int at = 0; at < head.length(); at += 1400) {
                int to = Math.min(head.length(), at + 1400);
                capture.client("A", 1 + at, 1, head.substring(at, to));
            }
            capture.after(0.01).server("RA", 1, 1 + head.length(), "");
        }

        assertCause(read(capture), Cause.PROTOCOL_VIOLATION);
    }

    /// MQTT 5.0, 3.1.
    @Test
    void aSecondConnectIsAProtocolViolation() throws Exception {
        String connect = "\u0010\u000c\u0000\u0004MQTT\u0005\u0002\u0000<\u0000\u0000";
        int once = 1 + connect.length();
        Diagnosis diagnosis =
                last(
                        new TestCapture(1883)
                                .handshake()
                                .client("PA", 1, 1, connect)
                                .after(0.01)
                                .server("PA", 1, once, " \u0003\u0000\u0000\u0000")
                                .after(0.2)
                                .client("PA", once, 6, connect)
                                .after(0.01)
                                .server("RA", 6, once + connect.length(), ""));

        assertThat(diagnosis.evidence())
                .anySatisfy(each -> assertThat(each.fact()).contains("a second CONNECT"));
        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
    }

    /// What the client sends after the answer belongs to the same request; the head of that was cut
    /// off before the length, and the answer is far before the end.
    @Test
    void whoGoesOnWithARequestThatWasAnsweredByAnErrorHasBrokenTheRules() throws Exception {
        TestCapture capture = new TestCapture(8000).from(1001).handshake();
        String answer = "HTTP/1.1 413 \r\nContent-Length: 0\r\n\r\n";
        int said = 1 + answer.length();
        capture.client("PA", 1, 1, "POST / HTTP/1.1\r\nHost: a\r\nUser-Agent: ");
        int sent = 1 + "POST / HTTP/1.1\r\nHost: a\r\nUser-Agent: ".length();
        for (int i = 0; i < 200; i++) {
            capture.client("A", sent, i < 50 ? 1 : said, "x".repeat(1000));
            if (i == 50) {
                capture.server("PA", 1, sent, answer);
            }
            sent += 1000;
        }
        capture.server("FA", said, sent, "").client("A", sent, said + 1, "x".repeat(1000));

        Diagnosis diagnosis = last(capture.after(0.01).serverPassive("R", said + 1, 0));

        assertThat(cause(diagnosis)).contains(Cause.PROTOCOL_VIOLATION);
        assertThat(diagnosis.evidence())
                .anySatisfy(each -> assertThat(each.fact()).contains("answered 413"));
    }

    @Test
    void aShortRequestOnAConnectionThatTlsHasClosedIsUnwelcome() throws Exception {
        String request = "\u0017\u0003\u0003\u0000,".concat("x".repeat(44));
        String farewell = "\u0017\u0003\u0003\u0000\u0013".concat("x".repeat(19));

        Diagnosis diagnosis =
                last(
                        new TestCapture()
                                .handshake()
                                .client("PA", 1, 1, request)
                                .after(0.01)
                                .server("PA", 1, 50, request)
                                .client("A", 50, 50, "")
                                .after(5.01)
                                .server("PA", 50, 50, farewell)
                                .server("FA", 74, 50, "")
                                .after(1)
                                .client("PA", 50, 75, request)
                                .after(0.01)
                                .serverPassive("R", 75, 0));

        assertThat(cause(diagnosis)).contains(Cause.IDLE_TIMEOUT);
    }

    /// stunnel: the server ends what is not TLS without a word.
    @Test
    void aClientThatDoesNotSpeakAsOthersDo() throws Exception {
        String record = "\u0016\3\3\0\2ab";
        TestCapture capture = new TestCapture(6380);
        for (int port = 1001; port <= 1012; port += 2) {
            capture.after(0.3).from(port).handshake().client("PA", 1, 1, record);
            capture.after(0.01).server("PA", 1, 8, record).client("A", 8, 8, "");
            if (port % 4 == 1) {
                capture.from(port + 1).handshake().client("PA", 1, 1, "*1\r\n$4\r\nPING\r\n");
                capture.after(0.02).server("RA", 1, 15, "");
            }
            capture.from(port).client("FA", 8, 8, "").after(0.01);
            capture.server("FA", 8, 9, "").client("A", 9, 9, "");
        }

        assertCause(read(capture), Cause.PROTOCOL_VIOLATION);
    }

    /// A health check by HTTP at a port of LDAP: its address is always turned away, and is not why.
    @Test
    void aClientOfHttpWhereOthersSpeakLdap() throws Exception {
        TestCapture capture = new TestCapture(389);
        for (int port = 1001; port <= 1006; port++) {
            capture.after(0.3).from(port).handshake();
            if (port % 2 == 1) {
                capture.client("PA", 1, 1, "0\f\2\1\1`").after(0.01);
                capture.server("PA", 1, 7, "0\f\2\1\1a").client("FA", 7, 7, "");
                capture.after(0.01).server("FA", 7, 8, "").client("A", 8, 8, "");
            } else {
                capture.client("PA", 1, 1, GET).after(0.02);
                capture.server("FA", 1, ASKED, "").server("RA", 2, ASKED, "");
            }
        }

        assertCause(read(capture), Cause.PROTOCOL_VIOLATION);
    }

    /// Gateways end the connection with which too much was asked; what else they say differs.
    @Test
    void requestsForTheSameAreAlike() throws Exception {
        TestCapture capture = new TestCapture(8000).handshake();
        int asked = 1;
        int at = 1;
        for (int i = 0; i < 5; i++) {
            String get = "GET /ticker HTTP/1.1\r\nX: " + "x".repeat(i * i) + "\r\n\r\n";
            capture.after(0.02).client("PA", asked, at, get).after(0.01);
            asked += get.length();
            if (i < 4) {
                capture.server("PA", at, asked, OK);
                at += OK.length();
            }
        }

        assertThat(cause(last(capture.server("RA", at, asked, "")))).contains(Cause.RATE_LIMIT);
    }

    /// nginx with `limit_req` and `return 444`.
    @Test
    void whatOthersWereGivenIsNoViolation() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1006; port++) {
            String get = "GET /api HTTP/1.1\r\nX: " + "x".repeat((port * port) % 83) + "\r\n\r\n";
            int asked = 1 + get.length();
            capture.after(0.1).from(port).handshake().client("PA", 1, 1, get).after(0.01);
            if (port < 1005) {
                capture.server("PA", 1, asked, OK).client("FA", asked, ANSWERED, "");
                capture.server("FA", ANSWERED, asked + 1, "");
                capture.client("A", asked + 1, ANSWERED + 1, "");
            } else {
                capture.server("RA", 1, asked, "");
            }
        }

        assertThat(cause(last(capture))).contains(Cause.RATE_LIMIT);
    }

    /// A server that knows no such host turns away whoever names it.
    @Test
    void whatOthersWereGivenOfAnotherHostIsNotTheSame() throws Exception {
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1005; port++) {
            boolean known = port <= 1003;
            String host = known ? "www.example.org" : "192.0.2.9";
            String get = "GET / HTTP/1.1\r\nHost: " + host + "\r\n\r\n";
            int asked = 1 + get.length();
            capture.after(0.1).from(port).handshake().client("PA", 1, 1, get).after(0.01);
            if (known) {
                capture.server("PA", 1, asked, OK).client("FA", asked, ANSWERED, "");
                capture.server("FA", ANSWERED, asked + 1, "");
                capture.client("A", asked + 1, ANSWERED + 1, "");
            } else {
                capture.server("RA", 1, asked, "");
            }
        }

        assertThat(cause(last(capture))).isNotEqualTo(Optional.of(Cause.RATE_LIMIT));
    }

    /// HTTP/2 with prior knowledge, to a server with which all others speak HTTP/1.1.
    @Test
    void whoSpeaksHttp2ToAServerOfHttp1IsNotUnderstood() throws Exception {
        String preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
        TestCapture capture = new TestCapture(8000);
        for (int port = 1001; port <= 1003; port++) {
            closedWell(capture.after(0.1).from(port));
        }
        capture.after(0.1).from(1004).handshake().client("PA", 1, 1, preface).after(0.06);
        capture.server("FA", 1, 1 + preface.length(), "").after(0.2);
        capture.client("PA", 1 + preface.length(), 2, "more").serverPassive("R", 2, 0);

        assertThat(last(capture).evidence())
                .anyMatch(each ->
                        each.fact()
                                .equals("this client speaks HTTP/2, others with this server HTTP"));
        assertThat(cause(last(capture))).contains(Cause.PROTOCOL_VIOLATION);
    }

    /// A server that had closed before it heard a word did not mind what the client says then.
    @Test
    void whatTheServerNeverHeardIsNoReason() throws Exception {
        TestCapture capture = new TestCapture(4003);
        for (int port = 1001; port <= 1003; port++) {
            capture.after(0.1).from(port).handshake().client("PA", 1, 1, "hold me").after(0.01);
            capture.server("PA", 1, 8, "held").client("A", 8, 5, "");
        }
        capture.after(0.1).from(1004).handshake().server("FA", 1, 1, "").client("A", 1, 2, "");
        capture.after(0.1).client("PA", 1, 2, GET).after(0.02).serverPassive("R", 2, 0);

        assertThat(last(capture).evidence()).noneMatch(each -> each.fact().contains("speaks"));
        assertThat(cause(last(capture))).isNotEqualTo(Optional.of(Cause.PROTOCOL_VIOLATION));
    }

    /// A length in the other byte order: as long as the request before, which was answered, and not
    /// like it. One that is like it was not understood before, so that a limit is likelier.
    @ParameterizedTest
    @CsvSource({"false, PROTOCOL_VIOLATION", "true, RATE_LIMIT"})
    void aRequestThatIsAsLongAsOneThatWasAnswered(boolean alike, Cause expected) throws Exception {
        String request = "\u0000\u0000\u0000\u0005hello";
        String other = alike ? request : "\u0005\u0000\u0000\u0000hello";
        TestCapture capture = new TestCapture(7101).handshake().client("PA", 1, 1, request);
        capture.after(0.001).server("PA", 1, 10, request).client("A", 10, 10, "");
        capture.client("PA", 10, 10, other).after(0.001).server("RA", 10, 19, "");

        assertThat(cause(last(capture))).contains(expected);
    }

    /// Twelve at once speak HTTP/1.1 to a server of HTTP/2, which answers each and closes: it did
    /// not end, and others are served.
    @Test
    void aBurstOfRequestsThatTheServerDoesNotUnderstandIsNoRestart() throws Exception {
        String settings =
                "\u0000\u0000\u0006\u0004\u0000\u0000\u0000\u0000\u0000\u0000\u0003\u0000\u0000\u0000d";
        int said = 1 + settings.length();
        TestCapture capture = new TestCapture(8302);
        for (int port = 1001; port <= 1012; port++) {
            capture.from(port).client("S", 0, 0, "").server("SA", 0, 1, "");
        }
        for (int port = 1001; port <= 1012; port++) {
            capture.from(port).client("A", 1, 1, "");
            capture.client("PA", 1, 1, GET).server("PA", 1, ASKED, settings);
            capture.server("FA", said, ASKED, "").client("A", ASKED, said + 1, "");
        }
        closedWell(capture.after(0.1).from(2001));
        for (int port = 1001; port <= 1012; port++) {
            capture.from(port).client("PA", ASKED, said + 1, GET).serverPassive("R", said + 1, 0);
        }

        assertCauses(read(capture), 12, Cause.PROTOCOL_VIOLATION);
    }

    /// A store whose commands look like HTTP at first sight: it converses with others. An HTTP
    /// server does not do so in lines.
    @ParameterizedTest(name = "in lines: {0}")
    @ValueSource(booleans = {true, false})
    void commandsThatOthersUseToo(boolean inLines) throws Exception {
        String answer = inLines ? "VALUE x\r\n" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        int bytes = answer.length();
        TestCapture capture = new TestCapture(7203);
        capture.from(1001).handshake().client("PA", 1, 1, "GET k5112\n").after(0.01);
        capture.server("PA", 1, 11, answer).client("PA", 11, 1 + bytes, "GET k5113\n");
        capture.after(0.01).server("PA", 1 + bytes, 21, answer);
        capture.client("FA", 21, 1 + 2 * bytes, "").server("FA", 1 + 2 * bytes, 22, "");
        capture.client("A", 22, 2 + 2 * bytes, "").after(0.2);
        capture.from(1002).handshake().client("PA", 1, 1, "PUT k1 v1\n").after(0.01);

        assertThat(
                        last(capture.server("RA", 1, 11, "")).evidence().stream()
                                .anyMatch(each -> each.fact().contains("no HTTP request line")))
                .isNotEqualTo(inLines);
    }
}
