package dev.unreset.capture;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Where packets stand in their files, and the connection of each: so that those of some are found
/// again without reading the others. Of a packet that follows soon after another in its file, 8
/// bytes; of others, up to 24.
final class PacketIndex {

    // A step from a packet to the next: how far apart their records begin, and, below that, their
    // numbers. It is laid out as a place in a batch, so that it is the difference of two.
    private static final int NUMBER_BITS = PacketBatch.INDEX_BITS;
    private static final int MOST_NUMBERS = (1 << NUMBER_BITS) - 1;
    private static final int MOST_BYTES = (1 << (32 - NUMBER_BITS)) - 1;

    /// No step: what comes next is in `jumps`.
    private static final int JUMP = 0;

    /// Of a jump, the bits below the number of the file: enough for 256 TiB.
    private static final int OFFSET_BITS = 48;

    private static final int STEPS_OF_CHUNK = 1 << 16;

    private final long most;
    private final List<Chunk> chunks = new ArrayList<>();
    private Chunk last = new Chunk(0);
    private boolean complete = true;

    // The packet added last.
    private int file;
    private long offset;
    private long number;

    /// Some packets, in columns: connections are looked through alone.
    private static final class Chunk {
        final int[] names;
        final int[] steps;
        int count;

        /// File and offset, and then the number, of each packet to which there is no step.
        private long[] jumps = {};

        private int jumpCount;

        Chunk(int packets) {
            names = new int[packets];
            steps = new int[packets];
        }

        void addJump(int file, long offset, long number) {
            if (jumpCount + 2 > jumps.length) {
                jumps = Arrays.copyOf(jumps, Math.max(2, jumps.length * 2));
            }
            jumps[jumpCount++] = (long) file << OFFSET_BITS | offset;
            jumps[jumpCount++] = number;
        }
    }

    /// Gets packets, in the order in which they were added.
    interface Visitor {

        /// One packet.
        ///
        /// @param name that was added with it
        /// @param file index of its file
        /// @param offset of its record in the file
        /// @param number in the file, from 1
        void packet(int name, int file, long offset, long number) throws IOException;
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

    /// Adds the packets of all rows.
    ///
    /// @param names of their connections ([FlowTable#name])
    void add(PacketBatch packets, PacketRows rows, int[] names) {
        int row = 0;
        while (row < rows.count()) {
            add(packets, rows, row, names[row]);
            row++;
            if (!packets.isOfSeveralFiles()) {
                row = addSteps(packets, rows, row, names);
            }
        }
    }

    /// Adds the packets of rows from `from` on, for which the chunk has room. They are in the file
    /// of the packet added last: what lies between two places is a step.
    ///
    /// @return the row after them
    private int addSteps(PacketBatch packets, PacketRows rows, int from, int[] names) {
        Chunk chunk = last;
        int count = chunk.count;
        int to = Math.min(rows.count(), from + chunk.names.length - count);
        if (to <= from) {
            return from;
        }
        int[] ofChunk = chunk.names;
        int[] steps = chunk.steps;
        long[] words = rows.words();
        int place = rows.place(from - 1);
        for (int row = from; row < to; row++) {
            int next = (int) words[row * PacketRows.WORDS + PacketRows.SIGNATURE_AND_PLACE];
            ofChunk[count] = names[row];
            steps[count++] = next - place;
            place = next;
        }
        chunk.count = count;
        offset = packets.offset(place);
        number = packets.number(place);
        return to;
    }

    /// Adds the packet of a row.
    void add(PacketBatch packets, PacketRows rows, int row, int name) {
        Chunk chunk = last;
        if (chunk.count == chunk.names.length) {
            if (!addChunk()) {
                return;
            }
            chunk = last;
        }
        int place = rows.place(row);
        int inFile = packets.file(place);
        long at = packets.offset(place);
        long count = packets.number(place);
        long bytes = at - offset;
        long numbers = count - number;
        int i = chunk.count++;
        boolean isStep =
                i > 0
                        && inFile == file
                        && bytes > 0
                        && bytes <= MOST_BYTES
                        && numbers > 0
                        && numbers <= MOST_NUMBERS;
        chunk.names[i] = name;
        chunk.steps[i] = isStep ? (int) bytes << NUMBER_BITS | (int) numbers : JUMP;
        if (!isStep) {
            chunk.addJump(inFile, at, count);
        }
        file = inFile;
        offset = at;
        number = count;
    }

    private boolean addChunk() {
        complete = (chunks.size() + 1L) * STEPS_OF_CHUNK <= most;
        if (complete) {
            last = new Chunk(STEPS_OF_CHUNK);
            chunks.add(last);
        }
        return complete;
    }

    /// Visits the packets of all connections on the flows in `wanted`.
    void forEach(FlowSet wanted, Visitor visitor) throws IOException {
        for (Chunk chunk : chunks) {
            int jump = 0;
            int in = 0;
            long at = 0;
            long count = 0;
            for (int i = 0; i < chunk.count; i++) {
                int step = chunk.steps[i];
                if (step == JUMP) {
                    in = (int) (chunk.jumps[jump] >>> OFFSET_BITS);
                    at = chunk.jumps[jump] & (1L << OFFSET_BITS) - 1;
                    count = chunk.jumps[jump + 1];
                    jump += 2;
                } else {
                    at += step >>> NUMBER_BITS;
                    count += step & MOST_NUMBERS;
                }
                int name = chunk.names[i];
                if (wanted.has(FlowTable.flow(name))) {
                    visitor.packet(name, in, at, count);
                }
            }
        }
    }
}
