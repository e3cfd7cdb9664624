package dev.unreset.capture;

import java.nio.ByteBuffer;

/// The packets that were seen lately, at which points: what was captured in several files is one
/// packet.
///
/// Hot: it makes no object for a packet. It knows a packet by 64 bits of what is the same wherever
/// that is seen, and forgets the eldest of those whose numbers fall together.
final class Sightings {

    /// Packets whose numbers fall together, of which so many are remembered.
    private static final int WAYS = 8;

    /// 65,536 packets that are on their way at once.
    private static final int SETS = 1 << 13;

    /// Of a packet that is not TCP, the last bytes: what is before them changes on the way.
    private static final int LAST_BYTES = 64;

    private static final long MIX = 0x9e3779b97f4a7c15L;
    private static final long MIX_AGAIN = 0x94d049bb133111ebL;

    private final long[] packets = new long[SETS * WAYS];
    private final long[] nanos = new long[SETS * WAYS];

    /// Bits of the points at which it was seen since.
    private final long[] points = new long[SETS * WAYS];

    // Where it was seen lately for the first time, and when.
    private final long[] lastPoints = new long[SETS * WAYS];
    private final long[] lastNanos = new long[SETS * WAYS];

    /// Notes that a packet was seen. Of those that say the same, it is the first that was not yet
    /// seen at this point. What one point shows twice within [Tracker#TWIN_NANOS] is one packet
    /// too.
    ///
    /// @param packet [#segment] or [#other]
    /// @param point where, a bit
    /// @param beside bits of the points at which it may have been seen before
    /// @return whether it was one that is known
    boolean add(long packet, long point, long beside, long time) {
        int set = (int) (packet >>> 48) % SETS * WAYS;
        int eldest = set;
        int first = -1;
        for (int i = set; i < set + WAYS; i++) {
            if (packets[i] == packet
                    && lastPoints[i] == point
                    && Math.abs(time - lastNanos[i]) <= Tracker.TWIN_NANOS) {
                return true;
            }
            boolean same =
                    packets[i] == packet
                            && (points[i] & point) == 0
                            && (points[i] & beside) != 0
                            && Math.abs(time - nanos[i]) <= Tracker.WAY_NANOS;
            first = same && (first < 0 || nanos[i] < nanos[first]) ? i : first;
            eldest = nanos[i] < nanos[eldest] ? i : eldest;
        }
        if (first >= 0) {
            points[first] |= point;
            lastPoints[first] = point;
            lastNanos[first] = time;
            return true;
        }
        packets[eldest] = packet;
        points[eldest] = point;
        lastPoints[eldest] = point;
        lastNanos[eldest] = time;
        nanos[eldest] = time;
        return false;
    }

    /// A segment that `decoder` has looked at closely.
    static long segment(Decoder decoder) {
        long packet = decoder.sourceHigh;
        packet = mixed(packet, decoder.sourceLow);
        packet = mixed(packet, decoder.targetHigh);
        packet = mixed(packet, decoder.targetLow);
        packet = mixed(packet, PacketRows.both(decoder.ports, decoder.sequence));
        packet = mixed(packet, PacketRows.both(decoder.acknowledged, decoder.payloadBytes));
        int stamp = decoder.hasTimestamp ? decoder.tsValue : 0;
        return mixed(packet, PacketRows.both(stamp, decoder.flags << 17 | decoder.ipId + 1));
    }

    /// A packet that is no segment.
    static long other(ByteBuffer bytes, int at, int captured) {
        long packet = captured;
        for (int i = Math.max(0, captured - LAST_BYTES); i < captured; i++) {
            packet = mixed(packet, bytes.get(at + i));
        }
        return packet;
    }

    private static long mixed(long before, long word) {
        long product = (before ^ word) * MIX;
        return (product ^ product >>> 32) * MIX_AGAIN;
    }
}
