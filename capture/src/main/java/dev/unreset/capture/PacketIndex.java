package dev.unreset.capture;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;

/// Where packets stand in their files, and the hash of each one's flow: so that those of some flows
/// are found again without reading the others. [#ROW] bytes for each packet, outside the heap.
final class PacketIndex implements AutoCloseable {

    private static final int ROW = 20;
    private static final int HASH = 0;
    private static final int OFFSET = 4;
    private static final int NUMBER = 12;
    private static final int FILE_BITS = 16;
    private static final int ROWS_OF_CHUNK = 1 << 16;

    private final long most;
    private final Arena arena = Arena.ofConfined();
    private final List<ByteBuffer> chunks = new ArrayList<>();
    private long count;
    private boolean complete = true;

    /// Gets packets, in the order in which they were added.
    interface Visitor {

        /// One packet.
        ///
        /// @param file index of its file
        /// @param offset of its record in the file
        /// @param number in the file, from 1
        void packet(int hash, int file, long offset, long number) throws IOException;
    }

    /// @param most packets that it takes: the first that is left out makes it incomplete
    PacketIndex(long most) {
        this.most = most;
    }

    /// Whether it has taken all that was added.
    boolean isComplete() {
        return complete;
    }

    void add(PacketBatch packets) {
        for (int i = 0; i < packets.count; i++) {
            add(packets, i);
        }
    }

    void add(PacketBatch packets, int i) {
        if (count == most) {
            complete = false;
            return;
        }
        int row = (int) (count++ % ROWS_OF_CHUNK);
        if (row == 0) {
            chunks.add(
                    arena.allocate((long) ROWS_OF_CHUNK * ROW)
                            .asByteBuffer()
                            .order(ByteOrder.nativeOrder()));
        }
        ByteBuffer chunk = chunks.getLast();
        int at = row * ROW;
        chunk.putInt(at + HASH, packets.hash[i]);
        chunk.putLong(at + OFFSET, packets.offset[i]);
        chunk.putLong(at + NUMBER, packets.number[i] << FILE_BITS | packets.file[i]);
    }

    void forEach(Visitor visitor) throws IOException {
        for (long i = 0; i < count; i++) {
            ByteBuffer chunk = chunks.get((int) (i / ROWS_OF_CHUNK));
            int at = (int) (i % ROWS_OF_CHUNK) * ROW;
            long number = chunk.getLong(at + NUMBER);
            visitor.packet(
                    chunk.getInt(at + HASH),
                    (int) number & (1 << FILE_BITS) - 1,
                    chunk.getLong(at + OFFSET),
                    number >>> FILE_BITS);
        }
    }

    @Override
    public void close() {
        arena.close();
    }
}
