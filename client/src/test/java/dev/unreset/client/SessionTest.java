package dev.unreset.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.InstanceOfAssertFactories.type;

import dev.unreset.Attempt;
import dev.unreset.ConnectionFailure;
import dev.unreset.FailureKind;
import dev.unreset.Limit;
import dev.unreset.Phase;
import dev.unreset.lab.Content;
import dev.unreset.lab.Ending;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class SessionTest {

    private static final int MIB = 1 << 20;

    private static Session.Builder session() {
        return Session.builder().proxiesFrom(Map.of()).retry(quick());
    }

    private static RetryPolicy quick() {
        Duration wait = Duration.ofMillis(20);
        return new RetryPolicy(java.util.List.of(wait, wait, wait), Duration.ofSeconds(5));
    }

    @Test
    void aBodyArrivesWhole() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session().build();
                Response response = session.send(Request.get(lab.uri("/bytes/5000000")))) {
            assertThat(response.status()).isEqualTo(200);
            assertThat(sha256(response)).isEqualTo(Content.sha256(0, 5_000_000));
            assertThat(response.attempts()).hasSize(1);
        }
    }

    @Test
    void aBodyArrivesWholeOverTls() throws Exception {
        try (LabServer lab = LabServer.startTls(Rules.none());
                Session session = session().trust(lab.certificate()).build();
                Response response = session.send(Request.get(lab.uri("/bytes/5000000")))) {
            assertThat(sha256(response)).isEqualTo(Content.sha256(0, 5_000_000));
        }
    }

    @Test
    void aCertificateThatIsNotTrustedIsATlsFailure() throws Exception {
        try (LabServer lab = LabServer.startTls(Rules.none());
                Session session = session().build()) {
            assertThatThrownBy(() -> session.send(Request.get(lab.uri("/bytes/1"))))
                    .isInstanceOf(ConnectionFailure.TlsFailure.class)
                    .hasMessageContaining("phase tls");
        }
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void aBrokenBodyIsResumedUnseenByTheCaller(Ending ending) throws Exception {
        try (LabServer lab =
                        LabServer.start(Rules.builder().endAfterBytes(MIB).ending(ending).build());
                Session session = session().build();
                Response response = session.send(Request.get(lab.uri("/bytes/5000000")))) {
            assertThat(sha256(response)).isEqualTo(Content.sha256(0, 5_000_000));
            assertThat(response.attempts()).hasSize(5);
            assertThat(lab.requests().stream().skip(1))
                    .allMatch(request -> request.ifRange().equals("\"v0-5000000\""));
        }
    }

    @Test
    void aBrokenBodyIsNeverContinuedWithAnotherVersion() throws Exception {
        Rules rules = Rules.builder().endAfterBytes(MIB).changeAfterRequests(1, false).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session().build();
                Response response = session.send(Request.get(lab.uri("/bytes/5000000")))) {
            assertThatThrownBy(response::bytes).isInstanceOf(ConnectionFailure.Reset.class);
        }
    }

    @Test
    void aGzipBodyIsDecodedAcrossAReset() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endAfterBytes(MIB).build());
                Session session = session().build();
                Response response = session.send(Request.get(lab.uri("/gzip/3000000")))) {
            assertThat(sha256(response)).isEqualTo(Content.sha256(0, 3_000_000));
            assertThat(response.attempts()).hasSizeGreaterThan(1);
        }
    }

    @Test
    void aConnectionIsReused() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session().build()) {
            for (int i = 0; i < 10; i++) {
                assertThat(session.send(Request.get(lab.uri("/bytes/100"))).bytes()).hasSize(100);
            }

            assertThat(lab.requests()).allMatch(request -> request.connection() == 1);
        }
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void aPostThatTheServerReadIsNeverSentTwice(Ending ending) throws Exception {
        try (LabServer lab =
                        LabServer.start(Rules.builder().endOnEachRequest().ending(ending).build());
                Session session = session().build()) {
            assertThatThrownBy(() ->
                            session.send(Request.post(lab.uri("/echo"), RequestBody.of("once"))))
                    .isInstanceOf(ConnectionFailure.class)
                    .asInstanceOf(type(ConnectionFailure.class))
                    .satisfies(failure -> assertThat(failure.phase()).isEqualTo(Phase.AWAIT));

            assertThat(lab.requests()).hasSize(1);
        }
    }

    @Test
    void aPostWithAnIdempotencyKeyIsRepeated() throws Exception {
        Rules rules = Rules.builder().endOnRequest(1).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session().build();
                Response response =
                        session.send(
                                Request.post(lab.uri("/echo"), RequestBody.of("twice"))
                                        .header("Idempotency-Key", "k1"))) {
            assertThat(response.status()).isEqualTo(200);
            assertThat(response.attempts()).hasSize(2);
        }
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void aPostOnAConnectionThatTheServerClosedBeforeIsDoneOnce(Ending ending) throws Exception {
        Rules rules = Rules.builder().endWhenIdle(Duration.ofMillis(400)).ending(ending).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session().build()) {
            for (int i = 0; i < 5; i++) {
                Request post = Request.post(lab.uri("/echo"), RequestBody.of("n" + i));
                try (Response response = session.send(post)) {
                    assertThat(response.status()).isEqualTo(200);
                    // Read whole, the connection goes back to the pool, for the server to close.
                    assertThat(response.text()).isNotEmpty();
                }
                awaitConnectionsEnded(lab, i + 1);
            }

            assertThat(lab.requests()).hasSize(5).allMatch(request -> request.executed());
        }
    }

    @Test
    void aGetThatIsResetBeforeItsAnswerIsRepeated() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endOnRequest(1).build());
                Session session = session().build();
                Response response = session.send(Request.get(lab.uri("/bytes/10")))) {
            assertThat(response.bytes()).hasSize(10);
            assertThat(response.attempts().getFirst().outcome())
                    .asInstanceOf(type(Attempt.Outcome.Failed.class))
                    .satisfies(failed -> assertThat(failed.kind()).isEqualTo(FailureKind.RESET));
        }
    }

    @Test
    void aHeadThatIsCutIsRepeated() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endInHead().build());
                Session session = session().build();
                Response response = session.send(Request.get(lab.uri("/bytes/10")))) {
            assertThat(response.bytes()).hasSize(10);
        }
    }

    @Test
    void anEarly413ReachesTheCaller() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().early413().build());
                Session session = session().build()) {
            for (int i = 0; i < 25; i++) {
                byte[] upload = new byte[16 * MIB];
                try (Response response =
                        session.send(Request.post(lab.uri("/echo"), RequestBody.of(upload)))) {
                    assertThat(response.status()).isEqualTo(413);
                }
            }
        }
    }

    @Test
    void retryAfterIsObeyed() throws Exception {
        try (LabServer lab =
                        LabServer.start(Rules.builder().refuse(503, 1, OptionalInt.of(1)).build());
                Session session = session().build()) {
            long before = System.nanoTime();
            try (Response response = session.send(Request.get(lab.uri("/bytes/10")))) {
                assertThat(response.status()).isEqualTo(200);
            }
            assertThat(Duration.ofNanos(System.nanoTime() - before))
                    .isGreaterThanOrEqualTo(Duration.ofSeconds(1));
        }
    }

    @Test
    void aStreamThatCannotBeReplayedIsSentOnce() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endOnEachRequest().build());
                Session session = session().build()) {
            RequestBody body = RequestBody.once(new ByteArrayInputStream(new byte[100]));

            assertThatThrownBy(() -> session.send(Request.put(lab.uri("/echo"), body)))
                    .isInstanceOf(ConnectionFailure.class);
            assertThat(lab.requests()).hasSize(1);
        }
    }

    @Test
    void silenceIsAReadTimeout() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().silent().build());
                Session session =
                        session()
                                .readTimeout(Duration.ofMillis(200))
                                .retry(RetryPolicy.none())
                                .build()) {
            assertThatThrownBy(() -> session.send(Request.get(lab.uri("/bytes/1"))))
                    .isInstanceOf(ConnectionFailure.ReadTimeout.class);
        }
    }

    @Test
    void aClosedPortIsRefused() throws Exception {
        int port;
        try (LabServer lab = LabServer.start(Rules.none())) {
            port = lab.port();
        }
        try (Session session = session().build()) {
            assertThatThrownBy(() -> session.send(Request.get("http://127.0.0.1:" + port + "/")))
                    .isInstanceOf(ConnectionFailure.Refused.class)
                    .hasMessageContaining("nothing listens");
        }
    }

    @Test
    void aRedirectIsFollowed() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session().build();
                Response response = session.send(Request.get(lab.uri("/redirect/302/bytes/7")))) {
            assertThat(response.bytes()).hasSize(7);
            assertThat(response.uri().getPath()).isEqualTo("/bytes/7");
        }
    }

    @Test
    void anUploadThatExpectsContinueArrives() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session().build();
                Response response =
                        session.send(
                                Request.post(lab.uri("/echo"), RequestBody.of(new byte[3 * MIB]))
                                        .expectingContinue())) {
            assertThat(response.status()).isEqualTo(200);
            assertThat(lab.requests().getFirst().bodyBytes()).isEqualTo(3 * MIB);
        }
    }

    @Test
    void theFutureFaceGivesTheSameAnswer() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session().build();
                Response response = session.sendAsync(Request.get(lab.uri("/bytes/1000"))).get()) {
            assertThat(response.bytes()).hasSize(1000);
        }
    }

    @Test
    void anIdleLimitIsLearnedAndKeptTo() throws Exception {
        Rules rules = Rules.builder().endWhenIdle(Duration.ofMillis(600)).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session().build()) {
            for (int i = 0; i < 12; i++) {
                try (Response response = session.send(Request.get(lab.uri("/bytes/10")))) {
                    assertThat(response.bytes()).hasSize(10);
                }
                // The wait is the case: it lies idle until the server or, once it knows, the client
                // ends it.
                awaitConnectionsEnded(lab, i + 1);
            }
            assertThat(lab.connections().stream().filter(each -> each.cause().isPresent()))
                    .hasSizeBetween(1, 3);
            assertThat(session.profile(lab.origin()).limit(Limit.IDLE_SECONDS))
                    .hasValueSatisfying(limit -> assertThat(limit).isBetween(0.5, 0.9));
        }
    }

    @Test
    void aQuotaThatIsUsedUpIsWaitedFor() throws Exception {
        Rules rules = Rules.builder().maxRequestRate(5).rateLimitFields().build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session().build()) {
            for (int i = 0; i < 12; i++) {
                try (Response response = session.send(Request.get(lab.uri("/bytes/10")))) {
                    assertThat(response.bytes()).hasSize(10);
                    assertThat(response.attempts()).hasSize(1);
                }
            }
        }
    }

    private static void awaitConnectionsEnded(LabServer lab, int count) {
        long giveUp = System.nanoTime() + Duration.ofSeconds(5).toNanos();
        while (lab.connections().size() < count && System.nanoTime() < giveUp) {
            Thread.onSpinWait();
        }
        assertThat(lab.connections()).hasSizeGreaterThanOrEqualTo(count);
    }

    private static byte[] sha256(Response response) throws IOException {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            for (ByteBuffer bytes = response.body().next();
                    bytes != null;
                    bytes = response.body().next()) {
                digest.update(bytes);
            }
            return digest.digest();
        } catch (java.security.NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void aHeaderValueWithALineBreakIsRefused() {
        assertThatThrownBy(() -> Request.get("http://localhost/").header("X", "a\r\nEvil: 1"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("control character");
    }
}
