package dev.unreset.capture;

import java.util.Arrays;
import java.util.SplittableRandom;

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

    // From above: repeated packets of a and of b (24 bits each), which list the record is in (2),
    // what the tracker has seen (14).
    private static final int PLACE_AND_STATE = 5;
    private static final int STATE_MASK = (1 << 14) - 1;
    private static final int PLACE_SHIFT = 14;
    private static final int PLACE_MASK = 3;
    private static final int REPEATED_SHIFT = 16;
    private static final int REPEATED_BITS = 24;
    private static final int REPEATED_MASK = (1 << REPEATED_BITS) - 1;

    private static final int FIRST_NANOS = 6;
    private static final int LAST_NANOS = 7;

    // One block for each side.
    private static final int SIDE = 8;
    private static final int SIDE_FIELDS = 4;
    private static final int BYTES = 0;

    // Upper half: signature of the side's last packet. Lower half: when its FIN came, counted from
    // the first packet, in units of 1,048,576 ns; 0: it has not.
    private static final int TWIN_AND_FIN = 1;

    // Upper half: the time of the side's last packet, in units of 1,024 ns, its lower bits. Lower
    // half: of a, the round trip of the handshake in the same unit; of b, the longest silence in
    // units of 1,048,576 ns.
    private static final int TIMES = 2;

    // Upper half: the sequence number after the last byte. Lower half: that of the SYN.
    private static final int SEQUENCES = 3;

    private static final int ROUND_TRIP = SIDE + TIMES;
    private static final int LONGEST_SILENCE = SIDE + SIDE_FIELDS + TIMES;
    private static final int MICROS_SHIFT = 10;
    private static final int SILENCE_SHIFT = 20;

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

    // The selected flow.
    private int selected;
    private long[] slab = {};
    private int at;

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
                long[] records = slabs[flow >>> SLAB_BITS];
                int record = (flow & SLAB - 1) * RECORD;
                sum += records[record] + records[record + SIDE] + records[record + RECORD - 1];
            }
        }
        seen += sum;
    }

    /// Selects the flow of the packet in row `i`.
    ///
    /// @return whether there is one
    boolean find(PacketBatch packets, int i) {
        int flow = heads[packets.hash[i] & heads.length - 1];
        while (flow != NONE) {
            select(flow);
            if (matches(packets, i)) {
                return true;
            }
            flow = next();
        }
        return false;
    }

    /// Selects a flow by its number.
    void select(int flow) {
        selected = flow;
        slab = slabs[flow >>> SLAB_BITS];
        at = (flow & SLAB - 1) * RECORD;
    }

    /// The number of the selected flow.
    int selected() {
        return selected;
    }

    private boolean matches(PacketBatch packets, int i) {
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

    /// Adds and selects a new flow, of the packet in row `i`.
    ///
    /// @param fromA whether the packet's source opened the connection
    void add(PacketBatch packets, int i, boolean fromA) {
        if (count >= heads.length) {
            grow();
        }
        int flow = take();
        select(flow);
        slab[at + A_HIGH] = fromA ? packets.sourceHigh[i] : packets.targetHigh[i];
        slab[at + A_LOW] = fromA ? packets.sourceLow[i] : packets.targetLow[i];
        slab[at + B_HIGH] = fromA ? packets.targetHigh[i] : packets.sourceHigh[i];
        slab[at + B_LOW] = fromA ? packets.targetLow[i] : packets.sourceLow[i];
        int ports = packets.ports[i];
        slab[at + PORTS_AND_NEXT] = (long) (fromA ? ports : Integer.rotateLeft(ports, 16)) << 32;
        place(OPEN);
        begin(packets.nanos[i]);
        int bucket = packets.hash[i] & heads.length - 1;
        next(heads[bucket]);
        heads[bucket] = flow;
        count++;
    }

    private void begin(long nanos) {
        slab[at + PLACE_AND_STATE] = (long) place() << PLACE_SHIFT;
        Arrays.fill(slab, at + SIDE, at + RECORD, 0);
        slab[at + FIRST_NANOS] = nanos;
        slab[at + LAST_NANOS] = nanos;
    }

    private int take() {
        if (free != NONE) {
            int flow = free;
            select(flow);
            free = next();
            return flow;
        }
        int number = made >>> SLAB_BITS;
        if (number == slabs.length) {
            slabs = Arrays.copyOf(slabs, number * 2);
        }
        if (slabs[number] == null) {
            slabs[number] = new long[SLAB * RECORD];
        }
        return made++;
    }

    private void grow() {
        heads = new int[heads.length * 2];
        Arrays.fill(heads, NONE);
        forEach(() -> {
            int bucket = bucket();
            next(heads[bucket]);
            heads[bucket] = selected;
        });
    }

    private int bucket() {
        int hash =
                hash(
                        slab[at + A_HIGH],
                        slab[at + A_LOW],
                        slab[at + B_HIGH],
                        slab[at + B_LOW],
                        ports());
        return hash & heads.length - 1;
    }

    /// Selects every flow in turn, and calls `visitor`.
    void forEach(Runnable visitor) {
        for (int flow = 0; flow < made; flow++) {
            select(flow);
            if (place() != FREE) {
                visitor.run();
            }
        }
    }

    /// Remembers that the flow has ended, for [#selectFirstEnded].
    void end(long nanos) {
        if (place() == OPEN) {
            place(ENDED);
            ended.add(selected, nanos);
        }
    }

    /// Whether a flow has ended before `limit`, so that there is a first one.
    boolean hasEndedBefore(long limit) {
        return ended.hasBefore(limit);
    }

    /// Selects the flow that ended first: it is open again, for the caller to look at it once more.
    void selectFirstEnded() {
        select(ended.removeFirst());
        place(OPEN);
    }

    /// Removes the selected flow.
    void remove() {
        int flow = selected;
        int after = next();
        int bucket = bucket();
        if (heads[bucket] == flow) {
            heads[bucket] = after;
        } else {
            select(heads[bucket]);
            while (next() != flow) {
                select(next());
            }
            next(after);
            select(flow);
        }
        place(FREE);
        next(free);
        free = flow;
        count--;
    }

    /// Makes room for a new connection between the same endpoints: the old one must have been read.
    void restart(boolean fromA, long nanos) {
        if (!fromA) {
            swapSides();
        }
        begin(nanos);
    }

    private void swapSides() {
        long high = slab[at + A_HIGH];
        long low = slab[at + A_LOW];
        slab[at + A_HIGH] = slab[at + B_HIGH];
        slab[at + A_LOW] = slab[at + B_LOW];
        slab[at + B_HIGH] = high;
        slab[at + B_LOW] = low;
        slab[at + PORTS_AND_NEXT] =
                (long) Integer.rotateLeft(ports(), 16) << 32 | Integer.toUnsignedLong(next());
    }

    /// Whether the packet in row `i`, one of the flow's, comes from side a.
    boolean isFromA(PacketBatch packets, int i) {
        return (int) (slab[at + PORTS_AND_NEXT] >>> 32) == packets.ports[i]
                && slab[at + A_LOW] == packets.sourceLow[i]
                && slab[at + A_HIGH] == packets.sourceHigh[i];
    }

    Endpoint a() {
        return new Endpoint(slab[at + A_HIGH], slab[at + A_LOW], ports() >>> 16);
    }

    Endpoint b() {
        return new Endpoint(slab[at + B_HIGH], slab[at + B_LOW], ports() & 0xffff);
    }

    long firstNanos() {
        return slab[at + FIRST_NANOS];
    }

    long lastNanos() {
        return slab[at + LAST_NANOS];
    }

    /// A packet came: the silence before it may have been the longest.
    void lastNanos(long nanos) {
        int silence = silence(nanos - slab[at + LAST_NANOS]);
        slab[at + LAST_NANOS] = Math.max(nanos, slab[at + LAST_NANOS]);
        if (silence > longestSilence()) {
            setLower(LONGEST_SILENCE, silence);
        }
    }

    private static int silence(long nanos) {
        return Math.clamp(nanos >> SILENCE_SHIFT, 0, Integer.MAX_VALUE);
    }

    private int longestSilence() {
        return (int) slab[at + LONGEST_SILENCE];
    }

    /// The longest time without any packet.
    long longestSilenceNanos() {
        return (long) longestSilence() << SILENCE_SHIFT;
    }

    /// What has been seen: bits that only [Tracker] knows.
    int state() {
        return (int) slab[at + PLACE_AND_STATE] & STATE_MASK;
    }

    void state(int state) {
        slab[at + PLACE_AND_STATE] = (slab[at + PLACE_AND_STATE] & ~STATE_MASK) | state;
    }

    /// How many packets of the side said nothing new, as far as the field goes.
    int repeated(int side) {
        return (int) (slab[at + PLACE_AND_STATE] >>> repeatedShift(side)) & REPEATED_MASK;
    }

    void addRepeated(int side) {
        if (repeated(side) < REPEATED_MASK) {
            slab[at + PLACE_AND_STATE] += 1L << repeatedShift(side);
        }
    }

    private static int repeatedShift(int side) {
        return REPEATED_SHIFT + (1 - side) * REPEATED_BITS;
    }

    /// The time from the SYN to the acknowledgement of the SYN-ACK; 0 if it was not seen.
    long roundTripNanos() {
        return (slab[at + ROUND_TRIP] & 0xffff_ffffL) << MICROS_SHIFT;
    }

    void roundTripNanos(long nanos) {
        setLower(ROUND_TRIP, Math.clamp(nanos >> MICROS_SHIFT, 0, Integer.MAX_VALUE));
    }

    long bytes(int side) {
        return slab[at + field(side, BYTES)];
    }

    void addBytes(int side, long more) {
        slab[at + field(side, BYTES)] += more;
    }

    /// Whether a packet at `nanos` is the side's last one, seen once more within `within` ns.
    boolean isTwin(int side, long signature, long nanos, long within) {
        if ((int) (signature >>> 32) != (int) (slab[at + field(side, TWIN_AND_FIN)] >>> 32)) {
            return false;
        }
        int later = (int) (nanos >>> MICROS_SHIFT) - (int) (slab[at + field(side, TIMES)] >>> 32);
        int most = (int) (within >>> MICROS_SHIFT);
        return later <= most && later >= -most;
    }

    /// Signature and time of the side's last packet, by which its twin is known.
    void twin(int side, long signature, long nanos) {
        setUpper(field(side, TWIN_AND_FIN), (int) (signature >>> 32));
        setUpper(field(side, TIMES), (int) (nanos >>> MICROS_SHIFT));
    }

    /// The side's FIN came, not for the first time perhaps.
    void fin(int side, long nanos) {
        if (finNanos(side) == 0) {
            int after = silence(nanos - slab[at + FIRST_NANOS]);
            setLower(field(side, TWIN_AND_FIN), Math.max(1, after));
        }
    }

    /// When the side's FIN came, to about a millisecond; 0 if it has not.
    long finNanos(int side) {
        long after = slab[at + field(side, TWIN_AND_FIN)] & 0xffff_ffffL;
        return after == 0 ? 0 : slab[at + FIRST_NANOS] + (after << SILENCE_SHIFT);
    }

    /// The sequence number after the side's last byte.
    int sequence(int side) {
        return (int) (slab[at + field(side, SEQUENCES)] >>> 32);
    }

    void sequence(int side, int next) {
        setUpper(field(side, SEQUENCES), next);
    }

    int firstSequence(int side) {
        return (int) slab[at + field(side, SEQUENCES)];
    }

    void firstSequence(int side, int first) {
        setLower(field(side, SEQUENCES), first);
    }

    private int ports() {
        return (int) (slab[at + PORTS_AND_NEXT] >>> 32);
    }

    private int next() {
        return (int) slab[at + PORTS_AND_NEXT];
    }

    private void next(int next) {
        setLower(PORTS_AND_NEXT, next);
    }

    private int place() {
        return (int) slab[at + PLACE_AND_STATE] >>> PLACE_SHIFT & PLACE_MASK;
    }

    private void place(int place) {
        long others = slab[at + PLACE_AND_STATE] & ~((long) PLACE_MASK << PLACE_SHIFT);
        slab[at + PLACE_AND_STATE] = others | (long) place << PLACE_SHIFT;
    }

    private static int field(int side, int field) {
        return SIDE + side * SIDE_FIELDS + field;
    }

    private void setUpper(int field, int value) {
        slab[at + field] = (long) value << 32 | (slab[at + field] & 0xffff_ffffL);
    }

    private void setLower(int field, int value) {
        slab[at + field] = slab[at + field] >>> 32 << 32 | Integer.toUnsignedLong(value);
    }
}
