package dev.unreset.capture;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.zip.GZIPInputStream;
import java.util.zip.ZipException;

/// A capture that comes in a stream: unpacked, if it is in gzip or zstd, into a temporary file of
/// which only the bytes remain. Compressed data that is cut off or damaged counts up to there.
///
/// One thread takes what comes; others may look at what is there.
final class Incoming implements AutoCloseable {

    static final String STANDARD_INPUT = "standard input";

    private static final int BLOCK = 1 << 16;
    private static final int GZIP = 0x1f8b;
    private static final int ZSTD = 0x28b52ffd;

    private final String name;
    private final FileChannel channel;
    private volatile Optional<String> trouble = Optional.empty();

    /// @param name for messages
    Incoming(String name) throws IOException {
        this.name = name;
        Path temporary = Files.createTempFile("unreset-capture", ".pcap");
        this.channel =
                FileChannel.open(
                        temporary,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.DELETE_ON_CLOSE);
    }

    /// All that comes from `in`, as a file.
    static CaptureFile all(String name, InputStream in) throws IOException {
        Incoming incoming = new Incoming(name);
        incoming.take(in);
        return incoming.soFar();
    }

    /// Whether bytes that begin so, in big endian, are compressed.
    static boolean isPacked(int magic) {
        return magic >>> 16 == GZIP || magic == ZSTD;
    }

    /// Takes all that comes from `in`. Blocks until its end, or until no more can be taken.
    void take(InputStream in) {
        try {
            InputStream plain = plain(in);
            byte[] block = new byte[BLOCK];
            for (int count = plain.read(block); count >= 0; count = plain.read(block)) {
                ByteBuffer bytes = ByteBuffer.wrap(block, 0, count);
                while (bytes.hasRemaining()) {
                    channel.write(bytes);
                }
            }
        } catch (EOFException e) {
            trouble = Optional.of("its compressed data is cut off");
        } catch (ZipException | ZstdIOException e) {
            trouble = Optional.of("its compressed data is damaged: " + e.getMessage());
        } catch (IOException e) {
            trouble = Optional.of("not all of it could be taken: " + e.getMessage());
        }
    }

    private static InputStream plain(InputStream in) throws IOException {
        InputStream packed = new BufferedInputStream(in, BLOCK);
        packed.mark(Integer.BYTES);
        byte[] begin = packed.readNBytes(Integer.BYTES);
        packed.reset();
        int magic = begin.length == Integer.BYTES ? ByteBuffer.wrap(begin).getInt() : 0;
        if (magic == ZSTD) {
            return new ZstdInputStream(packed);
        }
        return isPacked(magic) ? new GZIPInputStream(packed, BLOCK) : packed;
    }

    /// What is there now, as a file; to be closed instead of this or not at all.
    CaptureFile soFar() throws IOException {
        return new CaptureFile(name, channel, trouble);
    }

    @Override
    public void close() throws IOException {
        channel.close();
    }
}
