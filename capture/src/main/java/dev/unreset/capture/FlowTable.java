package dev.unreset.capture;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.IntConsumer;

/// The open flows of a capture: a chained hash table without an object for each flow.
///
/// A flow is the packets of one pair of endpoints; its record says what both sides have sent so
/// far. Records have 128 bytes, two cache lines, in slabs that are never moved; the table doubles
/// when it is as full as it is wide. A record is named by its number.
final class FlowTable {

    static final int NONE = -1;

    /// Fields of a record, of 8 bytes each.
    private static final int RECORD = 16;

    private static final int SLAB_BITS = 12;
    private static final int SLAB = 1 << SLAB_BITS;

    // The key: a is the side that opened the connection, as far as can be told.
    private static final int A_HIGH = 0;
    private static final int A_LOW = 1;
    private static final int B_HIGH = 2;
    private static final int B_LOW = 3;

    // Upper half: both ports. Lower half: the next record in the bucket.
    private static final int PORTS_AND_NEXT = 4;

    // Upper half: which list the record is in. Lower half: what the tracker has seen.
    private static final int PLACE_AND_STATE = 5;

    private static final int FIRST_NANOS = 6;
    private static final int LAST_NANOS = 7;

    // One block for each side.
    private static final int SIDE = 8;
    private static final int SIDE_FIELDS = 4;
    private static final int BYTES = 0;
    private static final int TWIN = 1;
    private static final int TWIN_NANOS = 2;

    // Upper half: the sequence number after the last byte. Lower half: that of the SYN.
    private static final int SEQUENCES = 3;

    // Places.
    private static final int OPEN = 0;
    private static final int ENDED = 1;
    private static final int FREE = 2;

    // Another hash in each process: nobody can prepare a capture whose flows share a bucket.
    private static final SplittableRandom RANDOM = new SplittableRandom();
    private static final long HIGH_FACTOR = RANDOM.nextLong() | 1;
    private static final long LOW_FACTOR = RANDOM.nextLong() | 1;
    private static final long PORT_FACTOR = RANDOM.nextLong() | 1;

    private final EndedFlows ended = new EndedFlows();
    private long[][] slabs = new long[1][];
    private int[] heads = new int[1 << 12];
    private int count;
    private int made;
    private int free = NONE;

    /// What was read ahead, or the compiler would leave the reading out.
    @SuppressWarnings("UnusedVariable")
    private long seen;

    FlowTable() {
        Arrays.fill(heads, NONE);
    }

    /// The hash of two endpoints, the same for both directions.
    static int hash(long sourceHigh, long sourceLow, long targetHigh, long targetLow, int ports) {
        long from = half(sourceHigh, sourceLow, ports >>> 16);
        long to = half(targetHigh, targetLow, ports & 0xffff);
        long mixed = (from + to) * 0xbf58476d1ce4e5b9L ^ (from ^ to) * 0x94d049bb133111ebL;
        return (int) (mixed >>> 32);
    }

    private static long half(long high, long low, int port) {
        long sum = high * HIGH_FACTOR + low * LOW_FACTOR + port * PORT_FACTOR;
        return sum ^ sum >>> 29;
    }

    /// Reads the records of the packets in `rows` ahead: each would wait for memory alone, and the
    /// processor fetches many of them side by side.
    void readAhead(PacketBatch packets, PacketBatch.Share rows) {
        int[] hashes = packets.hash;
        long sum = 0;
        for (int i = 0; i < rows.count; i++) {
            int flow = heads[hashes[rows.rows[i]] & heads.length - 1];
            if (flow != NONE) {
                long[] slab = slabs[flow >>> SLAB_BITS];
                int at = at(flow);
                sum += slab[at] + slab[at + SIDE] + slab[at + RECORD - 1];
            }
        }
        seen += sum;
    }

    /// The flow of the packet in row `i`; [#NONE] if there is none.
    int find(PacketBatch packets, int i) {
        int flow = heads[packets.hash[i] & heads.length - 1];
        while (flow != NONE && !matches(flow, packets, i)) {
            flow = next(flow);
        }
        return flow;
    }

    private boolean matches(int flow, PacketBatch packets, int i) {
        long[] slab = slabs[flow >>> SLAB_BITS];
        int at = at(flow);
        int known = (int) (slab[at + PORTS_AND_NEXT] >>> 32);
        int ports = packets.ports[i];
        if (known == ports
                && slab[at + A_LOW] == packets.sourceLow[i]
                && slab[at + B_LOW] == packets.targetLow[i]
                && slab[at + A_HIGH] == packets.sourceHigh[i]
                && slab[at + B_HIGH] == packets.targetHigh[i]) {
            return true;
        }
        return known == Integer.rotateLeft(ports, 16)
                && slab[at + A_LOW] == packets.targetLow[i]
                && slab[at + B_LOW] == packets.sourceLow[i]
                && slab[at + A_HIGH] == packets.targetHigh[i]
                && slab[at + B_HIGH] == packets.sourceHigh[i];
    }

    /// A new flow, of the packet in row `i`.
    ///
    /// @param fromA whether the packet's source opened the connection
    int add(PacketBatch packets, int i, boolean fromA) {
        if (count >= heads.length) {
            grow();
        }
        int flow = take();
        long[] slab = slabs[flow >>> SLAB_BITS];
        int at = at(flow);
        slab[at + A_HIGH] = fromA ? packets.sourceHigh[i] : packets.targetHigh[i];
        slab[at + A_LOW] = fromA ? packets.sourceLow[i] : packets.targetLow[i];
        slab[at + B_HIGH] = fromA ? packets.targetHigh[i] : packets.sourceHigh[i];
        slab[at + B_LOW] = fromA ? packets.targetLow[i] : packets.sourceLow[i];
        int ports = packets.ports[i];
        slab[at + PORTS_AND_NEXT] = (long) (fromA ? ports : Integer.rotateLeft(ports, 16)) << 32;
        place(flow, OPEN);
        begin(flow, packets.nanos[i]);
        int bucket = packets.hash[i] & heads.length - 1;
        next(flow, heads[bucket]);
        heads[bucket] = flow;
        count++;
        return flow;
    }

    private void begin(int flow, long nanos) {
        long[] slab = slabs[flow >>> SLAB_BITS];
        int at = at(flow);
        state(flow, 0);
        Arrays.fill(slab, at + SIDE, at + RECORD, 0);
        slab[at + FIRST_NANOS] = nanos;
        slab[at + LAST_NANOS] = nanos;
    }

    private int take() {
        if (free != NONE) {
            int flow = free;
            free = next(flow);
            return flow;
        }
        int slab = made >>> SLAB_BITS;
        if (slab == slabs.length) {
            slabs = Arrays.copyOf(slabs, slab * 2);
        }
        if (slabs[slab] == null) {
            slabs[slab] = new long[SLAB * RECORD];
        }
        return made++;
    }

    private void grow() {
        heads = new int[heads.length * 2];
        Arrays.fill(heads, NONE);
        forEach(flow -> {
            int bucket = bucket(flow);
            next(flow, heads[bucket]);
            heads[bucket] = flow;
        });
    }

    private int bucket(int flow) {
        long[] slab = slabs[flow >>> SLAB_BITS];
        int at = at(flow);
        int hash =
                hash(
                        slab[at + A_HIGH],
                        slab[at + A_LOW],
                        slab[at + B_HIGH],
                        slab[at + B_LOW],
                        ports(flow));
        return hash & heads.length - 1;
    }

    /// Visits every flow.
    void forEach(IntConsumer visitor) {
        for (int flow = 0; flow < made; flow++) {
            if (place(flow) != FREE) {
                visitor.accept(flow);
            }
        }
    }

    /// Remembers that the flow has ended, for [#firstEnded].
    void end(int flow, long nanos) {
        if (place(flow) == OPEN) {
            place(flow, ENDED);
            ended.add(flow, nanos);
        }
    }

    /// Whether a flow has ended before `limit`, so that there is a [#firstEnded].
    boolean hasEndedBefore(long limit) {
        return ended.hasBefore(limit);
    }

    /// The flow that ended first: it is open again, for the caller to look at it once more.
    int firstEnded() {
        int flow = ended.removeFirst();
        place(flow, OPEN);
        return flow;
    }

    void remove(int flow) {
        int bucket = bucket(flow);
        if (heads[bucket] == flow) {
            heads[bucket] = next(flow);
        } else {
            int before = heads[bucket];
            while (next(before) != flow) {
                before = next(before);
            }
            next(before, next(flow));
        }
        place(flow, FREE);
        next(flow, free);
        free = flow;
        count--;
    }

    /// Makes room for a new connection between the same endpoints: the old one must have been read.
    void restart(int flow, boolean fromA, long nanos) {
        if (!fromA) {
            swapSides(flow);
        }
        begin(flow, nanos);
    }

    private void swapSides(int flow) {
        long[] slab = slabs[flow >>> SLAB_BITS];
        int at = at(flow);
        long high = slab[at + A_HIGH];
        long low = slab[at + A_LOW];
        slab[at + A_HIGH] = slab[at + B_HIGH];
        slab[at + A_LOW] = slab[at + B_LOW];
        slab[at + B_HIGH] = high;
        slab[at + B_LOW] = low;
        slab[at + PORTS_AND_NEXT] =
                (long) Integer.rotateLeft(ports(flow), 16) << 32
                        | Integer.toUnsignedLong(next(flow));
    }

    /// Whether the packet in row `i` comes from side a.
    boolean isFromA(int flow, PacketBatch packets, int i) {
        long[] slab = slabs[flow >>> SLAB_BITS];
        int at = at(flow);
        return (int) (slab[at + PORTS_AND_NEXT] >>> 32) == packets.ports[i]
                && slab[at + A_LOW] == packets.sourceLow[i]
                && slab[at + A_HIGH] == packets.sourceHigh[i];
    }

    Endpoint a(int flow) {
        return new Endpoint(get(flow, A_HIGH), get(flow, A_LOW), ports(flow) >>> 16);
    }

    Endpoint b(int flow) {
        return new Endpoint(get(flow, B_HIGH), get(flow, B_LOW), ports(flow) & 0xffff);
    }

    long firstNanos(int flow) {
        return get(flow, FIRST_NANOS);
    }

    long lastNanos(int flow) {
        return get(flow, LAST_NANOS);
    }

    void lastNanos(int flow, long nanos) {
        set(flow, LAST_NANOS, nanos);
    }

    /// What has been seen: bits that only [Tracker] knows.
    int state(int flow) {
        return (int) get(flow, PLACE_AND_STATE);
    }

    void state(int flow, int state) {
        setLower(flow, PLACE_AND_STATE, state);
    }

    long bytes(int flow, int side) {
        return get(flow, field(side, BYTES));
    }

    void addBytes(int flow, int side, long more) {
        set(flow, field(side, BYTES), bytes(flow, side) + more);
    }

    /// Signature and time of the side's last packet, by which its twin is known.
    long twin(int flow, int side) {
        return get(flow, field(side, TWIN));
    }

    long twinNanos(int flow, int side) {
        return get(flow, field(side, TWIN_NANOS));
    }

    void twin(int flow, int side, long signature, long nanos) {
        set(flow, field(side, TWIN), signature);
        set(flow, field(side, TWIN_NANOS), nanos);
    }

    /// The sequence number after the side's last byte.
    int sequence(int flow, int side) {
        return (int) (get(flow, field(side, SEQUENCES)) >>> 32);
    }

    void sequence(int flow, int side, int next) {
        setUpper(flow, field(side, SEQUENCES), next);
    }

    int firstSequence(int flow, int side) {
        return (int) get(flow, field(side, SEQUENCES));
    }

    void firstSequence(int flow, int side, int first) {
        setLower(flow, field(side, SEQUENCES), first);
    }

    private int ports(int flow) {
        return (int) (get(flow, PORTS_AND_NEXT) >>> 32);
    }

    private int next(int flow) {
        return (int) get(flow, PORTS_AND_NEXT);
    }

    private void next(int flow, int next) {
        setLower(flow, PORTS_AND_NEXT, next);
    }

    private int place(int flow) {
        return (int) (get(flow, PLACE_AND_STATE) >>> 32);
    }

    private void place(int flow, int place) {
        setUpper(flow, PLACE_AND_STATE, place);
    }

    private static int field(int side, int field) {
        return SIDE + side * SIDE_FIELDS + field;
    }

    private static int at(int flow) {
        return (flow & SLAB - 1) * RECORD;
    }

    private long get(int flow, int field) {
        return slabs[flow >>> SLAB_BITS][at(flow) + field];
    }

    private void set(int flow, int field, long value) {
        slabs[flow >>> SLAB_BITS][at(flow) + field] = value;
    }

    private void setUpper(int flow, int field, int value) {
        set(flow, field, (long) value << 32 | (get(flow, field) & 0xffff_ffffL));
    }

    private void setLower(int flow, int field, int value) {
        set(flow, field, get(flow, field) >>> 32 << 32 | Integer.toUnsignedLong(value));
    }
}
