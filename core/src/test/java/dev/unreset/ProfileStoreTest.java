package dev.unreset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ProfileStoreTest {

    private static final Origin ORIGIN = new Origin("https", "example.org", 443);
    private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

    @TempDir private Path folder;

    @Test
    void anUnknownOriginHasNoLimits() {
        assertThat(ProfileStore.in(folder).profile(ORIGIN))
                .isEqualTo(OriginProfile.unknown(ORIGIN));
    }

    @Test
    void whatIsLearnedIsThereForTheNextProcess() {
        ProfileStore.in(folder, () -> NOW).update(ORIGIN, ProfileStoreTest::idleLimit);

        OriginProfile read = ProfileStore.in(folder, () -> NOW).profile(ORIGIN);

        assertThat(read).isEqualTo(idleLimit(OriginProfile.unknown(ORIGIN)));
    }

    @Test
    void aStoreInMemoryWritesNothing() {
        ProfileStore store = ProfileStore.inMemory();

        store.update(ORIGIN, ProfileStoreTest::idleLimit);

        assertThat(store.profile(ORIGIN).limit(Limit.IDLE_SECONDS)).contains(60.0);
        assertThat(folder).isEmptyDirectory();
    }

    @Test
    void whatIsTooOldIsNotReported() {
        ProfileStore.in(folder, () -> NOW).update(ORIGIN, ProfileStoreTest::idleLimit);
        Instant later = NOW.plus(Duration.ofDays(8));

        assertThat(ProfileStore.in(folder, () -> later).profile(ORIGIN).limit(Limit.IDLE_SECONDS))
                .isEmpty();
    }

    @Test
    void originsThatLookAlikeHaveFilesOfTheirOwn() throws Exception {
        ProfileStore store = ProfileStore.in(folder);
        store.update(new Origin("http", "../../etc/passwd", 80), ProfileStoreTest::idleLimit);
        store.update(new Origin("http", "a_b", 80), ProfileStoreTest::idleLimit);
        store.update(new Origin("http", "a%5fb", 80), ProfileStoreTest::idleLimit);
        store.update(new Origin("http", "[::1]", 80), ProfileStoreTest::idleLimit);

        try (var files = Files.list(folder)) {
            assertThat(files.filter(file -> file.toString().endsWith(".profile"))).hasSize(4);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "\u0000\u0001",
                "idle-seconds.failed=\\u12",
                "idle-seconds.worked=1\nidle-seconds.failed=x\nidle-seconds.failures=1\nidle-seconds.last-failure=2026-01-01T00:00:00Z",
                "idle-seconds.worked=1\nidle-seconds.failed=2\nidle-seconds.failures=1\nidle-seconds.last-failure=today",
                "idle-seconds.worked=-1\nidle-seconds.failed=2\nidle-seconds.failures=1\nidle-seconds.last-failure=2026-01-01T00:00:00Z"
            })
    void aDamagedFileCountsAsNothingKnown(String text) throws Exception {
        ProfileStore store = ProfileStore.in(folder, () -> NOW);
        Files.writeString(folder.resolve("https_example.org_443.profile"), text);

        assertThat(store.profile(ORIGIN)).isEqualTo(OriginProfile.unknown(ORIGIN));

        store.update(ORIGIN, ProfileStoreTest::idleLimit);
        assertThat(store.profile(ORIGIN).limit(Limit.IDLE_SECONDS)).contains(60.0);
    }

    @Test
    void aFolderThatCannotBeWrittenIsNamed() throws Exception {
        Path file = Files.writeString(folder.resolve("file"), "");

        assertThatThrownBy(() -> ProfileStore.in(file).update(ORIGIN, ProfileStoreTest::idleLimit))
                .isInstanceOf(UncheckedIOException.class)
                .hasMessageContaining(file.toString());
    }

    @Test
    void severalProcessesLoseNoUpdate() throws Exception {
        int processes = 3;
        int updates = 50;
        List<Process> running = new ArrayList<>();
        for (int i = 0; i < processes; i++) {
            running.add(
                    new ProcessBuilder(
                                    Path.of(System.getProperty("java.home"), "bin", "java")
                                            .toString(),
                                    "-cp",
                                    System.getProperty("java.class.path"),
                                    Updater.class.getName(),
                                    folder.toString(),
                                    String.valueOf(updates))
                            .inheritIO()
                            .start());
        }
        for (Process each : running) {
            assertThat(each.waitFor(60, TimeUnit.SECONDS)).isTrue();
            assertThat(each.exitValue()).isZero();
        }

        assertThat(ProfileStore.in(folder).profile(ORIGIN).bounds(Limit.CONNECTIONS).failures())
                .isEqualTo(processes * updates);
        try (var files = Files.list(folder)) {
            assertThat(files.filter(file -> file.toString().contains(".next-"))).isEmpty();
        }
    }

    @Test
    void theUsersFolderFollowsXdg() {
        Path home = Path.of("/home/u");

        assertThat(ProfileStore.userFolder(Map.of(), home))
                .isEqualTo(Path.of("/home/u/.local/state/unreset/profiles"));
        assertThat(ProfileStore.userFolder(Map.of("XDG_STATE_HOME", "/s"), home))
                .isEqualTo(Path.of("/s/unreset/profiles"));
        assertThat(ProfileStore.userFolder(Map.of("XDG_STATE_HOME", "relative"), home))
                .isEqualTo(Path.of("/home/u/.local/state/unreset/profiles"));
    }

    private static OriginProfile idleLimit(OriginProfile known) {
        return known.worked(Limit.IDLE_SECONDS, 30).failed(Limit.IDLE_SECONDS, 60, NOW);
    }

    /// Another process: `folder count`.
    static final class Updater {

        private Updater() {}

        public static void main(String[] args) {
            ProfileStore store = ProfileStore.in(Path.of(args[0]));
            for (int i = 0; i < Integer.parseInt(args[1]); i++) {
                store.update(ORIGIN, known -> known.failed(Limit.CONNECTIONS, 5, Instant.now()));
            }
        }
    }
}
