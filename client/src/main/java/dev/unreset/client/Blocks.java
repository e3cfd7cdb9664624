package dev.unreset.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/// Content on its way to disk: blocks of memory that are filled, written whole, and kept for
/// whoever reads the content in its order, as long as there is room.
///
/// ```
/// filling ─full, or left─▶ written ─▶ kept ─read, or no room─▶ free
/// ```
///
/// Thread-safe; a block is filled by one thread at a time.
final class Blocks {

    /// Blocks of every size end at the multiples of this.
    static final int LARGEST = 1 << 20;

    private static final int SMALLEST = 64 << 10;

    /// What may be kept in memory at most.
    private static final int MOST_BYTES = 40 << 20;

    private final DiskFile disk;
    private final int size;
    private final NavigableMap<Long, Block> blocks = new TreeMap<>();
    private final Deque<ByteBuffer> free = new ArrayDeque<>();
    private int buffers;
    private long keptFrom = Long.MAX_VALUE;

    /// A block of content in memory. It ends where the next block of the file begins, wherever it
    /// begins itself.
    final class Block {
        private final long from;
        private final ByteBuffer memory;
        private final int capacity;
        private int length;
        private int readers;
        private boolean held = true;
        private boolean leaving;
        private boolean written;

        private Block(long from, int capacity, ByteBuffer memory) {
            this.from = from;
            this.capacity = capacity;
            this.memory = memory;
        }

        int capacity() {
            return capacity;
        }

        int length() {
            synchronized (Blocks.this) {
                return length;
            }
        }

        boolean isFull() {
            return length() == capacity;
        }

        Segments.Span span() {
            return new Segments.Span(from, end());
        }

        long end() {
            return from + length();
        }

        private boolean isFilling() {
            return !leaving;
        }

        private boolean isLeft() {
            return !leaving && !held;
        }

        /// The memory that is not filled yet.
        ByteBuffer room() {
            int at = length();
            return memory.slice(at, capacity - at);
        }

        /// Takes as many of `bytes` as there is room for; returns how many.
        ///
        /// @param inPlace whether they are the first bytes of [#room] already
        int fill(ByteBuffer bytes, boolean inPlace) {
            int at = length();
            int count = Math.min(bytes.remaining(), capacity - at);
            if (!inPlace) {
                memory.put(at, bytes, bytes.position(), count);
            }
            bytes.position(bytes.position() + count);
            synchronized (Blocks.this) {
                length += count;
            }
            return count;
        }
    }

    /// @param writers how many blocks are going to be filled at a time
    /// @param most how many bytes those may have together
    Blocks(DiskFile disk, int writers, long most) {
        this.disk = disk;
        this.size =
                Math.clamp(
                        Long.highestOneBit(Math.max(1, most / Math.max(1, writers))),
                        SMALLEST,
                        LARGEST);
    }

    /// How many bytes a block that begins at `offset` can take.
    int capacityAt(long offset) {
        return size - (int) (offset % size);
    }

    /// The block that goes on at `offset`, if there is one; the caller holds it.
    synchronized Optional<Block> filling(long offset) {
        var before = blocks.lowerEntry(offset);
        if (before == null || !before.getValue().isLeft() || before.getValue().end() != offset) {
            return Optional.empty();
        }
        before.getValue().held = true;
        return Optional.of(before.getValue());
    }

    /// Begins a block at `offset`; the caller holds it.
    synchronized Block begin(long offset, int capacity) {
        Block block = new Block(offset, capacity, memory());
        blocks.put(offset, block);
        return block;
    }

    /// The caller no longer holds the block. True if it was empty, and is gone.
    synchronized boolean leave(Block block) {
        block.held = false;
        if (block.length == 0) {
            drop(block);
            return true;
        }
        return false;
    }

    private ByteBuffer memory() {
        if (free.isEmpty() && (long) buffers * size >= MOST_BYTES) {
            // The one that would be read last.
            blocks.descendingMap().values().stream()
                    .filter(block -> block.written && block.readers == 0)
                    .findFirst()
                    .ifPresent(this::drop);
        }
        if (free.isEmpty()) {
            buffers++;
            return disk.allocate(size);
        }
        return free.pop();
    }

    private void drop(Block block) {
        blocks.remove(block.from, block);
        free.push(block.memory);
    }

    /// The room of the blocks that are being filled.
    synchronized long fillingBytes() {
        return blocks.values().stream().filter(Block::isFilling).mapToLong(Block::capacity).sum();
    }

    /// A block that is not full and that nobody holds, the one with the most bytes; the caller
    /// holds it.
    synchronized Optional<Block> left() {
        Optional<Block> left =
                blocks.values().stream()
                        .filter(Block::isLeft)
                        .max(Comparator.comparingInt(Block::length));
        left.ifPresent(block -> block.held = true);
        return left;
    }

    /// Writes what the block holds, which is the caller's; it takes no more.
    void writeOut(Block block) throws IOException {
        ByteBuffer bytes;
        synchronized (this) {
            block.leaving = true;
            bytes = block.memory.slice(0, block.length);
        }
        disk.write(bytes, block.from);
        synchronized (this) {
            block.written = true;
            dropIfRead(block);
        }
    }

    private void dropIfRead(Block block) {
        if (block.written && block.readers == 0 && block.end() <= keptFrom) {
            drop(block);
        }
    }

    /// From now on, blocks that end after `offset` are kept; `Long.MAX_VALUE`: none is.
    synchronized void keepFrom(long offset) {
        keptFrom = offset;
        for (Block block : new ArrayList<>(blocks.headMap(offset).values())) {
            dropIfRead(block);
        }
    }

    /// Gives `reader` some of the bytes from `from` to `to`, which must be there, beginning with
    /// the first; returns how many.
    int read(long from, long to, Consumer<ByteBuffer> reader) throws IOException {
        Block block = null;
        ByteBuffer bytes;
        synchronized (this) {
            var entry = blocks.floorEntry(from);
            if (entry != null && entry.getValue().end() > from) {
                block = entry.getValue();
                block.readers++;
                int first = (int) (from - block.from);
                bytes = block.memory.slice(first, (int) Math.min(block.length - first, to - from));
            } else {
                Long next = blocks.higherKey(from);
                long end = next == null ? to : Math.min(to, next);
                bytes = ByteBuffer.allocate((int) Math.min(LARGEST, end - from));
            }
        }
        if (block == null) {
            disk.read(bytes, from);
            bytes.flip();
        }
        int count = bytes.remaining();
        if (count == 0) {
            throw new IOException("part file: ends at byte " + from + " (expected: " + to + ")");
        }
        try {
            reader.accept(bytes.asReadOnlyBuffer());
        } finally {
            if (block != null) {
                done(block);
            }
        }
        return count;
    }

    private synchronized void done(Block block) {
        block.readers--;
        dropIfRead(block);
    }

    /// Forgets everything. Only while nobody writes.
    synchronized void clear() {
        keptFrom = Long.MAX_VALUE;
        for (Block block : new ArrayList<>(blocks.values())) {
            block.written = true;
            dropIfRead(block);
        }
        blocks.clear();
    }
}
