package dev.unreset.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.unreset.lab.ConnectionRecord;
import dev.unreset.lab.Content;
import dev.unreset.lab.LabServer;
import dev.unreset.lab.Rules;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `get` ended by SIGKILL at random moments, again and again, until it is done.
class KilledDownloadTest {

    private static final int MB = 1_000_000;
    private static final int SIZE = 400 * MB;
    private static final int KILLS = 25;

    /// What may have to be fetched again: 8 MiB, and what the kernels had not given out yet, which
    /// is no more than the lab writes at once on each connection.
    private static final long MOST_LOST = (8 << 20) + 4 * (256 << 10);

    @TempDir private Path folder;

    @ParameterizedTest(name = "{0} segments")
    @ValueSource(ints = {1, 4})
    void aKillLosesAtMostEightMebibytesAndNeverCorrectness(int segments) throws Exception {
        Rules rules = Rules.builder().bytesPerSecond(40 * MB / segments).withoutDigest().build();
        Random random = new Random(segments);
        Path file = folder.resolve("content");
        int port = freePort();
        String[] get = {
            "get",
            "http://localhost:" + port + "/bytes/" + SIZE,
            "-q",
            "--no-profiles",
            "--segments",
            String.valueOf(segments),
            "-o",
            "content"
        };
        int kills = 0;
        while (kills < KILLS && !Files.exists(file)) {
            long before = journalled();
            LabServer lab = LabServer.start(port, rules, false, connection -> {});
            try (lab) {
                Process process = CommandLineProcess.start(folder, get);
                awaitPartFile();
                boolean ended = process.waitFor(random.nextInt(250), TimeUnit.MILLISECONDS);
                process.destroyForcibly().waitFor();
                if (ended) {
                    break;
                }
                kills++;
            }
            // The lab is closed: no connection sends any more.
            long sent = lab.connections().stream().mapToLong(ConnectionRecord::bodyBytes).sum();
            assertThat(sent - (journalled() - before)).isLessThanOrEqualTo(MOST_LOST);
        }
        Rules unhurried = Rules.builder().withoutDigest().build();
        try (LabServer lab = LabServer.start(port, unhurried, false, connection -> {})) {
            assertThat(lab.port()).isEqualTo(port);
            CommandLineProcess last = CommandLineProcess.run(folder, get);
            assertThat(last.err()).isEmpty();
        }
        assertThat(kills).isEqualTo(KILLS);
        assertThat(sha256(file)).isEqualTo(HexFormat.of().formatHex(Content.sha256(0, SIZE)));
    }

    /// Random moments are to fall into the download, not into the start of the JVM.
    private void awaitPartFile() throws Exception {
        long journalledBefore = Files.exists(journal()) ? Files.size(journal()) : 0;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        long before = Files.exists(part()) ? written() : -1;
        while (System.nanoTime() < deadline) {
            boolean moved =
                    Files.exists(part())
                            && (written() != before || Files.size(journal()) != journalledBefore);
            if (moved) {
                return;
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
        throw new AssertionError("nothing was written in 30 s");
    }

    private Path part() {
        return folder.resolve("content.part");
    }

    private Path journal() {
        return folder.resolve("content.part.journal");
    }

    private static int freePort() throws IOException {
        try (LabServer lab = LabServer.start(Rules.none())) {
            return lab.port();
        }
    }

    /// The bytes of the part file that are not holes.
    private long written() throws IOException {
        Process du =
                new ProcessBuilder("du", "--block-size=1", part().toString())
                        .redirectErrorStream(true)
                        .start();
        String line = new String(du.getInputStream().readAllBytes(), UTF_8).strip();
        return Long.parseLong(line.substring(0, line.indexOf('\t')));
    }

    /// The bytes that the journal claims.
    private long journalled() throws IOException {
        if (!Files.exists(journal())) {
            return 0;
        }
        List<String> lines = Files.readAllLines(journal());
        TreeMap<Long, Long> spans = new TreeMap<>();
        for (String line : lines) {
            String[] words = line.split(" ", -1);
            if (words[0].equals("have")) {
                spans.merge(Long.parseLong(words[1]), Long.parseLong(words[2]), Math::max);
            }
        }
        long bytes = 0;
        long end = 0;
        for (var span : spans.entrySet()) {
            long from = Math.max(end, span.getKey());
            bytes += Math.max(0, span.getValue() - from);
            end = Math.max(end, span.getValue());
        }
        return bytes;
    }

    private static String sha256(Path file) throws Exception {
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        digest.update(Files.readAllBytes(file));
        return HexFormat.of().formatHex(digest.digest());
    }
}
