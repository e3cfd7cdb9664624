package dev.unreset.capture;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/// The open flows of a capture: a chained hash table whose records are outside the heap.
///
/// A flow is the packets of one pair of endpoints; its record says what both sides have sent so
/// far. Records are [#RECORD] bytes, in slabs that are never moved; the table doubles when it is as
/// full as it is wide. A record is named by its number.
final class FlowTable implements AutoCloseable {

    static final int NONE = -1;

    private static final int RECORD = 144;
    private static final int SLAB_BITS = 14;
    private static final int SLAB = 1 << SLAB_BITS;

    // The key: a is the side that opened the connection, as far as can be told.
    private static final int A_HIGH = 0;
    private static final int A_LOW = 8;
    private static final int B_HIGH = 16;
    private static final int B_LOW = 24;
    private static final int PORTS = 32;
    private static final int NEXT = 36;
    private static final int FIRST_NANOS = 40;
    private static final int LAST_NANOS = 48;
    private static final int PACKETS = 56;
    private static final int STATE = 60;
    // One block for each side.
    private static final int SIDE = 64;
    private static final int SIDE_BYTES = 40;
    private static final int BYTES = 0;
    private static final int TWIN_NANOS = 8;
    private static final int TWIN = 16;
    private static final int SEQUENCE = 24;
    private static final int ACKNOWLEDGED = 28;
    private static final int REPEATED = 32;
    private static final int FIRST_SEQUENCE = 36;

    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED;
    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED;

    private final Arena arena = Arena.ofConfined();
    private final List<MemorySegment> slabs = new ArrayList<>();
    private int[] heads = new int[1 << 12];
    private int count;
    private int made;
    private int free = NONE;
    private int swept;

    FlowTable() {
        Arrays.fill(heads, NONE);
    }

    int count() {
        return count;
    }

    /// The hash of the decoder's addresses and ports, the same for both directions.
    static int hash(Decoder packet) {
        long from = packet.sourceLow * 0x9e3779b97f4a7c15L ^ packet.sourceHigh + packet.sourcePort;
        long to = packet.targetLow * 0x9e3779b97f4a7c15L ^ packet.targetHigh + packet.targetPort;
        long mixed = (from + to) * 0xbf58476d1ce4e5b9L ^ (from ^ to) * 0x94d049bb133111ebL;
        return (int) (mixed >>> 32);
    }

    /// The flow of the decoder's packet; [#NONE] if there is none.
    int find(Decoder packet, int hash) {
        int flow = heads[hash & heads.length - 1];
        while (flow != NONE && !matches(flow, packet)) {
            flow = getInt(flow, NEXT);
        }
        return flow;
    }

    private boolean matches(int flow, Decoder packet) {
        MemorySegment slab = slabs.get(flow >>> SLAB_BITS);
        long at = at(flow);
        int ports = slab.get(INT, at + PORTS);
        if (ports == (packet.sourcePort << 16 | packet.targetPort)
                && slab.get(LONG, at + A_LOW) == packet.sourceLow
                && slab.get(LONG, at + B_LOW) == packet.targetLow
                && slab.get(LONG, at + A_HIGH) == packet.sourceHigh
                && slab.get(LONG, at + B_HIGH) == packet.targetHigh) {
            return true;
        }
        return ports == (packet.targetPort << 16 | packet.sourcePort)
                && slab.get(LONG, at + A_LOW) == packet.targetLow
                && slab.get(LONG, at + B_LOW) == packet.sourceLow
                && slab.get(LONG, at + A_HIGH) == packet.targetHigh
                && slab.get(LONG, at + B_HIGH) == packet.sourceHigh;
    }

    /// A new flow of the decoder's packet.
    ///
    /// @param fromA whether the packet's source opened the connection
    int add(Decoder packet, int hash, boolean fromA, long nanos) {
        if (count >= heads.length) {
            grow();
        }
        int flow = take();
        MemorySegment slab = slabs.get(flow >>> SLAB_BITS);
        long at = at(flow);
        slab.asSlice(at, RECORD).fill((byte) 0);
        slab.set(LONG, at + A_HIGH, fromA ? packet.sourceHigh : packet.targetHigh);
        slab.set(LONG, at + A_LOW, fromA ? packet.sourceLow : packet.targetLow);
        slab.set(LONG, at + B_HIGH, fromA ? packet.targetHigh : packet.sourceHigh);
        slab.set(LONG, at + B_LOW, fromA ? packet.targetLow : packet.sourceLow);
        slab.set(
                INT,
                at + PORTS,
                fromA
                        ? packet.sourcePort << 16 | packet.targetPort
                        : packet.targetPort << 16 | packet.sourcePort);
        slab.set(LONG, at + FIRST_NANOS, nanos);
        slab.set(LONG, at + LAST_NANOS, nanos);
        int bucket = hash & heads.length - 1;
        slab.set(INT, at + NEXT, heads[bucket]);
        heads[bucket] = flow;
        count++;
        return flow;
    }

    private int take() {
        if (free != NONE) {
            int flow = free;
            free = getInt(flow, NEXT);
            return flow;
        }
        if (made == slabs.size() * SLAB) {
            slabs.add(arena.allocate((long) SLAB * RECORD, 8));
        }
        return made++;
    }

    private void grow() {
        int[] old = heads;
        heads = new int[old.length * 2];
        Arrays.fill(heads, NONE);
        for (int head : old) {
            int flow = head;
            while (flow != NONE) {
                int next = getInt(flow, NEXT);
                int bucket = hash(flow) & heads.length - 1;
                setInt(flow, NEXT, heads[bucket]);
                heads[bucket] = flow;
                flow = next;
            }
        }
    }

    private int hash(int flow) {
        int ports = getInt(flow, PORTS);
        long from =
                getLong(flow, A_LOW) * 0x9e3779b97f4a7c15L ^ getLong(flow, A_HIGH) + (ports >>> 16);
        long to =
                getLong(flow, B_LOW) * 0x9e3779b97f4a7c15L
                        ^ getLong(flow, B_HIGH) + (ports & 0xffff);
        long mixed = (from + to) * 0xbf58476d1ce4e5b9L ^ (from ^ to) * 0x94d049bb133111ebL;
        return (int) (mixed >>> 32);
    }

    /// Looks at `buckets` buckets, going round the table with each call, and removes the flows that
    /// `leaves` accepts.
    void sweep(int buckets, IntPredicate leaves) {
        for (int i = 0; i < Math.min(buckets, heads.length); i++) {
            swept = swept + 1 & heads.length - 1;
            int before = NONE;
            int flow = heads[swept];
            while (flow != NONE) {
                int next = getInt(flow, NEXT);
                if (leaves.test(flow)) {
                    unlink(before, flow, next);
                } else {
                    before = flow;
                }
                flow = next;
            }
        }
    }

    private void unlink(int before, int flow, int next) {
        if (before == NONE) {
            heads[swept] = next;
        } else {
            setInt(before, NEXT, next);
        }
        setInt(flow, NEXT, free);
        free = flow;
        count--;
    }

    /// Makes room for a new connection between the same endpoints: the old one must have been read.
    void restart(int flow, boolean fromA, long nanos) {
        MemorySegment slab = slabs.get(flow >>> SLAB_BITS);
        long at = at(flow);
        if (!fromA) {
            swapSides(slab, at);
        }
        slab.asSlice(at + FIRST_NANOS, RECORD - FIRST_NANOS).fill((byte) 0);
        slab.set(LONG, at + FIRST_NANOS, nanos);
        slab.set(LONG, at + LAST_NANOS, nanos);
    }

    private static void swapSides(MemorySegment slab, long at) {
        long high = slab.get(LONG, at + A_HIGH);
        long low = slab.get(LONG, at + A_LOW);
        slab.set(LONG, at + A_HIGH, slab.get(LONG, at + B_HIGH));
        slab.set(LONG, at + A_LOW, slab.get(LONG, at + B_LOW));
        slab.set(LONG, at + B_HIGH, high);
        slab.set(LONG, at + B_LOW, low);
        slab.set(INT, at + PORTS, Integer.rotateLeft(slab.get(INT, at + PORTS), 16));
    }

    /// Whether the decoder's packet comes from side a.
    boolean isFromA(int flow, Decoder packet) {
        return getInt(flow, PORTS) == (packet.sourcePort << 16 | packet.targetPort)
                && getLong(flow, A_LOW) == packet.sourceLow
                && getLong(flow, A_HIGH) == packet.sourceHigh;
    }

    Endpoint a(int flow) {
        return new Endpoint(
                getLong(flow, A_HIGH), getLong(flow, A_LOW), getInt(flow, PORTS) >>> 16);
    }

    Endpoint b(int flow) {
        return new Endpoint(
                getLong(flow, B_HIGH), getLong(flow, B_LOW), getInt(flow, PORTS) & 0xffff);
    }

    long firstNanos(int flow) {
        return getLong(flow, FIRST_NANOS);
    }

    long lastNanos(int flow) {
        return getLong(flow, LAST_NANOS);
    }

    int packets(int flow) {
        return getInt(flow, PACKETS);
    }

    void countPacket(int flow, long nanos) {
        setInt(flow, PACKETS, getInt(flow, PACKETS) + 1);
        setLong(flow, LAST_NANOS, nanos);
    }

    /// What has been seen: bits that only [Tracker] knows.
    int state(int flow) {
        return getInt(flow, STATE);
    }

    void state(int flow, int state) {
        setInt(flow, STATE, state);
    }

    long bytes(int flow, int side) {
        return getLong(flow, SIDE + side * SIDE_BYTES + BYTES);
    }

    void addBytes(int flow, int side, long more) {
        setLong(flow, SIDE + side * SIDE_BYTES + BYTES, bytes(flow, side) + more);
    }

    /// Signature and time of the side's last packet, by which its twin is known.
    long twin(int flow, int side) {
        return getLong(flow, SIDE + side * SIDE_BYTES + TWIN);
    }

    long twinNanos(int flow, int side) {
        return getLong(flow, SIDE + side * SIDE_BYTES + TWIN_NANOS);
    }

    void twin(int flow, int side, long signature, long nanos) {
        setLong(flow, SIDE + side * SIDE_BYTES + TWIN, signature);
        setLong(flow, SIDE + side * SIDE_BYTES + TWIN_NANOS, nanos);
    }

    /// The sequence number after the side's last byte.
    int sequence(int flow, int side) {
        return getInt(flow, SIDE + side * SIDE_BYTES + SEQUENCE);
    }

    void sequence(int flow, int side, int next) {
        setInt(flow, SIDE + side * SIDE_BYTES + SEQUENCE, next);
    }

    int firstSequence(int flow, int side) {
        return getInt(flow, SIDE + side * SIDE_BYTES + FIRST_SEQUENCE);
    }

    void firstSequence(int flow, int side, int first) {
        setInt(flow, SIDE + side * SIDE_BYTES + FIRST_SEQUENCE, first);
    }

    int acknowledged(int flow, int side) {
        return getInt(flow, SIDE + side * SIDE_BYTES + ACKNOWLEDGED);
    }

    void acknowledged(int flow, int side, int number) {
        setInt(flow, SIDE + side * SIDE_BYTES + ACKNOWLEDGED, number);
    }

    /// Retransmissions since the other side was last heard of.
    int repeated(int flow, int side) {
        return getInt(flow, SIDE + side * SIDE_BYTES + REPEATED);
    }

    void repeated(int flow, int side, int times) {
        setInt(flow, SIDE + side * SIDE_BYTES + REPEATED, times);
    }

    private static long at(int flow) {
        return (long) (flow & SLAB - 1) * RECORD;
    }

    private int getInt(int flow, int field) {
        return slabs.get(flow >>> SLAB_BITS).get(INT, at(flow) + field);
    }

    private void setInt(int flow, int field, int value) {
        slabs.get(flow >>> SLAB_BITS).set(INT, at(flow) + field, value);
    }

    private long getLong(int flow, int field) {
        return slabs.get(flow >>> SLAB_BITS).get(LONG, at(flow) + field);
    }

    private void setLong(int flow, int field, long value) {
        slabs.get(flow >>> SLAB_BITS).set(LONG, at(flow) + field, value);
    }

    @Override
    public void close() {
        arena.close();
    }
}
