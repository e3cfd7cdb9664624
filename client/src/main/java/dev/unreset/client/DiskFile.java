package dev.unreset.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.OpenOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// A file that is written in large blocks, past the page cache where the file system can
/// (`O_DIRECT`, open(2)).
///
/// A download is written once and soon outgrows the memory: going through the page cache would cost
/// a copy of each byte, and push out what other programs need. What is not aligned, and all of it
/// where the file system cannot, goes through the page cache. Thread-safe.
final class DiskFile implements AutoCloseable {

    /// The largest alignment that is worth it; usual file systems ask for 4 KiB.
    private static final int MOST_ALIGNMENT = 64 << 10;

    /// `O_DIRECT`, where this Java has module jdk.unsupported.
    private static final Optional<OpenOption> DIRECT = direct();

    private final FileChannel cached;
    private final @Nullable FileChannel direct;
    private final int alignment;
    private volatile boolean refused;

    private DiskFile(FileChannel cached, @Nullable FileChannel direct, int alignment) {
        this.cached = cached;
        this.direct = direct;
        this.alignment = alignment;
    }

    private static Optional<OpenOption> direct() {
        try {
            Object[] options =
                    Class.forName("com.sun.nio.file.ExtendedOpenOption").getEnumConstants();
            return Stream.of(options)
                    .filter(option -> option.toString().equals("DIRECT"))
                    .map(OpenOption.class::cast)
                    .findFirst();
        } catch (ClassNotFoundException e) {
            return Optional.empty();
        }
    }

    /// Opens or creates `path`.
    static DiskFile open(Path path) throws IOException {
        FileChannel cached =
                FileChannel.open(
                        path,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
        try {
            long blockSize = Files.getFileStore(path).getBlockSize();
            if (DIRECT.isPresent() && blockSize > 0 && blockSize <= MOST_ALIGNMENT) {
                FileChannel direct = FileChannel.open(path, StandardOpenOption.WRITE, DIRECT.get());
                return new DiskFile(cached, direct, (int) blockSize);
            }
        } catch (IOException | UnsupportedOperationException e) {
            // This file system has no way past its cache.
        }
        return new DiskFile(cached, null, 1);
    }

    /// Memory from which whole blocks can be written past the page cache.
    ByteBuffer allocate(int bytes) {
        return ByteBuffer.allocateDirect(bytes + alignment - 1)
                .alignedSlice(alignment)
                .slice(0, bytes);
    }

    /// Writes all of `bytes` at `offset`.
    void write(ByteBuffer bytes, long offset) throws IOException {
        FileChannel way = direct;
        if (way != null
                && !refused
                && offset % alignment == 0
                && bytes.remaining() % alignment == 0
                && isWritten(bytes.duplicate(), offset, way)) {
            return;
        }
        write(bytes, offset, cached);
    }

    /// False if this file system refuses what it said it could, or cannot write at all: the
    /// ordinary way shows which.
    private boolean isWritten(ByteBuffer bytes, long offset, FileChannel way) {
        try {
            write(bytes, offset, way);
            return true;
        } catch (IOException e) {
            refused = true;
            return false;
        }
    }

    private static void write(ByteBuffer bytes, long offset, FileChannel way) throws IOException {
        long at = offset;
        while (bytes.hasRemaining()) {
            at += way.write(bytes, at);
        }
    }

    int read(ByteBuffer into, long offset) throws IOException {
        return cached.read(into, offset);
    }

    /// Returns once everything written survives the loss of power.
    void force() throws IOException {
        cached.force(false);
    }

    long size() throws IOException {
        return cached.size();
    }

    void truncate(long size) throws IOException {
        cached.truncate(size);
    }

    boolean isOpen() {
        return cached.isOpen();
    }

    @Override
    public void close() throws IOException {
        try (FileChannel first = direct) {
            cached.close();
        }
    }
}
