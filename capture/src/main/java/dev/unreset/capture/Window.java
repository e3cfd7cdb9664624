package dev.unreset.capture;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;

/// A part of a file in memory: it moves forward over the file, so that a file of any size takes the
/// memory of one window.
///
/// The packets of a capture are a chain: where the next one begins stands in the one before it, so
/// that each would wait for memory. Reading every cache line of the next [#AHEAD] bytes, in order,
/// lets the processor fetch them side by side; following the chain then takes a third of the time.
final class Window implements AutoCloseable {

    private static final int SIZE = 32 << 20;

    private static final int AHEAD = 128 << 10;

    private static final int CACHE_LINE = 64;

    private final FileChannel channel;
    private int ahead = AHEAD;
    private final long fileSize;
    private Arena arena = Arena.ofShared();
    private ByteBuffer bigEndian = ByteBuffer.allocate(0);
    private ByteBuffer littleEndian = bigEndian;

    /// The file's part in memory is from `start` to `end`; up to `ready` it has been read ahead.
    private long start;

    private long end;
    private long ready;

    /// What was read ahead, or the compiler would leave the reading out.
    @SuppressWarnings("UnusedVariable")
    private int seen;

    Window(FileChannel channel) throws IOException {
        this.channel = channel;
        this.fileSize = channel.size();
    }

    long fileSize() {
        return fileSize;
    }

    /// From now on single packets are looked at: nothing is read ahead.
    void lookAtSinglePackets() {
        ahead = 0;
    }

    /// The bytes in memory, big endian; the byte at file offset `offset` has index [#index].
    ByteBuffer bytes() {
        return bigEndian;
    }

    /// The same bytes, little endian.
    ByteBuffer littleEndianBytes() {
        return littleEndian;
    }

    int index(long offset) {
        return (int) (offset - start);
    }

    /// Makes `count` bytes at `offset` readable; false if the file ends before.
    boolean cover(long offset, long count) throws IOException {
        if (offset + count <= ready && offset >= start) {
            return true;
        }
        if (count > fileSize - offset) {
            return false;
        }
        if (offset + count > end || offset < start) {
            move(offset, count);
        }
        long from = Math.max(ready, offset);
        ready = Math.min(end, Math.max(offset + count, offset + ahead));
        if (ahead > 0) {
            seen += readAhead(bigEndian, index(from), index(ready));
        }
        return true;
    }

    // The arena is closed by the next move, or by close.
    @SuppressWarnings("MustBeClosedChecker")
    private void move(long offset, long count) throws IOException {
        arena.close();
        arena = Arena.ofShared();
        long size = Math.min(Math.max(SIZE, count), fileSize - offset);
        bigEndian = channel.map(FileChannel.MapMode.READ_ONLY, offset, size, arena).asByteBuffer();
        littleEndian = bigEndian.duplicate().order(ByteOrder.LITTLE_ENDIAN);
        start = offset;
        end = offset + size;
        ready = offset;
    }

    private static int readAhead(ByteBuffer bytes, int from, int to) {
        int sum = 0;
        for (int at = from; at < to; at += CACHE_LINE) {
            sum += bytes.get(at);
        }
        return sum;
    }

    @Override
    public void close() {
        arena.close();
    }
}
