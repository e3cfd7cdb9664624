package dev.unreset;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.time.InstantSource;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.UnaryOperator;

/// Keeps origin profiles: in memory, or in a folder with one small file for each origin.
///
/// Safe with several threads and several processes: a profile is read, changed and replaced under a
/// lock file, and the replacement is an atomic rename, so that a reader sees the old profile or the
/// new one. A file that cannot be read as a profile counts as "nothing known": what was learned
/// once can be learned again.
public abstract sealed class ProfileStore {

    private ProfileStore() {}

    /// A store that forgets everything when the process ends.
    public static ProfileStore inMemory() {
        return new Memory();
    }

    /// A store in `folder`, which is created when the first profile is written.
    public static ProfileStore in(Path folder) {
        return in(folder, InstantSource.system());
    }

    /// A store in `folder` that ages its profiles by `clock`.
    public static ProfileStore in(Path folder, InstantSource clock) {
        return new Folder(folder, clock);
    }

    /// The user's own folder of profiles: `$XDG_STATE_HOME/unreset/profiles`, else
    /// `~/.local/state/unreset/profiles` (XDG Base Directory Specification 0.8).
    public static Path userFolder(Map<String, String> environment, Path home) {
        String state = environment.getOrDefault("XDG_STATE_HOME", "");
        Path base = state.startsWith("/") ? Path.of(state) : home.resolve(".local/state");
        return base.resolve("unreset").resolve("profiles");
    }

    /// What is known of `origin`, without what is too old to count.
    public abstract OriginProfile profile(Origin origin);

    /// Replaces the profile of `origin` by `change` of it, and returns the new one.
    ///
    /// @throws UncheckedIOException if the folder cannot be written
    public abstract OriginProfile update(Origin origin, UnaryOperator<OriginProfile> change);

    private static final class Memory extends ProfileStore {
        private final Map<Origin, OriginProfile> profiles = new ConcurrentHashMap<>();

        @Override
        public OriginProfile profile(Origin origin) {
            return profiles.getOrDefault(origin, OriginProfile.unknown(origin));
        }

        @Override
        public OriginProfile update(Origin origin, UnaryOperator<OriginProfile> change) {
            return profiles.compute(
                    origin,
                    (key, known) ->
                            change.apply(known == null ? OriginProfile.unknown(key) : known));
        }
    }

    private static final class Folder extends ProfileStore {
        /// File locks exclude processes; within one, only this excludes threads.
        private static final ReentrantLock WITHIN_PROCESS = new ReentrantLock();

        private final Path folder;
        private final InstantSource clock;

        Folder(Path folder, InstantSource clock) {
            this.folder = folder;
            this.clock = clock;
        }

        @Override
        public OriginProfile profile(Origin origin) {
            return read(origin);
        }

        @Override
        public OriginProfile update(Origin origin, UnaryOperator<OriginProfile> change) {
            WITHIN_PROCESS.lock();
            try {
                Files.createDirectories(folder);
                try (FileChannel lockFile =
                                FileChannel.open(
                                        folder.resolve(".lock"),
                                        StandardOpenOption.CREATE,
                                        StandardOpenOption.WRITE);
                        FileLock held = lockFile.lock()) {
                    OriginProfile changed = change.apply(read(origin));
                    replace(file(origin), text(changed));
                    return changed;
                }
            } catch (IOException e) {
                throw new UncheckedIOException(
                        "profiles in " + folder + ": cannot write: " + e.getMessage(), e);
            } finally {
                WITHIN_PROCESS.unlock();
            }
        }

        private OriginProfile read(Origin origin) {
            try {
                return parse(origin, Files.readString(file(origin))).aged(clock.instant());
            } catch (NoSuchFileException _absent) {
                return OriginProfile.unknown(origin);
            } catch (IOException | IllegalArgumentException _unreadable) {
                return OriginProfile.unknown(origin);
            }
        }

        /// `https_example.org_443.profile`; every other character is percent-encoded.
        private Path file(Origin origin) {
            StringBuilder name = new StringBuilder();
            for (byte each : origin.host().getBytes(StandardCharsets.UTF_8)) {
                char c = (char) (each & 0xff);
                boolean plain = c < 128 && (Character.isLetterOrDigit(c) || c == '-' || c == '.');
                name.append(plain ? String.valueOf(c) : String.format("%%%02x", (int) c));
            }
            return folder.resolve(origin.scheme() + "_" + name + "_" + origin.port() + ".profile");
        }

        private void replace(Path file, String text) throws IOException {
            Path next = Files.createTempFile(folder, ".next-", ".profile");
            try {
                Files.writeString(next, text);
                Files.move(
                        next,
                        file,
                        StandardCopyOption.ATOMIC_MOVE,
                        StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(next);
            }
        }

        private static String text(OriginProfile profile) throws IOException {
            Properties properties = new Properties();
            profile.limits()
                    .forEach((limit, bounds) -> {
                        String key = limit.label() + ".";
                        properties.setProperty(key + "worked", String.valueOf(bounds.worked()));
                        properties.setProperty(key + "failed", String.valueOf(bounds.failed()));
                        properties.setProperty(key + "failures", String.valueOf(bounds.failures()));
                        properties.setProperty(
                                key + "last-failure", String.valueOf(bounds.lastFailure()));
                    });
            StringWriter text = new StringWriter();
            properties.store(text, "Unreset: limits learned of " + profile.origin());
            return text.toString();
        }

        private static OriginProfile parse(Origin origin, String text) throws IOException {
            Properties properties = new Properties();
            properties.load(new StringReader(text));
            Map<Limit, Bounds> limits = new EnumMap<>(Limit.class);
            for (Limit limit : Limit.values()) {
                bounds(properties, limit.label() + ".")
                        .ifPresent(bounds -> limits.put(limit, bounds));
            }
            return new OriginProfile(origin, limits);
        }

        private static Optional<Bounds> bounds(Properties properties, String key) {
            String worked = properties.getProperty(key + "worked");
            String failed = properties.getProperty(key + "failed");
            String failures = properties.getProperty(key + "failures");
            String lastFailure = properties.getProperty(key + "last-failure");
            if (worked == null || failed == null || failures == null || lastFailure == null) {
                return Optional.empty();
            }
            try {
                return Optional.of(
                        new Bounds(
                                Double.parseDouble(worked),
                                Double.parseDouble(failed),
                                Integer.parseInt(failures),
                                Instant.parse(lastFailure)));
            } catch (java.time.DateTimeException _unreadable) {
                return Optional.empty();
            }
        }
    }
}
