package dev.unreset.capture;

/// Decoded TCP packets in columns: what the reader hands to the one who follows the flows. A row is
/// one packet.
///
/// It is filled and read again and again, so that no packet makes an object; it is small enough to
/// stay in the processor's cache.
final class PacketBatch {

    private static final int SIZE = 2048;

    /// Rows in use.
    int count;

    // The flow, as in Decoder.
    final long[] sourceHigh = new long[SIZE];
    final long[] sourceLow = new long[SIZE];
    final long[] targetHigh = new long[SIZE];
    final long[] targetLow = new long[SIZE];

    /// The source's port in the upper half, the target's in the lower.
    final int[] ports = new int[SIZE];

    /// [FlowTable#hash]; the same for both directions.
    final int[] hash = new int[SIZE];

    // The packet.
    final long[] nanos = new long[SIZE];
    final int[] flags = new int[SIZE];
    final int[] sequence = new int[SIZE];
    final int[] payloadBytes = new int[SIZE];

    /// Two packets with the same signature are the same packet, seen twice.
    final long[] signature = new long[SIZE];

    // Where it stands.
    final int[] file = new int[SIZE];
    final long[] number = new long[SIZE];

    /// Of its record, the header included.
    final long[] offset = new long[SIZE];

    boolean isFull() {
        return count == SIZE;
    }

    /// Adds the packet at which `cursor` stands and which `decoder` has just decoded.
    void add(Decoder decoder, Cursor cursor, int fileIndex) {
        int row = count++;
        flow(row, decoder);
        nanos[row] = cursor.timeNanos;
        flags[row] = decoder.flags;
        sequence[row] = decoder.sequence;
        payloadBytes[row] = decoder.payloadBytes;
        signature[row] = signature(decoder);
        file[row] = fileIndex;
        number[row] = cursor.number;
        offset[row] = cursor.recordOffset;
    }

    private void flow(int row, Decoder decoder) {
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
                        ports[row]);
    }

    /// Adds a row that only names a flow.
    void add(Endpoint from, Endpoint to) {
        int row = count++;
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
