package dev.unreset.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.Cause;
import dev.unreset.Diagnosis;
import dev.unreset.Limit;
import dev.unreset.lab.ConnectionRecord;
import dev.unreset.lab.Content;
import dev.unreset.lab.Ending;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The rows of the issue that are about behaviour, and the rules of a resumed download.
class DownloadTest {

    private static final int MB = 1_000_000;

    @TempDir Path folder;

    private final List<String> notices = new CopyOnWriteArrayList<>();

    private static Session session() {
        return Session.builder().proxiesFrom(Map.of()).build();
    }

    private DownloadRequest download(LabServer lab, String path) {
        return DownloadRequest.into(folder, lab.uri(path))
                .withRetry(quick())
                .withListener(
                        new DownloadListener() {
                            @Override
                            public void progress(Progress progress) {}

                            @Override
                            public void notice(String line) {
                                notices.add(line);
                            }
                        });
    }

    private static RetryPolicy quick() {
        Duration wait = Duration.ofMillis(300);
        return new RetryPolicy(List.of(wait, wait, wait), Duration.ofSeconds(5));
    }

    private static long sent(LabServer lab) {
        return lab.connections().stream().mapToLong(ConnectionRecord::bodyBytes).sum();
    }

    private static void assertWhole(DownloadResult result, int version, long length)
            throws IOException {
        assertThat(result.failure()).isEmpty();
        assertThat(result.bytes()).isEqualTo(length);
        assertThat(result.file()).hasSize(length);
        assertThat(sha256(result.file())).isEqualTo(Content.sha256(version, length));
        assertThat(PartFile.partOf(result.file())).doesNotExist();
        assertThat(PartFile.journalOf(result.file())).doesNotExist();
    }

    private static byte[] sha256(Path file) throws IOException {
        MessageDigest digest = Checksum.digest("SHA-256");
        try (InputStream in = Files.newInputStream(file)) {
            byte[] block = new byte[1 << 16];
            for (int read = in.read(block); read >= 0; read = in.read(block)) {
                digest.update(block, 0, read);
            }
        }
        return digest.digest();
    }

    @Test
    void contentArrivesWholeOverOneConnection() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            DownloadResult result = session.download(download(lab, "/bytes/5000000").withDigest());

            assertWhole(result, 0, 5 * MB);
            assertThat(result.connections()).isEqualTo(1);
            assertThat(result.received()).isEqualTo(5 * MB);
            assertThat(result.diagnosis()).isEmpty();
            assertThat(result.sha256())
                    .hasValue(HexFormat.of().formatHex(Content.sha256(0, 5 * MB)));
            assertThat(result.attempts())
                    .singleElement()
                    .satisfies(attempt -> assertThat(attempt.end()).isEqualTo("complete"));
        }
    }

    @Test
    void largeContentComesOverFourConnections() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            DownloadResult result = session.download(download(lab, "/bytes/100000000"));

            assertWhole(result, 0, 100 * MB);
            assertThat(result.connections()).isEqualTo(4);
            assertThat(result.received()).isEqualTo(100 * MB);
            lab.close();
            assertThat(sent(lab)).isEqualTo(100 * MB);
        }
    }

    @Test
    void emptyContentIsAnEmptyFile() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            assertWhole(session.download(download(lab, "/bytes/0")), 0, 0);
        }
    }

    @ParameterizedTest
    @EnumSource(Ending.class)
    void eachConnectionEndsAfterTenMegabytes(Ending ending) throws Exception {
        Rules rules = Rules.builder().endAfterBytes(10 * MB).ending(ending).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session()) {
            DownloadResult result = session.download(download(lab, "/bytes/200000000"));

            assertWhole(result, 0, 200 * MB);
            assertThat(result.received()).isLessThanOrEqualTo(202 * MB);
            assertThat(result.connections()).isLessThanOrEqualTo(22);
            assertThat(lab.connections()).hasSizeLessThanOrEqualTo(22);
            assertThat(result.profile().limit(Limit.TRANSFER_BYTES))
                    .hasValueSatisfying(limit -> assertThat(limit).isBetween(9.9e6, 10.1e6));
            assertThat(cause(result)).isEqualTo(Cause.TRANSFER_LIMIT);
        }
    }

    @Test
    void aLimitThatIsKnownIsNeverMetAgain() throws Exception {
        Rules rules = Rules.builder().endAfterBytes(3 * MB).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session()) {
            assertWhole(session.download(download(lab, "/bytes/30000000")), 0, 30 * MB);

            DownloadResult second = session.download(download(lab, "/bytes/30000001"));

            assertWhole(second, 0, 30 * MB + 1);
            assertThat(second.diagnosis()).isEmpty();
        }
    }

    @Test
    void cutAndRateLimitedTogether() throws Exception {
        Rules rules = Rules.builder().endAfterBytes(3 * MB).maxRequestRate(2).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session()) {
            DownloadRequest request =
                    download(lab, "/bytes/100000000").withRetry(RetryPolicy.defaults());
            DownloadResult result = session.download(request);

            assertWhole(result, 0, 100 * MB);
            assertThat(result.took()).isLessThan(Duration.ofSeconds(25));
            assertThat(lab.connections()).hasSizeLessThanOrEqualTo(60);
        }
    }

    @Test
    void moreThanTwoConnectionsAreReset() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().maxConnections(2).build());
                Session session = session()) {
            DownloadResult result =
                    session.download(download(lab, "/bytes/100000000").withSegments(4));

            assertWhole(result, 0, 100 * MB);
            assertThat(result.received()).isLessThanOrEqualTo(110 * MB);
            lab.close();
            assertThat(sent(lab)).isLessThanOrEqualTo(110 * MB);
            assertThat(result.profile().limit(Limit.CONNECTIONS)).hasValue(3.0);
            assertThat(cause(result)).isEqualTo(Cause.CONNECTION_LIMIT);
        }
    }

    @Test
    void theServerRestartsAgainAndAgain() throws Exception {
        Rules rules =
                Rules.builder()
                        .restart(Duration.ofSeconds(1), Duration.ofMillis(300))
                        .bytesPerSecond(10 * MB)
                        .build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session()) {
            DownloadRequest request =
                    download(lab, "/bytes/30000000").withRetry(RetryPolicy.defaults());

            DownloadResult result = session.download(request);

            assertWhole(result, 0, 30 * MB);
            assertThat(result.attempts()).hasSizeGreaterThan(1);
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void contentThatChangesComesInOneVersion(boolean otherLength) throws Exception {
        Rules rules =
                Rules.builder().endAfterBytes(5 * MB).changeAfterRequests(4, otherLength).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session()) {
            DownloadResult result = session.download(download(lab, "/bytes/50000000"));

            assertThat(result.failure()).isEmpty();
            assertWhole(result, 1, Files.size(result.file()));
            assertThat(notices).anyMatch(line -> line.contains("starting over"));
        }
    }

    @Test
    void rangeIgnoredAndEachConnectionCutStopsAndSaysWhy() throws Exception {
        Rules rules = Rules.builder().endAfterBytes(10 * MB).ignoreRange().build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session()) {
            DownloadRequest request =
                    download(lab, "/bytes/100000000").withRetry(RetryPolicy.defaults());

            DownloadResult result = session.download(request);

            assertThat(result.failure())
                    .hasValueSatisfying(why -> assertThat(why).contains("ignores Range"));
            assertThat(result.took()).isLessThan(Duration.ofSeconds(10));
            assertThat(cause(result)).isEqualTo(Cause.TRANSFER_LIMIT);
            assertThat(result.file()).doesNotExist();
            assertThat(lab.connections()).hasSizeLessThanOrEqualTo(5);
        }
    }

    @Test
    void rangeIgnoredAndNoCut() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().ignoreRange().build());
                Session session = session()) {
            assertWhole(session.download(download(lab, "/bytes/80000000")), 0, 80 * MB);
        }
    }

    @Test
    void resetsByChance() throws Exception {
        Rules rules = Rules.builder().endProbability(0.2).seed(7).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session()) {
            DownloadResult result = session.download(download(lab, "/bytes/100000000"));

            assertWhole(result, 0, 100 * MB);
            assertThat(result.received()).isLessThanOrEqualTo(105 * MB);
            assertThat(result.attempts()).hasSizeGreaterThan(5);
        }
    }

    @ParameterizedTest
    @EnumSource(
            value = Rules.Validators.class,
            names = {"WEAK", "NONE"})
    void withoutAStrongValidatorContentIsComparedBeforeItIsContinued(Rules.Validators which)
            throws Exception {
        Rules rules = Rules.builder().validator(which).endAfterBytes(4 * MB).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session()) {
            assertWhole(session.download(download(lab, "/bytes/30000000")), 0, 30 * MB);
        }
    }

    @Test
    void contentThatChangesWithoutAValidatorIsNeverMixed() throws Exception {
        Rules rules =
                Rules.builder()
                        .validator(Rules.Validators.NONE)
                        .endAfterBytes(4 * MB)
                        .changeAfterRequests(3, false)
                        .build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session()) {
            assertWhole(session.download(download(lab, "/bytes/30000000")), 1, 30 * MB);
        }
    }

    @Test
    void aContentRangeThatIsWrongIsNeverJoined() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().wrongContentRange().build());
                Session session = session()) {
            assertWhole(session.download(download(lab, "/bytes/5000000")), 0, 5 * MB);
        }
    }

    @Test
    void aBodyShorterThanItsLengthIsContinued() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().shortBy(1000).build());
                Session session = session()) {
            DownloadResult result = session.download(download(lab, "/bytes/5000000"));

            assertThat(result.failure()).isPresent();
            assertThat(result.file()).doesNotExist();
            assertThat(PartFile.partOf(result.file())).hasSize(5 * MB - 1000);
        }
    }

    @Test
    void contentOfUnknownLength() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            assertWhole(session.download(download(lab, "/chunked/30000000")), 0, 30 * MB);
        }
    }

    @Test
    void contentOfUnknownLengthThatIsCut() throws Exception {
        try (LabServer lab = LabServer.start(Rules.builder().endProbability(0.05).seed(1).build());
                Session session = session()) {
            DownloadResult result = session.download(download(lab, "/chunked/30000000"));

            assertWhole(result, 0, 30 * MB);
            assertThat(result.attempts()).hasSizeGreaterThan(1);
        }
    }

    @Test
    void encodedContentIsKeptAsItIsAndSaidSo() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            DownloadResult result = session.download(download(lab, "/gzip/1000000"));

            assertThat(result.failure()).isEmpty();
            assertThat(notices).anyMatch(line -> line.contains("gzip"));
        }
    }

    @Test
    void aServerThatIsBusyIsAskedAgainWhenItSays() throws Exception {
        Rules rules = Rules.builder().refuse(503, 2, OptionalInt.of(1)).build();
        try (LabServer lab = LabServer.start(rules);
                Session session = session()) {
            DownloadResult result = session.download(download(lab, "/bytes/1000000"));

            assertWhole(result, 0, MB);
            assertThat(result.took()).isGreaterThan(Duration.ofMillis(1900));
        }
    }

    @Test
    void aStatusThatRefusesIsAFailureAndNothingIsWritten() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            DownloadResult result = session.download(download(lab, "/status/404"));

            assertThat(result.failure()).hasValueSatisfying(why -> assertThat(why).contains("404"));
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void aPortThatIsClosedIsAFailureAndNothingIsWritten() throws Exception {
        String uri;
        try (LabServer lab = LabServer.start(Rules.none())) {
            uri = lab.uri("/bytes/10");
        }
        try (Session session = session()) {
            DownloadResult result =
                    session.download(
                            DownloadRequest.into(folder, uri).withRetry(RetryPolicy.none()));

            assertThat(result.failure())
                    .hasValueSatisfying(why -> assertThat(why).contains("refused"));
            assertThat(cause(result)).isEqualTo(Cause.PORT_CLOSED);
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void contentWithAnotherChecksumIsThrownAway() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            DownloadRequest request =
                    download(lab, "/bytes/1000000")
                            .withChecksum(Checksum.parse("sha256:" + "ab".repeat(32)));

            DownloadResult result = session.download(request);

            assertThat(result.failure())
                    .hasValueSatisfying(why -> assertThat(why).contains("damaged", "abab"));
            assertThat(folder).isEmptyDirectory();
        }
    }

    @Test
    void contentWithTheRightChecksumIsKept() throws Exception {
        String right = HexFormat.of().formatHex(Content.sha256(0, MB));
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            DownloadRequest request =
                    download(lab, "/bytes/1000000").withChecksum(Checksum.parse("sha256:" + right));

            assertWhole(session.download(request), 0, MB);
        }
    }

    @Test
    void theNameComesFromTheResponseAndStaysInTheFolder() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            DownloadResult result =
                    session.download(download(lab, "/bytes/10?name=../../etc/passwd"));

            assertThat(result.failure()).isEmpty();
            assertThat(result.file()).isEqualTo(folder.resolve("passwd"));
        }
    }

    @Test
    void aFolderThatIsMissingIsSaidBeforeAnyRequest() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            DownloadResult result =
                    session.download(download(lab, "/bytes/10").to(folder.resolve("missing/file")));

            assertThat(result.failure())
                    .hasValueSatisfying(why -> assertThat(why).contains("does not exist"));
            assertThat(lab.requests()).isEmpty();
        }
    }

    @Test
    void aDeadlineKeepsWhatCameAndTheNextRunGoesOn() throws Exception {
        Path file = folder.resolve("file");
        try (LabServer lab = LabServer.start(Rules.builder().bytesPerSecond(10 * MB).build());
                Session session = session()) {
            DownloadRequest request = download(lab, "/bytes/30000000").to(file).withSegments(1);

            DownloadResult late = session.download(request.withDeadline(Duration.ofSeconds(1)));

            assertThat(late.failure())
                    .hasValueSatisfying(why -> assertThat(why).contains("deadline", "kept"));
            assertThat(late.took()).isLessThan(Duration.ofSeconds(3));
            long kept = late.bytes();
            assertThat(kept).isGreaterThan(MB);

            DownloadResult rest = session.download(request);

            assertWhole(rest, 0, 30 * MB);
            assertThat(rest.received()).isEqualTo(30 * MB - kept);
        }
    }

    @Test
    void twoDownloadsOfOneFileAreNotMixed() throws Exception {
        Path file = folder.resolve("file");
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session();
                PartFile held = PartFile.open(file, 1)) {
            DownloadResult result = session.download(download(lab, "/bytes/1000").to(file));

            assertThat(held.saved()).isEmpty();
            assertThat(result.failure())
                    .hasValueSatisfying(why -> assertThat(why).contains("another"));
        }
    }

    @Test
    void theRateIsKept() throws Exception {
        try (LabServer lab = LabServer.start(Rules.none());
                Session session = session()) {
            DownloadResult result =
                    session.download(download(lab, "/bytes/4000000").withRate(2 * MB));

            assertWhole(result, 0, 4 * MB);
            assertThat(result.took()).isGreaterThan(Duration.ofMillis(1800));
        }
    }

    private static Cause cause(DownloadResult result) {
        return result.diagnosis().flatMap(Diagnosis::leading).orElseThrow().cause();
    }
}
