package dev.unreset.capture;

import java.io.EOFException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;

/// A part of a file in memory: it moves forward over the file, so that a file of any size takes the
/// memory of one window.
///
/// Reading into one buffer that stays in the processor's cache is faster than mapping the file:
/// each mapped page costs a fault and a TLB miss.
final class Window implements AutoCloseable {

    private static final int SIZE = 1 << 18;

    private final FileChannel channel;
    private final long fileSize;
    private final Arena arena = Arena.ofConfined();
    private MemorySegment bytes = arena.allocate(SIZE);
    private ByteBuffer buffer = bytes.asByteBuffer();
    private long start;
    private long end;

    Window(FileChannel channel) throws IOException {
        this.channel = channel;
        this.fileSize = channel.size();
    }

    long fileSize() {
        return fileSize;
    }

    /// The bytes in memory; file offset `offset` is at `offset - start()`.
    MemorySegment bytes() {
        return bytes;
    }

    long start() {
        return start;
    }

    /// Makes `count` bytes at `offset` readable; false if the file ends before.
    boolean cover(long offset, long count) throws IOException {
        if (offset >= start && offset + count <= end) {
            return true;
        }
        if (count > fileSize - offset) {
            return false;
        }
        move(offset, count);
        return true;
    }

    private void move(long offset, long count) throws IOException {
        long kept = offset >= start && offset < end ? end - offset : 0;
        MemorySegment from = bytes;
        if (count > bytes.byteSize()) {
            bytes = arena.allocate(Long.highestOneBit(count - 1) << 1);
            buffer = bytes.asByteBuffer();
        }
        MemorySegment.copy(from, kept == 0 ? 0 : offset - start, bytes, 0, kept);
        start = offset;
        end = offset + kept;
        long wanted = Math.min(fileSize, offset + bytes.byteSize());
        buffer.limit((int) (wanted - start)).position((int) kept);
        while (buffer.hasRemaining()) {
            if (channel.read(buffer, end) < 0) {
                throw new EOFException("the file became shorter while it was read");
            }
            end = start + buffer.position();
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
