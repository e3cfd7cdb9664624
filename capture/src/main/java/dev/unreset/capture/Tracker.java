package dev.unreset.capture;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/// Follows every TCP connection of a capture with constant work for each packet, and hands on each
/// as it ends or the capture does.
///
/// Hot: it makes no object for a packet. It decides only if a connection may have ended badly; the
/// [Story] of those is read from their packets.
final class Tracker {

    private static final int SYN_FROM_A = 1;
    private static final int SYN_FROM_B = 2;
    private static final int FIN_FROM_A = 4;
    private static final int FIN_FROM_B = 8;
    private static final int BOTH_FINS = FIN_FROM_A | FIN_FROM_B;
    private static final int RST_SEEN = 16;
    private static final int DATA_SEEN = 32;
    private static final int ACK_FROM_A = 64;

    /// The server closed before its client did.
    private static final int CLOSED_BY_B = 128;

    private static final int BOTH_SYNS = SYN_FROM_A | SYN_FROM_B;
    private static final int HANDSHAKE = BOTH_SYNS | ACK_FROM_A;

    /// All that may have been said.
    private static final int SPOKEN = HANDSHAKE | BOTH_FINS | RST_SEEN | DATA_SEEN;

    /// Retransmissions of a side since the other was last heard of: two bits for each side, which
    /// count up to [#UNANSWERED].
    private static final int REPEATED = 8;

    private static final int REPEATED_BITS = 2;
    private static final int REPEATED_MASK = 3;

    private static final int UNDELIVERED = 1 << 12;

    /// A new connection began between the same endpoints.
    private static final int SUPERSEDED = 1 << 13;

    /// The same packet seen at a second interface comes within this time (resets.md, 1.6).
    static final long TWIN_NANOS = 5_000_000;

    /// By so many hops its times to live differ.
    static final int TWIN_HOPS = 2;

    /// No packet is longer on its way between two points where it was captured, with what their
    /// clocks differ.
    static final long WAY_NANOS = 4_000_000_000L;

    /// A closed flow is kept so long, because what comes after a close belongs to it.
    private static final long LINGER_NANOS = 30_000_000_000L;

    /// What is earlier than the latest packets by more was captured after the clock was set back,
    /// or those by a clock that was wrong.
    private static final long SET_BACK_NANOS = 60_000_000_000L;

    private static final long ON_ITS_WAY_NANOS = 200_000_000;

    /// Retransmissions without any answer, from which a flow is looked at.
    private static final int UNANSWERED = 2;

    /// Bytes between two packets that count although they were not captured; what is further away
    /// is no continuation.
    private static final int MOST_MISSED = 16 << 20;

    private final FlowTable flows = new FlowTable();
    private final LeavingFlow leaving = new LeavingFlow(flows);
    private final Consumer<LeavingFlow> left;

    /// The time of all trackers, that of the latest packet: so when a flow leaves is the same
    /// whatever flows are in its share. It goes back only where the clock of the capture was set
    /// back.
    private long nowNanos;

    /// @param left gets each connection once
    Tracker(Consumer<LeavingFlow> left) {
        this.left = left;
    }

    /// Follows the packets in `rows`, and puts into `names` the name of each one's connection.
    ///
    /// @param latestNanos of these packets and those of other trackers; [PacketBatch#NO_TIME] if
    ///   there are none
    void packets(PacketRows rows, int[] names, long latestNanos) {
        if (latestNanos == PacketBatch.NO_TIME) {
            return;
        }
        if (latestNanos > nowNanos || latestNanos < nowNanos - SET_BACK_NANOS) {
            nowNanos = latestNanos;
        }
        flows.readAhead(rows);
        int count = rows.count();
        for (int row = 0; row < count; row++) {
            int name = plainPacket(rows.words(), row * PacketRows.WORDS);
            if (name == FlowTable.NONE && packet(rows, row)) {
                name = flows.name();
            }
            names[row] = name;
        }
        while (flows.hasEndedOutside(nowNanos - LINGER_NANOS, nowNanos)) {
            flows.selectFirstEnded();
            leaveOrStay();
        }
    }

    /// Follows a packet that brings new bytes or an acknowledgement and nothing else, on a flow
    /// that is known: nearly every one does. [#packet] would do the same, in several times the
    /// instructions.
    ///
    /// @param words of rows, where the packet's begins at `row`
    /// @return the name of its connection; [FlowTable#NONE] if nothing was done with it
    private int plainPacket(long[] words, int row) {
        long segment = words[row + PacketRows.SEGMENT];
        if ((segment & PacketRows.NOT_PLAIN) != 0) {
            return FlowTable.NONE;
        }
        long portsAndHash = words[row + PacketRows.PORTS_AND_HASH];
        int found =
                flows.findIpv4(
                        words[row + PacketRows.ADDRESSES],
                        (int) (portsAndHash >>> 32),
                        (int) portsAndHash);
        if (found == FlowTable.NONE) {
            return FlowTable.NONE;
        }
        int flow = found >>> 1;
        int side = found & 1;
        long[] slab = flows.slab(flow);
        int record = FlowTable.record(flow);
        int own = record + FlowTable.SIDE + side * FlowTable.SIDE_FIELDS;
        long state = slab[record + FlowTable.PLACE_AND_STATE];
        long twin = slab[own + FlowTable.TWIN_AND_END];
        long sequences = slab[own + FlowTable.SEQUENCES];
        int signature = (int) (words[row + PacketRows.SIGNATURE_AND_PLACE] >>> 32);
        int length = (int) segment & PacketRows.MOST_LENGTH;
        int ahead = (int) (segment >>> 32) - (int) (sequences >>> 32);
        boolean answersHandshake = side == 0 && (state & HANDSHAKE) == BOTH_SYNS;
        boolean wasReset = (state & RST_SEEN) != 0;
        boolean isNew = length == 0 || (ahead >= 0 && ahead < MOST_MISSED && sequences >>> 32 != 0);
        boolean isTwin = (int) (twin >>> 32) == signature;
        if (!isNew || answersHandshake || wasReset || isTwin) {
            return FlowTable.NONE;
        }
        long nanos = words[row + PacketRows.NANOS];
        long last = slab[record + FlowTable.LAST_NANOS];
        if ((nanos - last) >> FlowTable.SILENCE_SHIFT
                > (int) slab[record + FlowTable.LONGEST_SILENCE]) {
            return FlowTable.NONE;
        }
        if (nanos > last) {
            slab[record + FlowTable.LAST_NANOS] = nanos;
        }
        slab[own + FlowTable.TWIN_AND_END] = PacketRows.both(signature, (int) twin);
        slab[own + FlowTable.TIMES] =
                PacketRows.both(
                        (int) (nanos >>> FlowTable.MICROS_SHIFT),
                        (int) slab[own + FlowTable.TIMES]);
        long after = state & ~(REPEATED_MASK << repeatedShift(1 - side));
        after |= side == 0 ? ACK_FROM_A : 0;
        if (length > 0) {
            after |= DATA_SEEN;
            int end = (int) (segment >>> 32) + length;
            slab[own + FlowTable.SEQUENCES] = PacketRows.both(end, (int) sequences);
            slab[own + FlowTable.BYTES] += ahead + length;
        }
        if (after != state) {
            slab[record + FlowTable.PLACE_AND_STATE] = after;
        }
        return FlowTable.name(flow, state);
    }

    /// Follows a packet; false if it is of no flow.
    private boolean packet(PacketRows rows, int row) {
        if ((rows.flags(row) & (Decoder.UNDELIVERED | Decoder.SEEN_BEFORE)) != 0) {
            return noNewPacket(rows, row);
        }
        if (!flows.find(rows, row)) {
            flows.add(rows, row, isFromOpener(rows, row));
        } else if (isBareSyn(rows.flags(row)) && beginsAnew(rows, row)) {
            flows.state(flows.state() | SUPERSEDED);
            left.accept(leaving);
            flows.restart(rows.nanos(row));
        }
        note(rows, row);
        return true;
    }

    /// Somebody says that a segment could not be delivered, or it is seen once more: it begins no
    /// connection, and is no further packet of it.
    private boolean noNewPacket(PacketRows rows, int row) {
        boolean found = flows.find(rows, row);
        if (found) {
            flows.lastNanos(rows.nanos(row));
            boolean undelivered = (rows.flags(row) & Decoder.UNDELIVERED) != 0;
            flows.state(flows.state() | (undelivered ? UNDELIVERED : 0));
        }
        return found;
    }

    /// Who opened a connection of which this is the first packet: the sender of the SYN, else
    /// whoever has the higher port.
    private static boolean isFromOpener(PacketRows rows, int row) {
        int flags = rows.flags(row);
        if ((flags & Decoder.SYN) != 0) {
            return (flags & Decoder.ACK) == 0;
        }
        int ports = PacketRows.asInPacket(rows.ports(row));
        return ports >>> 16 >= (ports & 0xffff);
    }

    private static boolean isBareSyn(int flags) {
        return (flags & (Decoder.SYN | Decoder.ACK | Decoder.RST)) == Decoder.SYN;
    }

    /// A SYN with a new sequence number on a flow that had one, or that has ended; or any, long
    /// after the end.
    private boolean beginsAnew(PacketRows rows, int row) {
        int side = flows.isFromA() ? 0 : 1;
        int state = flows.state();
        boolean sameSyn =
                (state & (SYN_FROM_A << side)) != 0
                        && flows.firstSequence(side) == rows.sequence(row);
        boolean longOver = isOver(state) && rows.nanos(row) - flows.lastNanos() >= LINGER_NANOS;
        // RFC 9293, 3.5: two that open the same connection at once.
        boolean crosses = (state & SPOKEN) == SYN_FROM_A << (1 - side);
        return state != 0 && ((!sameSyn && !crosses) || longOver);
    }

    /// Whatever changes here may change [#plainPacket] too.
    private void note(PacketRows rows, int row) {
        int side = flows.isFromA() ? 0 : 1;
        long nanos = rows.nanos(row);
        flows.lastNanos(nanos);
        if (flows.isTwin(side, rows.signature(row), nanos, TWIN_NANOS)) {
            return;
        }
        int before = flows.state();
        int after = noteState(side, rows, row, before);
        flows.state(after);
        if (isOver(after) && !isOver(before)) {
            flows.end(nowNanos);
        }
    }

    private int noteState(int side, PacketRows rows, int row, int before) {
        int flags = rows.flags(row);
        if ((flags & Decoder.RST) != 0) {
            if (side == 0 && !isReset(before)) {
                flows.setResetByA();
            }
            flows.reset(rows.nanos(row));
            return before | RST_SEEN;
        }
        // Who closes because nothing came has not answered what was repeated to it in vain.
        boolean gaveUp = (flags & Decoder.FIN) != 0 && repeated(before, 1 - side) == UNANSWERED;
        int state = gaveUp ? before : before & ~(REPEATED_MASK << repeatedShift(1 - side));
        int sequence = rows.sequence(row);
        if ((flags & Decoder.SYN) != 0) {
            if (side == 1 && (state & SYN_FROM_B) == 0 && flows.repeated(0) > 0) {
                flows.setAskedAgain();
            }
            state |= SYN_FROM_A << side;
            flows.firstSequence(side, sequence);
        } else if (side == 0) {
            if ((state & HANDSHAKE) == BOTH_SYNS) {
                boolean repeated = flows.repeated(0) + flows.repeated(1) > 0;
                flows.setHandshake(rows.nanos(row) - flows.firstNanos(), repeated);
            }
            state |= ACK_FROM_A;
        }
        if ((flags & Decoder.FIN) != 0) {
            state |= FIN_FROM_A << side;
            if (side == 1) {
                state |= (state & FIN_FROM_A) == 0 ? CLOSED_BY_B : 0;
                flows.fin(rows.nanos(row));
            }
        }
        int length = rows.length(row);
        int span = length + ((flags & (Decoder.SYN | Decoder.FIN)) != 0 ? 1 : 0);
        if (span == 0) {
            return state;
        }
        state |= length > 0 ? DATA_SEEN : 0;
        int end = sequence + span;
        int known = flows.sequence(side);
        boolean first = known == 0 && flows.bytes(side) == 0;
        if (first || end - known > 0) {
            if (length > 0 && isReset(state) && didNotAccept(side, rows.nanos(row))) {
                flows.forgetReset();
            }
            flows.sequence(side, end);
            flows.addBytes(side, first ? length : newBytes(length, sequence - known));
            return state;
        }
        flows.addRepeated(side);
        int repeated = Math.min(UNANSWERED, repeated(state, side) + 1);
        int shift = repeatedShift(side);
        return (state & ~(REPEATED_MASK << shift)) | repeated << shift;
    }

    /// Whether who says something new at `nanos` had been sent the first RST, and goes on: what was
    /// on its way then is there by now.
    private boolean didNotAccept(int side, long nanos) {
        boolean receiver = FlowTable.resetByA(flows.handshake()) == (side == 1);
        return receiver && nanos - flows.resetNanos() > ON_ITS_WAY_NANOS;
    }

    /// What a packet adds to its side's bytes: what it does not repeat, and what was missed before
    /// it.
    ///
    /// @param ahead how far it begins after what was known; negative if it repeats some of it
    private static int newBytes(int length, int ahead) {
        return ahead >= -length && ahead < MOST_MISSED ? length + ahead : length;
    }

    private static int repeatedShift(int side) {
        return REPEATED + side * REPEATED_BITS;
    }

    private static int repeated(int state, int side) {
        return state >>> repeatedShift(side) & REPEATED_MASK;
    }

    /// Whether the server closed before its client did.
    static boolean isClosedByServer(int state) {
        return (state & CLOSED_BY_B) != 0;
    }

    /// Whether both sides have sent their FIN.
    static boolean isClosed(int state) {
        return (state & BOTH_FINS) == BOTH_FINS;
    }

    /// Whether somebody has sent a FIN or a RST, or the same endpoints have begun anew.
    static boolean wasEnded(int state) {
        return (state & (BOTH_FINS | RST_SEEN | SUPERSEDED)) != 0;
    }

    /// Whether a RST came.
    static boolean isReset(int state) {
        return (state & RST_SEEN) != 0;
    }

    /// Whether a RST came before the server had said anything.
    static boolean isRefused(int state) {
        return isReset(state) && (state & (SYN_FROM_B | DATA_SEEN)) == 0;
    }

    /// Whether the client repeated itself, and the server did not answer.
    static boolean isServerSilent(int state) {
        return repeated(state, 0) == UNANSWERED;
    }

    /// Whether the connection was open: not only asked for.
    static boolean isEstablished(int state) {
        return (state & DATA_SEEN) != 0
                || (state & (SYN_FROM_B | ACK_FROM_A)) == (SYN_FROM_B | ACK_FROM_A);
    }

    /// Whether it may have ended badly: a closer look decides.
    static boolean isSuspicious(int state) {
        boolean synAlone = (state & (SYN_FROM_B | DATA_SEEN | ACK_FROM_A)) == 0;
        boolean unanswered =
                repeated(state, 0) == UNANSWERED
                        || repeated(state, 1) == UNANSWERED
                        || (synAlone && repeated(state, 0) > 0);
        boolean undelivered = (state & UNDELIVERED) != 0 && !isEstablished(state);
        return isReset(state) || unanswered || undelivered;
    }

    private static boolean isOver(int state) {
        return isReset(state) || isClosed(state);
    }

    /// A flow that ended some time ago leaves, unless it went on, or a new connection began on it.
    private void leaveOrStay() {
        if (!isOver(flows.state())) {
            return;
        }
        if (nowNanos - flows.lastNanos() < LINGER_NANOS) {
            flows.end(nowNanos);
            return;
        }
        left.accept(leaving);
        flows.remove();
    }

    /// What the summary of a connection says of both sides.
    static Traffic traffic(FlowSummary summary) {
        int state = summary.state();
        Traffic.Began began =
                (state & SYN_FROM_A) == 0
                        ? Traffic.Began.UNDER_WAY
                        : (state & SYN_FROM_B) == 0
                                ? Traffic.Began.UNANSWERED_SYN
                                : Traffic.Began.HANDSHAKE;
        return new Traffic(
                began,
                new Traffic.Side(
                        stateOf(state, 0), summary.clientBytes(), summary.clientRepeated()),
                new Traffic.Side(
                        stateOf(state, 1), summary.serverBytes(), summary.serverRepeated()),
                summary.roundTripNanos() == 0
                        ? Optional.empty()
                        : Optional.of(Duration.ofNanos(summary.roundTripNanos())),
                Duration.ofNanos(summary.longestSilenceNanos()));
    }

    private static Traffic.State stateOf(int state, int side) {
        boolean closed = (state & FIN_FROM_A << side) != 0;
        boolean otherClosed = (state & FIN_FROM_B >> side) != 0;
        if (closed) {
            return otherClosed ? Traffic.State.CLOSED : Traffic.State.FIN_WAIT;
        }
        if (otherClosed) {
            return Traffic.State.CLOSE_WAIT;
        }
        boolean answered = (state & SYN_FROM_B) != 0;
        boolean handshake = (state & BOTH_SYNS) != 0 && (state & (DATA_SEEN | ACK_FROM_A)) == 0;
        if (!handshake) {
            return Traffic.State.ESTABLISHED;
        }
        if (side == 0) {
            return answered ? Traffic.State.ESTABLISHED : Traffic.State.SYN_SENT;
        }
        return answered ? Traffic.State.SYN_RECEIVED : Traffic.State.LISTEN;
    }

    /// The time of the last packet.
    long nowNanos() {
        return nowNanos;
    }

    /// The capture is over: whatever is open leaves.
    void end() {
        flows.forEach(() -> left.accept(leaving));
    }
}
