package dev.unreset.logs;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Follows logs that are being written, as `tail -F` does: through rotation, truncation, and a file
/// that is not there for a moment. Confined to one thread, which blocks.
public final class LogFollower implements AutoCloseable {

    /// How the follower waits for more to be written.
    @FunctionalInterface
    public interface Pause {
        /// Waits a little; `false` ends the following.
        boolean next() throws InterruptedException;
    }

    private static final int BLOCK = 1 << 16;

    private final Logs logs;
    private final List<Followed> files = new ArrayList<>();

    private static final class Followed {
        private final Path path;
        private @Nullable RandomAccessFile in;
        private @Nullable Object identity;
        private long lines;
        private final StringBuilder unfinished = new StringBuilder();

        Followed(Path path) {
            this.path = path;
        }
    }

    /// Starts at the end of each of `paths`.
    ///
    /// @throws IOException if one of them cannot be opened now
    public LogFollower(List<Path> paths, LogOptions options) throws IOException {
        this.logs = new Logs(options);
        for (Path path : paths) {
            Followed file = new Followed(path);
            files.add(file);
            open(file);
            if (file.in != null) {
                file.in.seek(file.in.length());
            }
        }
    }

    /// Hands each line that says something to `found`, until `pause` ends it.
    public void run(Consumer<LogReport.Hit> found, Pause pause)
            throws IOException, InterruptedException {
        do {
            for (Followed file : files) {
                read(file, found);
                if (isReplaced(file)) {
                    close(file);
                    file.lines = 0;
                    file.unfinished.setLength(0);
                    open(file);
                    read(file, found);
                }
            }
        } while (pause.next());
    }

    private static void open(Followed file) throws IOException {
        file.in = new RandomAccessFile(file.path.toFile(), "r");
        file.identity = identity(file.path);
    }

    /// Another file has the name now, or this one was cut.
    private static boolean isReplaced(Followed file) throws IOException {
        if (!Files.exists(file.path)) {
            return false;
        }
        return file.in == null
                || !Objects.equals(identity(file.path), file.identity)
                || file.in.length() < file.in.getFilePointer();
    }

    private static @Nullable Object identity(Path path) throws IOException {
        return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
    }

    private void read(Followed file, Consumer<LogReport.Hit> found) throws IOException {
        if (file.in == null) {
            return;
        }
        byte[] block = new byte[BLOCK];
        for (int count = file.in.read(block); count > 0; count = file.in.read(block)) {
            // A line is looked at when it is whole; of a very long one the beginning counts.
            String text = new String(block, 0, count, StandardCharsets.ISO_8859_1);
            int from = 0;
            for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', from)) {
                file.unfinished.append(text, from, end);
                file.lines++;
                logs.lookAt(file.path.toString(), file.lines, utf8(file.unfinished))
                        .ifPresent(found);
                file.unfinished.setLength(0);
                from = end + 1;
            }
            if (file.unfinished.length() < Logs.MOST_LINE) {
                file.unfinished.append(text, from, text.length());
            }
        }
    }

    private static String utf8(StringBuilder bytes) {
        return new String(
                bytes.toString().getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    private static void close(Followed file) throws IOException {
        if (file.in != null) {
            file.in.close();
            file.in = null;
        }
    }

    @Override
    public void close() throws IOException {
        for (Followed file : files) {
            close(file);
        }
    }
}
