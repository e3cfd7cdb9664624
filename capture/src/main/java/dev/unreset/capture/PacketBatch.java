package dev.unreset.capture;

import java.nio.LongBuffer;
import java.util.Arrays;

/// Packets that follow each other: where they are in memory, and then a row for each TCP segment
/// among them. What the reader hands to those who follow the flows.
///
/// It is filled and read again and again, so that no packet makes an object. Whoever follows the
/// flows looks at the rows of one share: all packets of a flow are in the same.
final class PacketBatch {

    /// A flow belongs to one of so many shares, by its hash.
    static final int SHARES = 2;

    /// The records of a batch from one file begin within so many bytes.
    static final int MOST_BYTES = 256 << 10;

    /// A packet that [#plainPacket] leaves to the [Decoder].
    static final int NOT_PLAIN = -1;

    private static final int FIRST_ROOM = 1 << 10;

    // A frame: where it begins in memory, how many bytes of it there are, and its link type.
    private static final int AT_SHIFT = 36;
    private static final int CAPTURED_SHIFT = 16;
    private static final int CAPTURED_MASK = (1 << (AT_SHIFT - CAPTURED_SHIFT)) - 1;
    private static final int TYPE_MASK = (1 << CAPTURED_SHIFT) - 1;

    /// A place: how many packets of the batch are before it, and above that how far after the
    /// batch's start its record begins; with several files, nobody looks at that. A record takes at
    /// least 16 bytes.
    private static final int INDEX_BITS = 14;

    private static final int INDEX_MASK = (1 << INDEX_BITS) - 1;

    /// EtherType 0x0800, read in little endian.
    private static final int IPV4_SWAPPED = 0x0008;

    private final PacketRows[] shares = new PacketRows[SHARES];

    // The packets in memory.
    long[] nanos = new long[FIRST_ROOM];
    long[] frames = new long[FIRST_ROOM];

    /// Where their records begin, after the start, if all are in one file.
    int[] records = new int[FIRST_ROOM];

    int count;

    // Where they are in a file, if all are in one.
    private long start;
    private long numberBefore;

    // Where they are in files, if there are several.
    private int[] files = {};
    private long[] offsets = {};
    private long[] numbers = {};

    /// The greatest time of a segment.
    private long latestNanos;

    PacketBatch() {
        for (int i = 0; i < SHARES; i++) {
            shares[i] = new PacketRows(FIRST_ROOM);
        }
    }

    PacketRows share(int index) {
        return shares[index];
    }

    /// Where its packets may begin, in the file.
    long start() {
        return start;
    }

    long latestNanos() {
        return latestNanos;
    }

    /// Gets rows.
    interface RowVisitor {
        void row(PacketRows rows, int row);
    }

    /// Empties it.
    ///
    /// @param offset in the file, where its packets may begin
    /// @param before number of the packet before them
    void begin(long offset, long before) {
        start = offset;
        numberBefore = before;
        count = 0;
        latestNanos = Long.MIN_VALUE;
        for (PacketRows share : shares) {
            share.clear();
        }
    }

    /// Makes room for more packets.
    void grow() {
        int room = nanos.length * 2;
        nanos = Arrays.copyOf(nanos, room);
        frames = Arrays.copyOf(frames, room);
        records = Arrays.copyOf(records, room);
    }

    /// What [#frames] says of a packet's bytes.
    static long frame(int at, int captured, int linkType) {
        return (long) at << AT_SHIFT | (long) captured << CAPTURED_SHIFT | (linkType & TYPE_MASK);
    }

    /// Adds the packet at which `cursor` is.
    void add(Cursor cursor) {
        if (count == nanos.length) {
            grow();
        }
        nanos[count] = cursor.timeNanos;
        frames[count] = frame(cursor.at(), cursor.capturedBytes, cursor.linkType);
        records[count++] = (int) (cursor.recordOffset - start);
    }

    /// Adds the packet at which `cursor` is, in one of several files.
    void add(Cursor cursor, int file) {
        add(cursor);
        if (count > files.length) {
            files = Arrays.copyOf(files, nanos.length);
            offsets = Arrays.copyOf(offsets, nanos.length);
            numbers = Arrays.copyOf(numbers, nanos.length);
        }
        files[count - 1] = file;
        offsets[count - 1] = cursor.recordOffset;
        numbers[count - 1] = cursor.number;
    }

    /// Where packet `i` begins in memory.
    int at(int i) {
        return (int) (frames[i] >>> AT_SHIFT);
    }

    /// How many bytes of packet `i` there are.
    int captured(int i) {
        return (int) (frames[i] >>> CAPTURED_SHIFT) & CAPTURED_MASK;
    }

    int linkType(int i) {
        return (int) frames[i] & TYPE_MASK;
    }

    private boolean isOfSeveralFiles() {
        return files.length > 0;
    }

    /// The index of the file in which the packet at `place` is.
    int file(int place) {
        return isOfSeveralFiles() ? files[place & INDEX_MASK] : 0;
    }

    /// Where its record begins in the file, the header included.
    long offset(int place) {
        return isOfSeveralFiles() ? offsets[place & INDEX_MASK] : start + (place >>> INDEX_BITS);
    }

    /// Its number in the file, from 1.
    long number(int place) {
        int index = place & INDEX_MASK;
        return isOfSeveralFiles() ? numbers[index] : numberBefore + 1 + index;
    }

    private int place(int i) {
        return records[i] << INDEX_BITS | i;
    }

    /// Visits the rows of all shares, in the order of their packets.
    void forEachRow(RowVisitor visitor) {
        int[] next = new int[SHARES];
        while (true) {
            int least = -1;
            for (int i = 0; i < SHARES; i++) {
                boolean earlier =
                        next[i] < shares[i].count()
                                && (least < 0 || index(i, next[i]) < index(least, next[least]));
                least = earlier ? i : least;
            }
            if (least < 0) {
                return;
            }
            visitor.row(shares[least], next[least]++);
        }
    }

    private int index(int share, int row) {
        return shares[share].place(row) & INDEX_MASK;
    }

    /// Decodes packet `i`, if it is TCP in IPv4 in Ethernet without options before it, and all of
    /// its headers are there: nearly every one is. It is read in as few numbers as can be; what
    /// [Decoder] finds in it is the same.
    ///
    /// ```
    /// 14  version and header length(1) class(1) length(2) id(2) flags and fragment offset(2)
    /// 22  time to live(1) protocol(1) checksum(2) source(4)
    /// 30  target(4) ports(2+2) sequence(4) acknowledged(4) header length and flags(2)
    /// ```
    ///
    /// @return its flags, or [#NOT_PLAIN]
    int plainPacket(int i, Window window) {
        long frame = frames[i];
        if (((int) frame & TYPE_MASK) != LinkTypes.ETHERNET || captured(i) < 54) {
            return NOT_PLAIN;
        }
        int ethernet = (int) (frame >>> AT_SHIFT) + 6;
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
            return NOT_PLAIN;
        }
        long target = words.get(word + 3);
        long numbers = words.get(word + 4);
        int lengthAndFlags = uint16(words.get(word + 5));
        int flags = lengthAndFlags & 0x0fff;
        long addresses =
                PacketRows.both(
                        Integer.reverseBytes((int) (protocol >>> 32)),
                        Integer.reverseBytes((int) target));
        int ports = Integer.reverseBytes((int) (target >>> 32));
        segment(
                i,
                addresses,
                ports,
                FlowHash.of(addresses, ports),
                Integer.reverseBytes((int) numbers),
                Integer.reverseBytes((int) (numbers >>> 32)),
                flags,
                Math.max(0, length - 20 - Math.max(20, (lengthAndFlags >> 12) * 4)),
                uint16(version >>> 32));
        return flags;
    }

    /// The lowest 16 bits of little-endian `bytes`, as a big-endian number.
    private static int uint16(long bytes) {
        return ((int) (bytes & 0xff) << 8) | ((int) (bytes >>> 8) & 0xff);
    }

    /// Adds the segment of packet `i`, which `decoder` has just decoded.
    void segment(int i, Decoder decoder) {
        boolean ipv4 = decoder.isIpv4();
        long addresses =
                ipv4 ? PacketRows.both((int) decoder.sourceLow, (int) decoder.targetLow) : 0;
        int hash =
                ipv4
                        ? FlowHash.of(addresses, decoder.ports)
                        : FlowHash.of(
                                decoder.sourceHigh,
                                decoder.sourceLow,
                                decoder.targetHigh,
                                decoder.targetLow,
                                decoder.ports);
        segment(
                i,
                addresses,
                decoder.ports,
                hash,
                decoder.sequence,
                decoder.acknowledged,
                decoder.flags,
                decoder.payloadBytes,
                decoder.ipId);
        if (!ipv4) {
            shares[shareOf(hash)].addIpv6(
                    decoder.sourceHigh, decoder.sourceLow, decoder.targetHigh, decoder.targetLow);
        }
    }

    private void segment(
            int i,
            long addresses,
            int ports,
            int hash,
            int sequence,
            int acknowledged,
            int flags,
            int length,
            int ipId) {
        int signature = signature(sequence, acknowledged, flags, length, ipId);
        shares[shareOf(hash)].add(
                addresses, ports, hash, seen(i), sequence, flags, length, signature, place(i));
    }

    private static int shareOf(int hash) {
        return hash >>> 31;
    }

    /// When packet `i` was captured.
    private long seen(int i) {
        long at = nanos[i];
        if (at > latestNanos) {
            latestNanos = at;
        }
        return at;
    }

    private static int signature(int sequence, int acknowledged, int flags, int length, int ipId) {
        long mixed = (long) sequence << 32 | (acknowledged & 0xffff_ffffL);
        mixed = mixed * 0x9e3779b97f4a7c15L + ((long) flags << 36 | (long) length << 17);
        mixed = (mixed + ipId + 1) * 0x94d049bb133111ebL;
        return (int) (mixed >>> 32);
    }
}
