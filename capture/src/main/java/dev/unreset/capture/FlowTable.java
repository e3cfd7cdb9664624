package dev.unreset.capture;

import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/// The open flows of a capture: a hash table without an object for each flow.
///
/// A flow is the packets of one pair of endpoints; its record says what both sides have sent so
/// far. Records have 128 bytes, two cache lines, in slabs that are never moved. A record is named
/// by its number, from 1; a connection by that and by how often the record was used.
///
/// The table has open addressing with linear probing (Knuth, The Art of Computer Programming 3,
/// 6.4, algorithms L and R), and doubles when half of it is in use. Beside a flow's number stand
/// some bits of its hash: the record of another flow, which is somewhere else in memory, is hardly
/// ever read in vain.
final class FlowTable {

    static final int NONE = 0;

    /// Fields of a record, of 8 bytes each.
    private static final int RECORD = 16;

    private static final int SLAB_BITS = 12;
    private static final int SLAB = 1 << SLAB_BITS;

    // The key: a is the side that opened the connection, as far as can be told. Two IPv4 addresses
    // take one word, a's first.
    private static final int A_HIGH = 0;
    private static final int A_LOW = 1;
    private static final int B_HIGH = 2;
    private static final int B_LOW = 3;
    private static final int ADDRESSES = 0;

    // Upper half: both ports. Lower half: whether the addresses are of IPv6; of a record that is
    // free, the next such.
    private static final int PORTS_AND_NEXT = 4;

    private static final int IPV4 = 0;
    private static final int IPV6 = 1;

    // From above: repeated packets of a and of b (21 bits each), how many connections the record
    // was used for (6, what is above is lost), which list it is in (2), what the tracker has seen
    // (14).
    static final int PLACE_AND_STATE = 5;
    private static final int STATE_MASK = (1 << 14) - 1;
    private static final int PLACE_SHIFT = 14;
    private static final int PLACE_MASK = 3;
    private static final int USES_SHIFT = 16;
    private static final long USES_MASK = 63L << USES_SHIFT;
    private static final int REPEATED_SHIFT = 22;
    private static final int REPEATED_BITS = 21;
    private static final int REPEATED_MASK = (1 << REPEATED_BITS) - 1;

    private static final int FIRST_NANOS = 6;
    static final int LAST_NANOS = 7;

    // One block for each side.
    static final int SIDE = 8;
    static final int SIDE_FIELDS = 4;
    static final int BYTES = 0;

    // Upper half: signature of the side's last packet. Lower half: of a, when the first RST came,
    // of b, when its FIN did; counted from the first packet, in units of 1,048,576 ns; 0: it has
    // not.
    static final int TWIN_AND_END = 1;
    private static final int FIRST_RST = SIDE + TWIN_AND_END;
    private static final int FIN_OF_B = SIDE + SIDE_FIELDS + TWIN_AND_END;

    // Upper half: the time of the side's last packet, in units of 1,024 ns, its lower bits. Lower
    // half: of a, the round trip of the handshake in the same unit; of b, the longest silence in
    // units of 1,048,576 ns.
    static final int TIMES = 2;

    // Upper half: the sequence number after the last byte. Lower half: that of the SYN.
    static final int SEQUENCES = 3;

    private static final int HANDSHAKE = SIDE + TIMES;

    /// A handshake that takes longer had to wait for something.
    private static final long SLOW_HANDSHAKE = 250_000_000;

    // Bits of it; the rest are units of 1,024 ns.
    private static final int REPEATED_HANDSHAKE = 1 << 31;
    private static final int RESET_BY_A = 1 << 30;
    private static final int ASKED_AGAIN = 1 << 29;
    private static final int HANDSHAKE_MASK = ASKED_AGAIN - 1;
    static final int LONGEST_SILENCE = SIDE + SIDE_FIELDS + TIMES;
    static final int MICROS_SHIFT = 10;
    static final int SILENCE_SHIFT = 20;

    // Places.
    private static final int OPEN = 0;
    private static final int ENDED = 1;
    private static final int FREE = 2;

    /// Servers that are remembered.
    private static final int KNOWN = 1 << 12;

    /// Of a bucket, the bits that are a flow's number: records for as many take 8 GB.
    private static final int NUMBER_BITS = 26;

    private static final int NUMBER_MASK = (1 << NUMBER_BITS) - 1;

    private final EndedFlows ended = new EndedFlows();
    private final @Nullable Endpoint[] servers = new Endpoint[KNOWN];
    private long[][] slabs = new long[1][];

    /// Numbers, and bits of the hash above them.
    private int[] buckets = new int[1 << 13];

    private int count;
    private int made = 1;
    private int free = NONE;

    // The selected flow.
    private int selected;
    private long[] slab = {};
    private int at;
    private boolean fromA;

    /// What was read ahead, or the compiler would leave the reading out.
    @SuppressWarnings("UnusedVariable")
    private long seen;

    /// Reads ahead where [#find] will begin to look: for each row, it would wait for memory alone,
    /// and the processor fetches many side by side.
    void readAhead(PacketRows rows) {
        int[] all = buckets;
        int last = all.length - 1;
        long sum = 0;
        for (int row = 0; row < rows.count(); row++) {
            sum += all[rows.hash(row) & last];
        }
        seen += sum;
    }

    /// Selects the flow of a row.
    ///
    /// @return whether there is one
    boolean find(PacketRows rows, int row) {
        if (rows.isIpv6(row)) {
            return findIpv6(rows, row);
        }
        int found = findIpv4(rows.addresses(row), rows.ports(row), rows.hash(row));
        if (found != NONE) {
            select(found >>> 1);
            fromA = (found & 1) == 0;
        }
        return found != NONE;
    }

    private boolean findIpv6(PacketRows rows, int row) {
        int hash = rows.hash(row);
        int bits = hashBits(hash);
        int last = buckets.length - 1;
        int bucket = hash & last;
        for (int entry = buckets[bucket]; entry != NONE; entry = buckets[bucket]) {
            if ((entry & ~NUMBER_MASK) == bits) {
                select(entry & NUMBER_MASK);
                if (matchesIpv6(rows, row)) {
                    return true;
                }
            }
            bucket = bucket + 1 & last;
        }
        return false;
    }

    /// Finds a flow between two IPv4 addresses without selecting it.
    ///
    /// @param addresses source and target of a packet
    /// @param ports in the same way
    /// @return twice the number of the flow, and one more if the packet is from side b; or [#NONE]
    int findIpv4(long addresses, int ports, int hash) {
        int[] all = buckets;
        int last = all.length - 1;
        int bits = hashBits(hash);
        int bucket = hash & last;
        for (int entry = all[bucket]; entry != NONE; entry = all[bucket]) {
            if ((entry & ~NUMBER_MASK) == bits) {
                int flow = entry & NUMBER_MASK;
                long[] in = slab(flow);
                int record = record(flow);
                long known = in[record + PORTS_AND_NEXT];
                long between = in[record + ADDRESSES];
                if (between == addresses && known == key(ports, IPV4)) {
                    return flow << 1;
                }
                if (between == Long.rotateLeft(addresses, 32)
                        && known == key(swapped(ports), IPV4)) {
                    return flow << 1 | 1;
                }
            }
            bucket = bucket + 1 & last;
        }
        return NONE;
    }

    /// The bits of a hash that stand beside a number. The first bit is the same in a whole table.
    private static int hashBits(int hash) {
        return hash << 1 & ~NUMBER_MASK;
    }

    /// Selects a flow by its number.
    void select(int flow) {
        selected = flow;
        slab = slab(flow);
        at = record(flow);
    }

    /// What the record of a flow is in.
    long[] slab(int flow) {
        return slabs[flow >>> SLAB_BITS];
    }

    /// Where its record begins in its [#slab].
    static int record(int flow) {
        return (flow & SLAB - 1) * RECORD;
    }

    /// The number of the selected flow.
    int selected() {
        return selected;
    }

    /// The name of the connection on the selected flow.
    int name() {
        return name(selected, slab[at + PLACE_AND_STATE]);
    }

    /// The name of the connection on a flow: the flow's number, and in the bits above it how often
    /// the record was used, as far as they go. Never [#NONE].
    ///
    /// @param word [#PLACE_AND_STATE] of its record
    static int name(int flow, long word) {
        return flow | (int) (word & USES_MASK) << (NUMBER_BITS - USES_SHIFT);
    }

    /// The number of the flow that the connection with a name was on.
    static int flow(int name) {
        return name & NUMBER_MASK;
    }

    /// Whether the selected flow is the row's; then also which of the two sent the packet.
    private boolean matchesIpv6(PacketRows rows, int row) {
        int ports = rows.ports(row);
        long known = slab[at + PORTS_AND_NEXT];
        fromA = known == key(ports, IPV6) && matchesIpv6(rows, row, A_HIGH, B_HIGH);
        return fromA
                || (known == key(swapped(ports), IPV6) && matchesIpv6(rows, row, B_HIGH, A_HIGH));
    }

    private boolean matchesIpv6(PacketRows rows, int row, int source, int target) {
        return slab[at + source] == rows.ipv6(row, 0)
                && slab[at + source + 1] == rows.ipv6(row, 1)
                && slab[at + target] == rows.ipv6(row, 2)
                && slab[at + target + 1] == rows.ipv6(row, 3);
    }

    private static long key(int ports, int version) {
        return (long) ports << 32 | version;
    }

    private static int swapped(int ports) {
        return Integer.rotateLeft(ports, 16);
    }

    /// Whether the packet of the row that was last found or added comes from side a.
    boolean isFromA() {
        return fromA;
    }

    /// Adds and selects a new flow.
    ///
    /// @param byOpener whether the packet's source opened the connection
    void add(PacketRows rows, int row, boolean byOpener) {
        if (count >= buckets.length / 2) {
            grow();
        }
        select(take());
        boolean ipv6 = rows.isIpv6(row);
        if (ipv6) {
            for (int half = 0; half < PacketRows.IPV6_WORDS; half++) {
                slab[at + half] = rows.ipv6(row, half);
            }
        } else {
            slab[at + ADDRESSES] = rows.addresses(row);
        }
        slab[at + PORTS_AND_NEXT] = key(rows.ports(row), ipv6 ? IPV6 : IPV4);
        fromA = byOpener;
        if (!byOpener) {
            swapSides();
        }
        place(OPEN);
        begin(rows.nanos(row));
        enter(rows.hash(row));
        count++;
    }

    /// Puts the selected flow into the table.
    private void enter(int hash) {
        int last = buckets.length - 1;
        int bucket = hash & last;
        while (buckets[bucket] != NONE) {
            bucket = bucket + 1 & last;
        }
        buckets[bucket] = selected | hashBits(hash);
    }

    private void begin(long nanos) {
        long uses = (slab[at + PLACE_AND_STATE] + (1L << USES_SHIFT)) & USES_MASK;
        slab[at + PLACE_AND_STATE] = uses | (long) place() << PLACE_SHIFT;
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
        if (made > NUMBER_MASK) {
            throw new IllegalStateException("too many connections are open at once: " + count);
        }
        return made++;
    }

    private void grow() {
        buckets = new int[buckets.length * 2];
        forEach(() -> enter(hash()));
    }

    private boolean isIpv6() {
        return next() == IPV6;
    }

    private int hash() {
        return isIpv6()
                ? FlowHash.of(
                        slab[at + A_HIGH],
                        slab[at + A_LOW],
                        slab[at + B_HIGH],
                        slab[at + B_LOW],
                        ports())
                : FlowHash.of(slab[at + ADDRESSES], ports());
    }

    /// Selects every flow in turn, and calls `visitor`.
    void forEach(Runnable visitor) {
        for (int flow = 1; flow < made; flow++) {
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

    /// Whether the flow that ended first did so before `from` or after `to`.
    boolean hasEndedOutside(long from, long to) {
        return ended.hasOutside(from, to);
    }

    /// Selects the flow that ended first: it is open again, for the caller to look at it once more.
    void selectFirstEnded() {
        select(ended.removeFirst());
        place(OPEN);
    }

    /// Removes the selected flow.
    void remove() {
        int flow = selected;
        empty(bucketOf(flow));
        select(flow);
        place(FREE);
        next(free);
        free = flow;
        count--;
    }

    private int bucketOf(int flow) {
        int bucket = hash() & buckets.length - 1;
        while ((buckets[bucket] & NUMBER_MASK) != flow) {
            bucket = bucket + 1 & buckets.length - 1;
        }
        return bucket;
    }

    /// Empties a bucket, and moves those after it that would not be found any more.
    private void empty(int bucket) {
        int last = buckets.length - 1;
        int hole = bucket;
        int next = hole + 1 & last;
        while (buckets[next] != NONE) {
            select(buckets[next] & NUMBER_MASK);
            int fromItsOwn = next - hash() & last;
            if (fromItsOwn >= (next - hole & last)) {
                buckets[hole] = buckets[next];
                hole = next;
            }
            next = next + 1 & last;
        }
        buckets[hole] = NONE;
    }

    /// Makes room for a new connection between the same endpoints, which the sender of the packet
    /// that was last found opens: the old one must have been read.
    void restart(long nanos) {
        if (!fromA) {
            swapSides();
            fromA = true;
        }
        begin(nanos);
    }

    private void swapSides() {
        slab[at + PORTS_AND_NEXT] = key(swapped(ports()), next());
        if (!isIpv6()) {
            slab[at + ADDRESSES] = Long.rotateLeft(slab[at + ADDRESSES], 32);
            return;
        }
        for (int half = 0; half < 2; half++) {
            long ofA = slab[at + A_HIGH + half];
            slab[at + A_HIGH + half] = slab[at + B_HIGH + half];
            slab[at + B_HIGH + half] = ofA;
        }
    }

    Endpoint a() {
        int port = PacketRows.asInPacket(ports()) >>> 16;
        return isIpv6()
                ? new Endpoint(slab[at + A_HIGH], slab[at + A_LOW], port)
                : new Endpoint(Decoder.IPV4_MARK, ipv4(slab[at + ADDRESSES] >>> 32), port);
    }

    Endpoint b() {
        int port = PacketRows.asInPacket(ports()) & 0xffff;
        return isIpv6()
                ? known(slab[at + B_HIGH], slab[at + B_LOW], port)
                : known(Decoder.IPV4_MARK, ipv4(slab[at + ADDRESSES]), port);
    }

    /// A hash of the address of [#a].
    int hashOfA() {
        return isIpv6()
                ? FlowHash.ofAddress(slab[at + A_HIGH], slab[at + A_LOW])
                : FlowHash.ofAddress(0, slab[at + ADDRESSES] >>> 32);
    }

    /// The same of any address.
    static int hashOf(Endpoint address) {
        return address.isIpv4()
                ? FlowHash.ofAddress(0, ipv4(address.low()))
                : FlowHash.ofAddress(address.high(), address.low());
    }

    /// An address as [Endpoint] has it; or, of one of these, as it stands in a packet.
    private static long ipv4(long inPacket) {
        return Integer.toUnsignedLong(PacketRows.asInPacket((int) inPacket));
    }

    /// Servers are few: hardly any is made anew.
    private Endpoint known(long high, long low, int port) {
        int place = Long.hashCode(high * 31 + low) + port & KNOWN - 1;
        @Nullable Endpoint known = servers[place];
        if (known == null || known.low() != low || known.high() != high || known.port() != port) {
            known = new Endpoint(high, low, port);
            servers[place] = known;
        }
        return known;
    }

    long firstNanos() {
        return slab[at + FIRST_NANOS];
    }

    long lastNanos() {
        return slab[at + LAST_NANOS];
    }

    /// A packet came: the silence before it may have been the longest.
    void lastNanos(long nanos) {
        long last = slab[at + LAST_NANOS];
        if (nanos > last) {
            slab[at + LAST_NANOS] = nanos;
        }
        if ((nanos - last) >> SILENCE_SHIFT > longestSilence()) {
            setLower(LONGEST_SILENCE, silence(nanos - last));
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

    /// What is known of the handshake, in bits: see [#handshakeNanos], [#askedAgain] and
    /// [#resetByA].
    int handshake() {
        return (int) slab[at + HANDSHAKE];
    }

    void setHandshake(long nanos, boolean repeated) {
        // A time that runs backwards is none.
        int units = nanos <= 0 ? 0 : Math.clamp(nanos >> MICROS_SHIFT, 1, HANDSHAKE_MASK);
        int others = handshake() & ~HANDSHAKE_MASK;
        setLower(HANDSHAKE, others | units | (repeated ? REPEATED_HANDSHAKE : 0));
    }

    /// How long a handshake took, from the SYN to the acknowledgement of the SYN-ACK, by what
    /// [#handshake] gave; 0 if it was not seen.
    static long handshakeNanos(int handshake) {
        return (long) (handshake & HANDSHAKE_MASK) << MICROS_SHIFT;
    }

    /// When a SYN was where it is decided who is let in. What was lost, or waited for somebody's
    /// address (RFC 4861, 7.2.2), came there long after it was sent, and shortly before the
    /// handshake was over.
    ///
    /// @param firstNanos of the connection
    /// @param handshake [#handshake]
    /// @param least how long the quickest handshake of the server took
    static long arrivedNanos(long firstNanos, int handshake, long least) {
        long took = handshakeNanos(handshake);
        return took - least < SLOW_HANDSHAKE ? firstNanos : firstNanos + took;
    }

    /// The same as [#handshakeNanos], but 0 if one of its packets was repeated: no round trip.
    static long roundTripNanos(int handshake) {
        return handshake < 0 ? 0 : handshakeNanos(handshake);
    }

    /// The SYN was repeated before it was answered.
    void setAskedAgain() {
        setLower(HANDSHAKE, handshake() | ASKED_AGAIN);
    }

    static boolean askedAgain(int handshake) {
        return (handshake & ASKED_AGAIN) != 0;
    }

    /// The first RST came from the side that [#a] is.
    void setResetByA() {
        setLower(HANDSHAKE, handshake() | RESET_BY_A);
    }

    static boolean resetByA(int handshake) {
        return (handshake & RESET_BY_A) != 0;
    }

    long bytes(int side) {
        return slab[at + field(side, BYTES)];
    }

    void addBytes(int side, long more) {
        slab[at + field(side, BYTES)] += more;
    }

    /// Notes a packet of a side, so that its twin is known.
    ///
    /// @param within of so many nanoseconds
    /// @return whether it is the twin of the side's last one, seen once more
    boolean isTwin(int side, int signature, long nanos, long within) {
        int micros = (int) (nanos >>> MICROS_SHIFT);
        long known = slab[at + field(side, TWIN_AND_END)];
        long times = slab[at + field(side, TIMES)];
        if ((int) (known >>> 32) == signature) {
            int later = micros - (int) (times >>> 32);
            int most = (int) (within >>> MICROS_SHIFT);
            if (later <= most && later >= -most) {
                return true;
            }
        }
        slab[at + field(side, TWIN_AND_END)] = PacketRows.both(signature, (int) known);
        slab[at + field(side, TIMES)] = PacketRows.both(micros, (int) times);
        return false;
    }

    /// The FIN of b came, not for the first time perhaps.
    void fin(long nanos) {
        note(FIN_OF_B, nanos);
    }

    /// A RST came, not for the first time perhaps.
    void reset(long nanos) {
        note(FIRST_RST, nanos);
    }

    /// Whoever was sent the RST did not accept it.
    void forgetReset() {
        setLower(FIRST_RST, 0);
    }

    /// When the first RST came that was not forgotten; 0 if none did.
    long resetNanos() {
        return endNanos(slab[at + FIRST_NANOS], (int) slab[at + FIRST_RST]);
    }

    private void note(int field, long nanos) {
        if ((int) slab[at + field] == 0) {
            setLower(field, Math.max(1, silence(nanos - slab[at + FIRST_NANOS])));
        }
    }

    /// When the FIN of b and the first RST came: see [#finNanos] and [#resetNanos].
    long ends() {
        return PacketRows.both((int) slab[at + FIRST_RST], (int) slab[at + FIN_OF_B]);
    }

    /// When the FIN of b came, to about a millisecond; 0 if none did. What came more than 26 days
    /// after the first packet counts as come by then.
    ///
    /// @param ends [#ends]
    static long finNanos(long firstNanos, long ends) {
        return endNanos(firstNanos, (int) ends);
    }

    /// The same of the first RST.
    static long resetNanos(long firstNanos, long ends) {
        return endNanos(firstNanos, (int) (ends >>> 32));
    }

    private static long endNanos(long firstNanos, int after) {
        long units = Integer.toUnsignedLong(after);
        return units == 0 ? 0 : firstNanos + (units << SILENCE_SHIFT);
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
