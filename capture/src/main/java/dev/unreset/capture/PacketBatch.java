package dev.unreset.capture;

import java.nio.LongBuffer;
import java.util.Arrays;
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

    // Where its bytes are in memory, and what they are, until it is decoded.
    final int[] at;
    final int[] captured;
    final int[] linkType;

    /// EtherType 0x0800, read in little endian.
    private static final int IPV4_SWAPPED = 0x0008;

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
        at = new int[most];
        captured = new int[most];
        linkType = new int[most];
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
        at[row] = cursor.at();
        captured[row] = cursor.capturedBytes;
        linkType[row] = cursor.linkType;
    }

    /// Completes the places of rows that follow each other in the first file, after packet
    /// `before`.
    void samePlace(int from, int to, int type, long before) {
        Arrays.fill(linkType, from, to, type);
        Arrays.fill(file, from, to, 0);
        for (int row = from; row < to; row++) {
            number[row] = before + 1 + row - from;
        }
    }

    /// Decodes the packet in `row`, which has its place, if it is TCP in IPv4 in Ethernet without
    /// options before it, and all of its headers are there: nearly every one is. It is read in as
    /// few numbers as can be; what [Decoder] finds in it is the same.
    ///
    /// ```
    /// 14  version and header length(1) class(1) length(2) id(2) flags and fragment offset(2)
    /// 22  time to live(1) protocol(1) checksum(2) source(4)
    /// 30  target(4) ports(2+2) sequence(4) acknowledged(4) header length and flags(2)
    /// ```
    ///
    /// @return whether it was one of these
    boolean plainPacket(int row, Window window) {
        int ethernet = at[row] + 6;
        if (captured[row] < 54 || linkType[row] != LinkTypes.ETHERNET) {
            return false;
        }
        LongBuffer words = window.words(ethernet);
        int word = Window.word(ethernet);
        long version = words.get(word + 1);
        long protocol = words.get(word + 2);
        boolean plain =
                words.get(word) >>> 48 == IPV4_SWAPPED
                        && (version & 0xff) == 0x45
                        && (protocol & 0xff00) == Decoder.PROTOCOL_TCP << 8
                        && (version >>> 48 & 0xff1f) == 0;
        int length = uint16(version >>> 16);
        if (!plain || length < 20) {
            return false;
        }
        long target = words.get(word + 3);
        long numbers = words.get(word + 4);
        int lengthAndFlags = uint16(words.get(word + 5));
        ipv4(
                row,
                uint32(protocol >>> 32),
                uint32(target),
                Integer.reverseBytes((int) (target >>> 32)));
        int headers = 20 + Math.max(20, (lengthAndFlags >> 12) * 4);
        segment(
                row,
                Integer.reverseBytes((int) numbers),
                Integer.reverseBytes((int) (numbers >>> 32)),
                lengthAndFlags & 0x0fff,
                Math.max(0, length - headers),
                uint16(version >>> 32));
        return true;
    }

    private void ipv4(int row, long source, long target, int bothPorts) {
        sourceHigh[row] = Decoder.IPV4_MARK;
        sourceLow[row] = source;
        targetHigh[row] = Decoder.IPV4_MARK;
        targetLow[row] = target;
        ports[row] = bothPorts;
        hash[row] = FlowTable.hash(Decoder.IPV4_MARK, source, Decoder.IPV4_MARK, target, bothPorts);
    }

    /// The lowest 16 bits of little-endian `bytes`, as a big-endian number.
    private static int uint16(long bytes) {
        return ((int) (bytes & 0xff) << 8) | ((int) (bytes >>> 8) & 0xff);
    }

    private static long uint32(long bytes) {
        return Integer.toUnsignedLong(Integer.reverseBytes((int) bytes));
    }

    /// Puts into `row`, which has its place, the packet that `decoder` has just decoded.
    void packet(int row, Decoder decoder) {
        flow(row, decoder);
        segment(
                row,
                decoder.sequence,
                decoder.acknowledged,
                decoder.flags,
                decoder.payloadBytes,
                decoder.ipId);
    }

    private void segment(int row, int number, int acknowledged, int bits, int length, int ipId) {
        flags[row] = bits;
        sequence[row] = number;
        payloadBytes[row] = length;
        long mixed = ((long) number << 32) | (acknowledged & 0xffff_ffffL);
        mixed = mixed * 0x9e3779b97f4a7c15L + bits;
        mixed = mixed * 0xbf58476d1ce4e5b9L + length;
        signature[row] = (mixed + ipId + 1) * 0x94d049bb133111ebL;
        if (nanos[row] > latestNanos) {
            latestNanos = nanos[row];
        }
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
}
