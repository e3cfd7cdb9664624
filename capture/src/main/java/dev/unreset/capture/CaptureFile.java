package dev.unreset.capture;

import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/// The bytes of one capture, which can be read at any offset.
///
/// What is compressed, or comes from a pipe, is unpacked into a temporary file first, which is
/// deleted at the end; only its name remains. Compressed data that is cut off or damaged counts up
/// to there.
final class CaptureFile implements AutoCloseable {

    private static final int BLOCK = 1 << 16;

    private final String name;
    private final FileChannel channel;
    private final Optional<String> trouble;

    private CaptureFile(String name, FileChannel channel, Optional<String> trouble) {
        this.name = name;
        this.channel = channel;
        this.trouble = trouble;
    }

    /// Opens `path`; `-` is `standardInput`.
    static CaptureFile open(Path path, InputStream standardInput) throws IOException {
        if (path.toString().equals("-")) {
            return unpack("standard input", new BufferedInputStream(standardInput, BLOCK));
        }
        if (Files.isDirectory(path)) {
            throw new CaptureException(path + ": is a folder (expected: a capture file)");
        }
        try {
            byte[] magic;
            try (InputStream in = Files.newInputStream(path)) {
                magic = in.readNBytes(4);
            }
            if (isGzip(magic) || isZstd(magic) || !Files.isRegularFile(path)) {
                try (InputStream in = new BufferedInputStream(Files.newInputStream(path), BLOCK)) {
                    return unpack(path.toString(), in);
                }
            }
            return new CaptureFile(
                    path.toString(),
                    FileChannel.open(path, StandardOpenOption.READ),
                    Optional.empty());
        } catch (NoSuchFileException e) {
            throw new CaptureException(path + ": does not exist");
        } catch (java.nio.file.AccessDeniedException e) {
            throw new CaptureException(path + ": permission denied");
        }
    }

    private static boolean isGzip(byte[] magic) {
        return magic.length >= 2 && magic[0] == 0x1f && magic[1] == (byte) 0x8b;
    }

    private static boolean isZstd(byte[] magic) {
        return magic.length >= 4
                && magic[0] == 0x28
                && magic[1] == (byte) 0xb5
                && magic[2] == 0x2f
                && magic[3] == (byte) 0xfd;
    }

    private static CaptureFile unpack(String name, InputStream packed) throws IOException {
        packed.mark(8);
        byte[] magic = packed.readNBytes(4);
        packed.reset();
        Path temporary = Files.createTempFile("unreset-capture", ".pcap");
        FileChannel channel =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE);
        Optional<String> trouble = Optional.empty();
        try {
            copy(plain(packed, magic), Channels.newOutputStream(channel));
        } catch (EOFException e) {
            trouble = Optional.of("its compressed data is cut off");
        } catch (java.util.zip.ZipException | com.github.luben.zstd.ZstdIOException e) {
            trouble = Optional.of("its compressed data is damaged: " + e.getMessage());
        }
        return new CaptureFile(name, channel, trouble);
    }

    private static InputStream plain(InputStream packed, byte[] magic) throws IOException {
        if (isGzip(magic)) {
            return new GZIPInputStream(packed, BLOCK);
        }
        return isZstd(magic) ? new ZstdInputStream(packed) : packed;
    }

    private static void copy(InputStream in, OutputStream out) throws IOException {
        byte[] block = new byte[BLOCK];
        for (int count = in.read(block); count >= 0; count = in.read(block)) {
            out.write(block, 0, count);
        }
    }

    String name() {
        return name;
    }

    FileChannel channel() {
        return channel;
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
