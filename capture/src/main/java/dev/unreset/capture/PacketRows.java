package dev.unreset.capture;

import java.util.Arrays;

/// Decoded TCP segments, a row of five numbers for each: what one thread decodes and another
/// follows. All of a row stands in one place, because what is not in a processor's own cache costs
/// it as much as all else that it does with a packet.
///
/// ```
/// 0  source(32) target(32) where they are IPv4 addresses
/// 1  target port(16) source port(16) hash(32)
/// 2  time(64) in ns
/// 3  sequence number(32) flags(14) payload bytes(18)
/// 4  signature(32) place(32)
/// ```
///
/// IPv4 addresses and ports are as they stand in a packet, read in little endian: they are only
/// compared.
final class PacketRows {

    static final int WORDS = 5;
    static final int ADDRESSES = 0;
    static final int PORTS_AND_HASH = 1;
    static final int NANOS = 2;
    static final int SEGMENT = 3;
    static final int SIGNATURE_AND_PLACE = 4;

    private static final int LENGTH_BITS = 18;
    static final int MOST_LENGTH = (1 << LENGTH_BITS) - 1;
    private static final int FLAGS_MASK = (1 << 14) - 1;

    /// Stands among the flags of a segment between IPv6 addresses.
    private static final int IPV6 = 1 << 13;

    /// Of [#SEGMENT]: where none of these is set, a segment between IPv4 addresses says nothing of
    /// how its connection begins or ends.
    static final long NOT_PLAIN =
            (long)
                            (Decoder.SYN
                                    | Decoder.FIN
                                    | Decoder.RST
                                    | Decoder.SEEN_BEFORE
                                    | Decoder.UNDELIVERED
                                    | IPV6)
                    << LENGTH_BITS;

    /// Both halves of the source's and of the target's address.
    static final int IPV6_WORDS = 4;

    private long[] words;

    /// Of rows with IPv6 addresses; empty until the first one.
    private long[] ipv6 = {};

    private int count;

    /// @param rows for which there is room at first
    PacketRows(int rows) {
        words = new long[rows * WORDS];
    }

    int count() {
        return count;
    }

    /// The rows, of [#WORDS] numbers each: for who looks at many. Valid until one is added.
    long[] words() {
        return words;
    }

    void clear() {
        count = 0;
    }

    /// Adds a segment between two IPv4 addresses.
    ///
    /// @param addresses source and target, as they stand in the packet
    /// @param ports in the same way
    /// @param signature two packets of a flow with the same one are the same packet, seen twice
    /// @param place where it stands, as its batch knows
    void add(
            long addresses,
            int ports,
            int hash,
            long nanos,
            int sequence,
            int flags,
            int length,
            int signature,
            int place) {
        int at = count++ * WORDS;
        if (at == words.length) {
            words = Arrays.copyOf(words, at * 2);
        }
        long[] row = words;
        row[at + ADDRESSES] = addresses;
        row[at + PORTS_AND_HASH] = both(ports, hash);
        row[at + NANOS] = nanos;
        row[at + SEGMENT] = both(sequence, flags << LENGTH_BITS | Math.min(length, MOST_LENGTH));
        row[at + SIGNATURE_AND_PLACE] = both(signature, place);
    }

    /// Whether both addresses are of IPv4: an IPv6 address may begin as [Decoder#IPV4_MARK] too.
    static boolean isIpv4(long sourceHigh, long sourceLow, long targetHigh, long targetLow) {
        return sourceHigh == Decoder.IPV4_MARK
                && targetHigh == Decoder.IPV4_MARK
                && (sourceLow | targetLow) >>> 32 == 0;
    }

    /// Adds a row that names a flow and no segment.
    ///
    /// @param bothPorts the source's in the upper half, the target's in the lower
    void addFlow(long sourceHigh, long sourceLow, long targetHigh, long targetLow, int bothPorts) {
        int ports = asInPacket(bothPorts);
        if (isIpv4(sourceHigh, sourceLow, targetHigh, targetLow)) {
            long addresses = asInPacket(sourceLow, targetLow);
            add(addresses, ports, FlowHash.of(addresses, ports), 0, 0, 0, 0, 0, 0);
            return;
        }
        int hash = FlowHash.of(sourceHigh, sourceLow, targetHigh, targetLow, ports);
        add(0, ports, hash, 0, 0, 0, 0, 0, 0);
        addIpv6(sourceHigh, sourceLow, targetHigh, targetLow);
    }

    /// Gives the last row IPv6 addresses.
    void addIpv6(long sourceHigh, long sourceLow, long targetHigh, long targetLow) {
        int row = count - 1;
        int at = row * IPV6_WORDS;
        if (at >= ipv6.length) {
            ipv6 = Arrays.copyOf(ipv6, words.length / WORDS * IPV6_WORDS);
        }
        ipv6[at] = sourceHigh;
        ipv6[at + 1] = sourceLow;
        ipv6[at + 2] = targetHigh;
        ipv6[at + 3] = targetLow;
        words[row * WORDS + SEGMENT] |= (long) IPV6 << LENGTH_BITS;
    }

    /// From big endian to little endian, and back.
    static int asInPacket(int number) {
        return Integer.reverseBytes(number);
    }

    /// The lower halves of two numbers.
    static long asInPacket(long upper, long lower) {
        return both(asInPacket((int) upper), asInPacket((int) lower));
    }

    static long both(int upper, int lower) {
        return (long) upper << 32 | (lower & 0xffff_ffffL);
    }

    /// Whether its addresses are [#ipv6] and not [#addresses].
    boolean isIpv6(int row) {
        return (words[row * WORDS + SEGMENT] & (long) IPV6 << LENGTH_BITS) != 0;
    }

    /// Source and target as they stand in the packet, where they are IPv4 addresses.
    long addresses(int row) {
        return words[row * WORDS + ADDRESSES];
    }

    /// One of the four halves of source and target, where they are IPv6 addresses.
    long ipv6(int row, int half) {
        return ipv6[row * IPV6_WORDS + half];
    }

    /// Both ports as they stand in the packet.
    int ports(int row) {
        return (int) (words[row * WORDS + PORTS_AND_HASH] >>> 32);
    }

    /// [FlowHash]; the same for both directions.
    int hash(int row) {
        return (int) words[row * WORDS + PORTS_AND_HASH];
    }

    long nanos(int row) {
        return words[row * WORDS + NANOS];
    }

    int sequence(int row) {
        return (int) (words[row * WORDS + SEGMENT] >>> 32);
    }

    /// As in [Decoder].
    int flags(int row) {
        return (int) words[row * WORDS + SEGMENT] >>> LENGTH_BITS & FLAGS_MASK & ~IPV6;
    }

    /// Payload bytes on the wire.
    int length(int row) {
        return (int) words[row * WORDS + SEGMENT] & MOST_LENGTH;
    }

    int signature(int row) {
        return (int) (words[row * WORDS + SIGNATURE_AND_PLACE] >>> 32);
    }

    int place(int row) {
        return (int) words[row * WORDS + SIGNATURE_AND_PLACE];
    }
}
