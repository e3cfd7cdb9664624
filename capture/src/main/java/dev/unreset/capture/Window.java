package dev.unreset.capture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.LongBuffer;
import java.nio.channels.FileChannel;

/// A part of a file in memory: it moves over the file, so that a file of any size takes the memory
/// of one window.
///
/// The part is copied, not mapped: that the kernel maps each page of a file and forgets it again
/// takes longer than to copy it, and what was just copied is in the processor's cache. The packets
/// of a capture are a chain, where the next one begins stands in the one before it, so that
/// following it would wait for memory at each step.
final class Window {

    private static final int CACHE_LINE = 64;

    /// Fits into a processor's second cache with what else is in use.
    private static final int SIZE = 512 << 10;

    /// Most packets are smaller.
    private static final int SINGLE_PACKET = 2 << 10;

    private final FileChannel channel;
    private final String name;
    private final long fileSize;
    private int step = SIZE;

    /// What is in memory from here on stays there.
    private long kept = Long.MAX_VALUE;

    private ByteBuffer bigEndian = ByteBuffer.allocateDirect(0);
    private ByteBuffer littleEndian = bigEndian;

    /// The same bytes as numbers of 8 bytes, from each of the first 8 bytes on.
    private final LongBuffer[] words = new LongBuffer[Long.BYTES];

    /// The file's part in memory is from `start` to `end`.
    private long start;

    private long end;

    Window(CaptureFile file) {
        this.channel = file.channel();
        this.name = file.name();
        this.fileSize = file.size();
    }

    long fileSize() {
        return fileSize;
    }

    /// From now on single packets are looked at: no more than one is read at once.
    void lookAtSinglePackets() {
        step = SINGLE_PACKET;
    }

    /// Puts `size` bytes at `offset` into memory, or what the file has of them, and keeps them
    /// there until the next call: the window grows when more is asked for.
    void load(long offset, int size) throws IOException {
        kept = offset;
        start = offset;
        end = offset;
        step = SINGLE_PACKET;
        if (offset < fileSize) {
            move(offset, (int) Math.min(size, fileSize - offset));
        }
    }

    /// The bytes in memory, big endian; the byte at file offset `offset` has index [#index].
    ByteBuffer bytes() {
        return bigEndian;
    }

    /// The same bytes, little endian.
    ByteBuffer littleEndianBytes() {
        return littleEndian;
    }

    /// Numbers of 8 bytes in little endian, of which one begins at `index`: at [#word].
    ///
    /// The quick compiler's code takes a number that [ByteBuffer#getLong] reads at an odd place
    /// apart, and reads one of these in one move.
    LongBuffer words(int index) {
        return words[index & Long.BYTES - 1];
    }

    /// The index in [#words] of the number that begins at `index`.
    static int word(int index) {
        return index >>> 3;
    }

    /// Where what is in memory ends.
    long end() {
        return end;
    }

    int index(long offset) {
        return (int) (offset - start);
    }

    /// Makes `count` bytes at `offset` readable; false if the file ends before.
    ///
    /// @throws CaptureException if the file has become shorter
    boolean cover(long offset, long count) throws IOException {
        if (offset + count <= end && offset >= start) {
            return true;
        }
        if (count > fileSize - offset) {
            return false;
        }
        long to = Math.min(kept, offset);
        long size = Math.min(offset - to + Math.max(step, count), fileSize - to);
        move(to, Math.toIntExact(size));
        return true;
    }

    /// Moves to `offset`, and keeps what is in memory from there on.
    private void move(long offset, int size) throws IOException {
        ByteBuffer old = bigEndian;
        if (size > old.capacity()) {
            // A little more, so that each of the words begins in it.
            bigEndian = onCacheLine(size + Long.BYTES);
            littleEndian = bigEndian.duplicate().order(ByteOrder.LITTLE_ENDIAN);
            for (int i = 0; i < words.length; i++) {
                words[i] =
                        littleEndian
                                .position(i)
                                .slice()
                                .order(ByteOrder.LITTLE_ENDIAN)
                                .asLongBuffer();
            }
            littleEndian.position(0);
        }
        int known = offset >= start && offset < end ? (int) (end - offset) : 0;
        int from = known > 0 ? index(offset) : 0;
        bigEndian.put(0, old, from, known).limit(size).position(known);
        while (bigEndian.hasRemaining()) {
            if (channel.read(bigEndian, offset + bigEndian.position()) < 0) {
                throw new CaptureException(name + ": became shorter while it was read");
            }
        }
        bigEndian.limit(bigEndian.capacity());
        start = offset;
        end = offset + size;
    }

    /// A buffer that begins with a cache line. Memory of this size begins 16 bytes after a page
    /// does, where malloc's own bytes end: from the page cache to there, an AMD Zen 3 copies at a
    /// sixth of its speed (the `rep movsb` of
    /// https://xuanwo.io/2023/04-rust-std-fs-slower-than-python).
    private static ByteBuffer onCacheLine(int size) {
        return ByteBuffer.allocateDirect(size + 2 * CACHE_LINE).alignedSlice(CACHE_LINE);
    }
}
