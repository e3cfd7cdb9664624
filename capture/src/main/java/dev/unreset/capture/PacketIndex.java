package dev.unreset.capture;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/// Where packets stand in their files, and the hash of each one's flow: so that those of some flows
/// are found again without reading the others. 16 bytes for each packet.
final class PacketIndex {

    /// Of a place, the bits below the number of the file: enough for 256 TiB.
    private static final int OFFSET_BITS = 48;

    private static final int ROWS_OF_CHUNK = 1 << 16;

    private final long most;
    private final List<Chunk> chunks = new ArrayList<>();
    private Chunk last = new Chunk(0);
    private boolean complete = true;

    /// Some packets, in columns: hashes are looked through alone.
    private static final class Chunk {
        final int[] hashes;

        /// In their files, from 1; unsigned.
        final int[] numbers;

        /// File and offset.
        final long[] places;

        int count;

        Chunk(int rows) {
            hashes = new int[rows];
            numbers = new int[rows];
            places = new long[rows];
        }
    }

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

    void add(PacketBatch packets, int row) {
        Chunk chunk = last;
        if (chunk.count == chunk.hashes.length) {
            if (!addChunk()) {
                return;
            }
            chunk = last;
        }
        int i = chunk.count++;
        chunk.hashes[i] = packets.hash[row];
        chunk.numbers[i] = (int) packets.number[row];
        chunk.places[i] = (long) packets.file[row] << OFFSET_BITS | packets.offset[row];
    }

    private boolean addChunk() {
        complete = (chunks.size() + 1L) * ROWS_OF_CHUNK <= most;
        if (complete) {
            last = new Chunk(ROWS_OF_CHUNK);
            chunks.add(last);
        }
        return complete;
    }

    /// Visits the packets whose hash is wanted.
    void forEach(IntPredicate wantedHash, Visitor visitor) throws IOException {
        for (Chunk chunk : chunks) {
            for (int i = 0; i < chunk.count; i++) {
                if (wantedHash.test(chunk.hashes[i])) {
                    long place = chunk.places[i];
                    visitor.packet(
                            (int) (place >>> OFFSET_BITS),
                            place & (1L << OFFSET_BITS) - 1,
                            Integer.toUnsignedLong(chunk.numbers[i]));
                }
            }
        }
    }
}
