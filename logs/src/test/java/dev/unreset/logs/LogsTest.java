package dev.unreset.logs;

import static java.nio.file.StandardOpenOption.APPEND;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.unreset.Cause;
import dev.unreset.Diagnoser;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class LogsTest {

    @TempDir private Path folder;

    static Stream<Rule> rules() {
        return Rule.all().stream();
    }

    /// Its example; with a syslog head; with other numbers; and inside the journal's JSON.
    @ParameterizedTest
    @MethodSource("rules")
    void eachRuleMatchesItsExampleAndThreeVariants(Rule rule) throws Exception {
        String example = rule.example();
        List<String> variants =
                List.of(
                        example,
                        "Nov 22 10:00:00 host app[17]: " + example,
                        "2026-11-22T10:00:00Z " + example.replaceAll("\\b42\\b", "31337"),
                        "{\"__REALTIME_TIMESTAMP\":\"1790000000000000\",\"MESSAGE\":\""
                                + example.replace("\"", "\\\"")
                                + "\"}");
        for (String line : variants) {
            LogReport report = read(line + "\n");
            assertThat(report.findings()).as(line).hasSize(1);
            assertThat(report.findings().getFirst().cause()).as(line).isEqualTo(rule.cause());
        }
    }

    @Test
    void countsTimesAndProofs() throws Exception {
        StringBuilder log = new StringBuilder();
        for (int minute = 0; minute < 5; minute++) {
            for (int i = 0; i < (minute == 3 ? 40 : 2); i++) {
                log.append(
                        String.format(
                                "2026/11/22 10:%02d:%02d [error] 7#7: *1 limiting requests, excess: 0.5 by zone \"a\", client: 192.0.2.%d%n",
                                minute, i, i));
            }
        }

        LogReport report = read(log.toString());

        assertThat(report.lines()).isEqualTo(48);
        LogReport.Finding finding = report.findings().getFirst();
        assertThat(finding.cause()).isEqualTo(LogCause.RATE_LIMIT);
        assertThat(finding.count()).isEqualTo(48);
        assertThat(finding.first().line()).isEqualTo(1);
        assertThat(report.timeline().stream().filter(LogReport.Minute::burst))
                .singleElement()
                .satisfies(minute ->
                        assertThat(minute.start())
                                .isEqualTo(LocalDateTime.of(2026, 11, 22, 10, 3)));
    }

    @Test
    void whatHappenedThenAndToThatClient() throws Exception {
        String log =
                """
                10.0.0.1 - - [22/Nov/2026:10:00:00 +0000] "GET /a HTTP/1.1" 499 0 "-" "-"
                10.0.0.2 - - [22/Nov/2026:10:05:00 +0000] "GET /a HTTP/1.1" 499 0 "-" "-"
                """;
        LogOptions then =
                new LogOptions(
                        Optional.of(LocalDateTime.of(2026, 11, 22, 10, 5, 10)),
                        LogOptions.usual().window(),
                        Optional.empty(),
                        List.of());
        LogOptions client =
                new LogOptions(
                        Optional.empty(),
                        LogOptions.usual().window(),
                        Optional.of("10.0.0.1"),
                        List.of());

        assertThat(read(log, then).selected())
                .singleElement()
                .satisfies(hit -> assertThat(hit.line()).isEqualTo(2));
        assertThat(read(log, client).selected())
                .singleElement()
                .satisfies(hit -> assertThat(hit.line()).isEqualTo(1));
    }

    @Test
    void gzipAndCutGzip() throws Exception {
        ByteArrayOutputStream packed = new ByteArrayOutputStream();
        try (GZIPOutputStream out = new GZIPOutputStream(packed)) {
            out.write("x worker process 7 exited on signal 9\n".getBytes(StandardCharsets.UTF_8));
        }
        Path file = Files.write(folder.resolve("error.log.gz"), packed.toByteArray());

        LogReport report =
                Logs.read(List.of(file), InputStream.nullInputStream(), LogOptions.usual());

        assertThat(report.findings().getFirst().cause()).isEqualTo(LogCause.CRASH_OR_RESTART);
    }

    @Test
    void aRuleOfOnesOwn() throws Exception {
        Path rules =
                Files.writeString(
                        folder.resolve("shop.tsv"),
                        "# ours\nconnection-limit\tshop: + no seats left\tshop.c:42\tshop: no seats left\n");
        LogOptions options =
                new LogOptions(
                        Optional.empty(),
                        LogOptions.usual().window(),
                        Optional.empty(),
                        List.of(rules));

        assertThat(read("10:00 shop: no seats left for 192.0.2.7\n", options).findings())
                .singleElement()
                .satisfies(finding -> {
                    assertThat(finding.product()).isEqualTo("shop");
                    assertThat(finding.cause()).isEqualTo(LogCause.CONNECTION_LIMIT);
                });
    }

    @ParameterizedTest
    @ValueSource(strings = {"crash\tx\ty\tz", "rate-limit\tx", "rate-limit\t\ty\tz"})
    void aLineThatIsNoRuleIsSaidToBeSo(String line) throws Exception {
        Path rules = Files.writeString(folder.resolve("shop.tsv"), line);

        assertThatThrownBy(() -> Rule.read(rules))
                .isInstanceOf(LogRuleException.class)
                .hasMessageContaining("shop.tsv:1: ");
    }

    @Test
    void aRotatedSetIsReadFromItsOldestFileOn() {
        List<Path> shell =
                Stream.of(
                                "a/error.log",
                                "a/error.log.1",
                                "a/error.log.10.gz",
                                "a/error.log.2.gz",
                                "app.log",
                                "app.log-20261121.gz",
                                "app.log-20261122",
                                "-")
                        .map(Path::of)
                        .toList();

        assertThat(RotatedSets.inOrder(shell))
                .extracting(Path::toString)
                .containsExactly(
                        "a/error.log.10.gz",
                        "a/error.log.2.gz",
                        "a/error.log.1",
                        "a/error.log",
                        "app.log-20261121.gz",
                        "app.log-20261122",
                        "app.log",
                        "-");
    }

    @Test
    void aFollowedLogIsReadThroughRotationAndTruncation() throws Exception {
        String crash = "2026/11/22 10:00:00 [alert] 1#1: worker process 7 exited on signal 9\n";
        Path log = Files.writeString(folder.resolve("error.log"), crash);
        List<String> found = new ArrayList<>();
        Deque<Callable<?>> steps = new ArrayDeque<>();
        steps.add(() -> Files.writeString(log, crash.substring(0, 30), APPEND));
        steps.add(() -> Files.writeString(log, crash.substring(30), APPEND));
        steps.add(() -> Files.move(log, folder.resolve("error.log.1")));
        steps.add(() -> Files.writeString(log, "quiet\n" + crash));
        steps.add(() -> Files.writeString(log, ""));
        steps.add(() -> Files.writeString(log, crash, APPEND));
        steps.add(() -> log);

        try (LogFollower follower = new LogFollower(List.of(log), LogOptions.usual())) {
            follower.run(
                    hit -> found.add(hit.line() + " " + hit.cause().label()),
                    () -> {
                        Callable<?> step = steps.poll();
                        if (step != null) {
                            call(step);
                        }
                        return step != null;
                    });
        }

        // The old first line is not told: following begins at the end.
        assertThat(found)
                .containsExactly("1 crash-or-restart", "2 crash-or-restart", "1 crash-or-restart");
    }

    private static void call(Callable<?> step) {
        try {
            step.call();
        } catch (Exception e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void theDiagnoserHearsWhatTheServerSays() throws Exception {
        LogReport report =
                read("2026/11/22 10:00:00 [alert] 1#1: worker process 7 exited on signal 9\n");

        assertThat(Diagnoser.diagnose(report.evidence()).leading().orElseThrow().cause())
                .isEqualTo(Cause.SERVER_RESTART);
        assertThat(report.evidence().getFirst().place().toString()).isEqualTo("standard input:1");
    }

    @Test
    void secondsSince1970AreATime() {
        assertThat(Times.of("{\"level\":\"error\",\"ts\":1795341600.52,\"msg\":\"a\"}", 2026))
                .contains(LocalDateTime.of(2026, 11, 22, 10, 0));
    }

    @Test
    void aLineOfTenMegabytesTakesNoMemory() throws Exception {
        String line = "x".repeat(10_000_000) + " worker_connections are not enough\nlast";

        assertThat(read(line).lines()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(strings = {"elastic-examples", "crowdsec-hub"})
    void realLogsHaveNoFalseCrash(String collection) throws Exception {
        Path logs = Path.of("../../shared/logs", collection);
        if (!Files.exists(logs)) {
            System.out.println("SKIPPED: real logs are not in ../shared/logs");
        }
        assumeTrue(Files.exists(logs));
        try (Stream<Path> files = Files.walk(logs)) {
            for (Path file : files.filter(Files::isRegularFile).sorted().toList()) {
                LogReport report =
                        Logs.read(List.of(file), InputStream.nullInputStream(), LogOptions.usual());
                // Samples of quiet servers.
                assertThat(report.findings())
                        .as("%s", file)
                        .noneMatch(finding ->
                                finding.cause() == LogCause.CRASH_OR_RESTART
                                        || finding.cause() == LogCause.CONNECTION_LIMIT
                                        || finding.cause() == LogCause.RESOURCE_LIMIT);
            }
        }
    }

    private LogReport read(String log) throws Exception {
        return read(log, LogOptions.usual());
    }

    private LogReport read(String log, LogOptions options) throws Exception {
        return Logs.read(
                List.of(Path.of("-")),
                new ByteArrayInputStream(log.getBytes(StandardCharsets.UTF_8)),
                options);
    }
}
