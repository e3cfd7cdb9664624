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

    /// [#latestNanos] where there is no segment.
    static final long NO_TIME = Long.MIN_VALUE;

    private static final int FIRST_ROOM = 1 << 10;

    // A frame: where it begins in memory, how many bytes of it there are, and its link type.
    private static final int AT_SHIFT = 36;
    private static final int CAPTURED_SHIFT = 16;
    private static final int CAPTURED_MASK = (1 << (AT_SHIFT - CAPTURED_SHIFT)) - 1;
    private static final int TYPE_MASK = (1 << CAPTURED_SHIFT) - 1;

    /// A place: how many packets of the batch are before it, and above that how far after the
    /// batch's start its record begins; with several files, nobody looks at that. A record takes at
    /// least 16 bytes.
    static final int INDEX_BITS = 14;

    private static final int INDEX_MASK = (1 << INDEX_BITS) - 1;

    /// EtherType 0x0800, read in little endian.
    private static final int IPV4_SWAPPED = 0x0008;

    /// An IPv4 header of 20 bytes, of a packet that is no fragment, read in little endian.
    private static final long PLAIN_VERSION = 0x45;

    private static final long PLAIN_VERSION_MASK = 0xff1f_0000_0000_00ffL;

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

    private long latestNanos;

    private int segments;
    private int resets;

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

    /// The greatest time of a segment; [#NO_TIME] if there is none.
    long latestNanos() {
        return latestNanos;
    }

    /// TCP segments that were captured as such.
    int segments() {
        return segments;
    }

    /// Of these, those with RST.
    int resets() {
        return resets;
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
        latestNanos = NO_TIME;
        segments = 0;
        resets = 0;
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

    boolean isOfSeveralFiles() {
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

    /// Decodes the packets from `from` on, as long as they are TCP in IPv4 in Ethernet without
    /// options before it, with all of its headers: nearly every one is. It is read in as few
    /// numbers as can be; what [Decoder] finds in it is the same.
    ///
    /// ```
    /// 14  version and header length(1) class(1) length(2) id(2) flags and fragment offset(2)
    /// 22  time to live(1) protocol(1) checksum(2) source(4)
    /// 30  target(4) ports(2+2) sequence(4) acknowledged(4) header length and flags(2)
    /// ```
    ///
    /// @return the first packet that is another; [#count] if none is
    int plainPackets(int from, Window window) {
        int to = count;
        for (int i = from; i < to; i++) {
            if (captured(i) < 54 || linkType(i) != LinkTypes.ETHERNET) {
                return i;
            }
            int ethernet = at(i) + 6;
            LongBuffer words = window.words(ethernet);
            int word = Window.word(ethernet);
            long version = words.get(word + 1);
            long protocol = words.get(word + 2);
            int length = uint16(version >>> 16);
            boolean plain =
                    words.get(word) >>> 48 == IPV4_SWAPPED
                            && (version & PLAIN_VERSION_MASK) == PLAIN_VERSION
                            && (protocol & 0xff00) == Decoder.PROTOCOL_TCP << 8
                            && length >= 20;
            if (!plain) {
                return i;
            }
            long target = words.get(word + 3);
            long numbers = words.get(word + 4);
            int lengthAndFlags = uint16(words.get(word + 5));
            long addresses = PacketRows.both((int) (protocol >>> 32), (int) target);
            int ports = (int) (target >>> 32);
            add(
                    i,
                    addresses,
                    ports,
                    FlowHash.of(addresses, ports),
                    numbers,
                    lengthAndFlags & Decoder.TCP_FLAGS,
                    Math.max(0, length - 20 - Math.max(20, lengthAndFlags >> 12 << 2)),
                    uint16(version >>> 32));
        }
        return to;
    }

    /// The lowest 16 bits of little-endian `bytes`, as a big-endian number.
    private static int uint16(long bytes) {
        return ((int) (bytes & 0xff) << 8) | ((int) (bytes >>> 8) & 0xff);
    }

    /// Adds the segment of packet `i`, which `decoder` has just decoded.
    void segment(int i, Decoder decoder) {
        boolean ipv4 = decoder.isIpv4();
        int ports = PacketRows.asInPacket(decoder.ports);
        long addresses = ipv4 ? PacketRows.asInPacket(decoder.sourceLow, decoder.targetLow) : 0;
        int hash =
                ipv4
                        ? FlowHash.of(addresses, ports)
                        : FlowHash.of(
                                decoder.sourceHigh,
                                decoder.sourceLow,
                                decoder.targetHigh,
                                decoder.targetLow,
                                ports);
        long numbers = PacketRows.asInPacket(decoder.acknowledged, decoder.sequence);
        int length = decoder.payloadBytes;
        add(i, addresses, ports, hash, numbers, decoder.flags, length, decoder.ipId);
        if (!ipv4) {
            shares[shareOf(hash)].addIpv6(
                    decoder.sourceHigh, decoder.sourceLow, decoder.targetHigh, decoder.targetLow);
        }
    }

    /// Adds the segment of packet `i`.
    ///
    /// @param addresses as in [PacketRows]
    /// @param ports in the same way
    /// @param numbers acknowledged and sequence number, in the same way
    private void add(
            int i,
            long addresses,
            int ports,
            int hash,
            long numbers,
            int flags,
            int length,
            int ipId) {
        long seen = nanos[i];
        if (seen > latestNanos) {
            latestNanos = seen;
        }
        if ((flags & (Decoder.UNDELIVERED | Decoder.SEEN_BEFORE)) == 0) {
            segments++;
            resets += (flags & Decoder.RST) != 0 ? 1 : 0;
        }
        shares[shareOf(hash)].add(
                addresses,
                ports,
                hash,
                seen,
                PacketRows.asInPacket((int) numbers),
                flags,
                length,
                signature(numbers, flags, length, ipId),
                place(i));
    }

    private static int shareOf(int hash) {
        return hash >>> 31;
    }

    /// What a packet says, in a few bits. Not 0 for a packet of nothing but zeros: a new flow has
    /// 0.
    ///
    /// @param ipId -1 if there is none
    private static int signature(long numbers, int flags, int length, int ipId) {
        long rest = ((long) flags << 36 | (long) length << 17) + ipId + 2;
        long mixed = (numbers * 0x9e3779b97f4a7c15L + rest) * 0x94d049bb133111ebL;
        return (int) (mixed >>> 32);
    }
}
