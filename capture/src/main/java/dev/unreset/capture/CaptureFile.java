package dev.unreset.capture;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/// The bytes of one capture, which can be read at any offset.
///
/// It is as long as it was when it was opened: a file that is still being written ends there for
/// everyone who reads it. What is compressed or comes from a pipe is [Incoming] first.
final class CaptureFile implements AutoCloseable {

    private static final int MAGIC = 4;

    private final String name;
    private final FileChannel channel;
    private final long size;
    private final Optional<String> trouble;

    /// @param channel closed with this
    /// @param trouble why not all of it could be unpacked
    CaptureFile(String name, FileChannel channel, Optional<String> trouble) throws IOException {
        this.name = name;
        this.channel = channel;
        this.size = channel.size();
        this.trouble = trouble;
    }

    /// Opens `path`; `-` is `standardInput`. Blocks until all that comes from a pipe is there.
    static CaptureFile open(Path path, InputStream standardInput) throws IOException {
        if (path.toString().equals("-")) {
            return Incoming.all(Incoming.STANDARD_INPUT, standardInput);
        }
        if (Files.isDirectory(path)) {
            throw new CaptureException(path + ": is a folder (expected: a capture file)");
        }
        try {
            if (!Files.isRegularFile(path) || isPacked(path)) {
                try (InputStream in = Files.newInputStream(path)) {
                    return Incoming.all(path.toString(), in);
                }
            }
            return new CaptureFile(
                    path.toString(),
                    FileChannel.open(path, StandardOpenOption.READ),
                    Optional.empty());
        } catch (NoSuchFileException e) {
            throw new CaptureException(path + ": does not exist");
        } catch (AccessDeniedException e) {
            throw new CaptureException(path + ": permission denied");
        }
    }

    private static boolean isPacked(Path path) throws IOException {
        try (FileChannel file = FileChannel.open(path, StandardOpenOption.READ)) {
            ByteBuffer magic = ByteBuffer.allocate(MAGIC);
            return file.read(magic) == MAGIC && Incoming.isPacked(magic.getInt(0));
        }
    }

    String name() {
        return name;
    }

    FileChannel channel() {
        return channel;
    }

    /// In bytes.
    long size() {
        return size;
    }

    /// The `count` bytes at `offset`.
    ///
    /// @throws UncheckedIOException if they cannot be read
    byte[] read(long offset, int count) {
        byte[] bytes = new byte[count];
        ByteBuffer into = ByteBuffer.wrap(bytes);
        try {
            while (into.hasRemaining()) {
                if (channel.read(into, offset + into.position()) < 0) {
                    throw new CaptureException(name + ": became shorter while it was read");
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes;
    }

    /// Why not all of it could be unpacked.
    Optional<String> trouble() {
        return trouble;
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
