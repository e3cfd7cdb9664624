package dev.unreset.capture;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/// Where packets stand in their files, and the hash of each one's flow: so that those of some flows
/// are found again without reading the others. 20 bytes for each packet, outside the heap.
final class PacketIndex {

    private static final int FILE_BITS = 16;
    private static final int ROWS_OF_CHUNK = 1 << 16;

    private final long most;
    private final Arena arena = Arena.ofAuto();
    private final List<Chunk> chunks = new ArrayList<>();
    private Chunk last = new Chunk(IntBuffer.allocate(0), LongBuffer.allocate(0));
    private boolean complete = true;

    /// Some packets, in columns: hashes are looked through alone.
    ///
    /// @param places two numbers for each packet: the offset, and number and file
    private record Chunk(IntBuffer hashes, LongBuffer places) {}

    /// Gets packets, in the order in which they were added.
    interface Visitor {

        /// One packet.
        ///
        /// @param file index of its file
        /// @param offset of its record in the file
        /// @param number in the file, from 1
        void packet(int file, long offset, long number) throws IOException;
    }

    /// @param most packets that it takes, in whole chunks: the first that is left out makes it
    ///   incomplete
    PacketIndex(long most) {
        this.most = most;
    }

    /// Whether it has taken all that was added.
    boolean isComplete() {
        return complete;
    }

    void add(PacketBatch packets, PacketBatch.Share rows) {
        for (int i = 0; i < rows.count; i++) {
            add(packets, rows.rows[i]);
        }
    }

    void add(PacketBatch packets, int i) {
        if (!last.hashes().hasRemaining() && !addChunk()) {
            return;
        }
        last.hashes().put(packets.hash[i]);
        last.places().put(packets.offset[i]).put(packets.number[i] << FILE_BITS | packets.file[i]);
    }

    private boolean addChunk() {
        complete = (chunks.size() + 1L) * ROWS_OF_CHUNK <= most;
        if (complete) {
            last =
                    new Chunk(
                            column((long) ROWS_OF_CHUNK * Integer.BYTES).asIntBuffer(),
                            column((long) ROWS_OF_CHUNK * 2 * Long.BYTES).asLongBuffer());
            chunks.add(last);
        }
        return complete;
    }

    private ByteBuffer column(long bytes) {
        return arena.allocate(bytes, Long.BYTES).asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /// Visits the packets whose hash is wanted.
    void forEach(IntPredicate wantedHash, Visitor visitor) throws IOException {
        for (Chunk chunk : chunks) {
            for (int i = 0; i < chunk.hashes().position(); i++) {
                if (wantedHash.test(chunk.hashes().get(i))) {
                    long number = chunk.places().get(2 * i + 1);
                    visitor.packet(
                            (int) number & (1 << FILE_BITS) - 1,
                            chunk.places().get(2 * i),
                            number >>> FILE_BITS);
                }
            }
        }
    }
}
