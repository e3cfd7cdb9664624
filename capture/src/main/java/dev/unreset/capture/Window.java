package dev.unreset.capture;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;

/// A part of a file, mapped: it moves forward over the file, so that a file of any size takes the
/// memory of one window.
@SuppressWarnings("MustBeClosedChecker") // The arena lives as long as its window stays.
final class Window implements AutoCloseable {

    /// Large enough that remapping costs nothing, small beside what a user allows.
    private static final long SIZE = 32L << 20;

    private final FileChannel channel;
    private final long fileSize;
    private Arena arena = Arena.ofConfined();
    private MemorySegment bytes = MemorySegment.NULL;
    private long start;
    private long end;

    Window(FileChannel channel) throws IOException {
        this.channel = channel;
        this.fileSize = channel.size();
    }

    long fileSize() {
        return fileSize;
    }

    /// The mapped bytes; file offset `offset` is at `offset - start()`.
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
        arena.close();
        arena = Arena.ofConfined();
        start = offset;
        end = Math.min(fileSize, offset + Math.max(SIZE, count));
        bytes = channel.map(FileChannel.MapMode.READ_ONLY, start, end - start, arena);
        return true;
    }

    @Override
    public void close() {
        arena.close();
    }
}
