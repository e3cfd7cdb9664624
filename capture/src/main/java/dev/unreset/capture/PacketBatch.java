package dev.unreset.capture;

import java.util.function.IntConsumer;

/// Packets in columns: what the reader hands to those who follow the flows. A row is one packet.
///
/// It is filled and read again and again, so that no packet makes an object. Whoever follows the
/// flows looks at the rows of one share: all packets of a flow are in the same.
final class PacketBatch {

    /// A flow belongs to one of so many shares, by its hash.
    static final int SHARES = 2;

    // The flow, as in Decoder.
    final long[] sourceHigh;
    final long[] sourceLow;
    final long[] targetHigh;
    final long[] targetLow;

    /// The source's port in the upper half, the target's in the lower.
    final int[] ports;

    /// [FlowTable#hash]; the same for both directions.
    final int[] hash;

    // The packet.
    final long[] nanos;
    final int[] flags;
    final int[] sequence;
    final int[] payloadBytes;

    /// Two packets with the same signature are the same packet, seen twice.
    final long[] signature;

    // Where it stands.
    final int[] file;
    final long[] number;

    /// Of its record, the header included.
    final long[] offset;

    private final Share[] shares = new Share[SHARES];

    /// The time of its last packet, or of the latest.
    long latestNanos;

    /// The rows of one share, in order.
    static final class Share {
        final int[] rows;
        int count;

        private Share(int most) {
            rows = new int[most];
        }
    }

    /// @param most rows that it takes
    PacketBatch(int most) {
        sourceHigh = new long[most];
        sourceLow = new long[most];
        targetHigh = new long[most];
        targetLow = new long[most];
        ports = new int[most];
        hash = new int[most];
        nanos = new long[most];
        flags = new int[most];
        sequence = new int[most];
        payloadBytes = new int[most];
        signature = new long[most];
        file = new int[most];
        number = new long[most];
        offset = new long[most];
        for (int i = 0; i < SHARES; i++) {
            shares[i] = new Share(most);
        }
    }

    Share share(int index) {
        return shares[index];
    }

    /// Visits the rows of all shares, in order.
    void forEachRow(IntConsumer visitor) {
        int[] next = new int[SHARES];
        while (true) {
            int least = -1;
            for (int i = 0; i < SHARES; i++) {
                boolean earlier =
                        next[i] < shares[i].count
                                && (least < 0
                                        || shares[i].rows[next[i]]
                                                < shares[least].rows[next[least]]);
                least = earlier ? i : least;
            }
            if (least < 0) {
                return;
            }
            visitor.accept(shares[least].rows[next[least]++]);
        }
    }

    void clear() {
        latestNanos = Long.MIN_VALUE;
        for (Share share : shares) {
            share.count = 0;
        }
    }

    /// Puts into `row` where the packet stands at which `cursor` is.
    void place(int row, Cursor cursor, int fileIndex) {
        nanos[row] = cursor.timeNanos;
        file[row] = fileIndex;
        number[row] = cursor.number;
        offset[row] = cursor.recordOffset;
    }

    /// Puts into `row`, which has its place, the packet that `decoder` has just decoded.
    void packet(int row, Decoder decoder) {
        flow(row, decoder);
        flags[row] = decoder.flags;
        sequence[row] = decoder.sequence;
        payloadBytes[row] = decoder.payloadBytes;
        signature[row] = signature(decoder);
        latestNanos = Math.max(latestNanos, nanos[row]);
        Share share = shares[hash[row] >>> 31];
        share.rows[share.count++] = row;
    }

    /// Makes `row` name the flow of the packet that `decoder` has just decoded.
    void flow(int row, Decoder decoder) {
        sourceHigh[row] = decoder.sourceHigh;
        sourceLow[row] = decoder.sourceLow;
        targetHigh[row] = decoder.targetHigh;
        targetLow[row] = decoder.targetLow;
        ports[row] = decoder.ports;
        hash[row] =
                FlowTable.hash(
                        decoder.sourceHigh,
                        decoder.sourceLow,
                        decoder.targetHigh,
                        decoder.targetLow,
                        decoder.ports);
    }

    /// Makes `row` name a flow, and no packet.
    void flow(int row, Endpoint from, Endpoint to) {
        sourceHigh[row] = from.high();
        sourceLow[row] = from.low();
        targetHigh[row] = to.high();
        targetLow[row] = to.low();
        ports[row] = from.port() << 16 | to.port();
        hash[row] = FlowTable.hash(from.high(), from.low(), to.high(), to.low(), ports[row]);
    }

    private static long signature(Decoder packet) {
        long mixed =
                Integer.toUnsignedLong(packet.sequence) << 32
                        | Integer.toUnsignedLong(packet.acknowledged);
        mixed = mixed * 0x9e3779b97f4a7c15L + packet.flags;
        mixed = mixed * 0xbf58476d1ce4e5b9L + packet.payloadBytes;
        return mixed * 0x94d049bb133111ebL + packet.ipId + 1;
    }
}
