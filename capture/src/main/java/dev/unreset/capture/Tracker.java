package dev.unreset.capture;

import java.util.function.Consumer;

/// Follows every TCP connection of a capture with constant work for each packet, and hands on each
/// as it ends or the capture does.
///
/// Hot: it makes no object for a packet. It decides only if a connection may have ended badly; the
/// [Story] of those is read from their packets.
final class Tracker implements AutoCloseable {

    private static final int SYN_FROM_A = 1;
    private static final int SYN_FROM_B = 2;
    private static final int FIN_FROM_A = 4;
    private static final int FIN_FROM_B = 8;
    private static final int RST_SEEN = 16;
    private static final int DATA_SEEN = 32;
    private static final int ACK_FROM_A = 64;

    /// The same packet seen at a second interface comes within this time (resets.md, 1.6).
    static final long TWIN_NANOS = 5_000_000;

    /// A closed flow is kept so long, because what comes after a close belongs to it.
    private static final long LINGER_NANOS = 30_000_000_000L;

    /// Retransmissions without any answer, from which a flow is looked at.
    private static final int UNANSWERED = 2;

    private static final int SWEEP_EVERY = 1 << 12;
    private static final int SWEEP_BUCKETS = 1 << 11;

    private final FlowTable flows = new FlowTable();
    private final Consumer<FlowSummary> left;
    private int untilSweep = SWEEP_EVERY;
    private long nowNanos;

    /// @param left gets each connection once
    Tracker(Consumer<FlowSummary> left) {
        this.left = left;
    }

    /// The decoder's packet, seen at `nanos`.
    void packet(Decoder packet, long nanos) {
        nowNanos = Math.max(nowNanos, nanos);
        if (--untilSweep == 0) {
            untilSweep = SWEEP_EVERY;
            flows.sweep(SWEEP_BUCKETS, this::leavesNow);
        }
        int hash = FlowTable.hash(packet);
        int flow = flows.find(packet, hash);
        if (flow == FlowTable.NONE) {
            flow = flows.add(packet, hash, isFromOpener(packet), nanos);
        } else if (beginsAnew(flow, packet)) {
            left.accept(summary(flow));
            flows.restart(flow, flows.isFromA(flow, packet), nanos);
        }
        note(flow, packet, nanos);
    }

    /// Who opened a connection of which this is the first packet: the sender of the SYN, else
    /// whoever has the higher port.
    static boolean isFromOpener(Decoder packet) {
        if ((packet.flags & Decoder.SYN) != 0) {
            return (packet.flags & Decoder.ACK) == 0;
        }
        return packet.sourcePort >= packet.targetPort;
    }

    /// A SYN with a new sequence number on a flow that had one, or that has ended.
    private boolean beginsAnew(int flow, Decoder packet) {
        if ((packet.flags & (Decoder.SYN | Decoder.ACK | Decoder.RST)) != Decoder.SYN) {
            return false;
        }
        int side = flows.isFromA(flow, packet) ? 0 : 1;
        int state = flows.state(flow);
        boolean sameSyn =
                (state & (SYN_FROM_A << side)) != 0
                        && flows.firstSequence(flow, side) == packet.sequence;
        return !sameSyn && state != 0;
    }

    private void note(int flow, Decoder packet, long nanos) {
        int side = flows.isFromA(flow, packet) ? 0 : 1;
        long signature = signature(packet);
        boolean twin =
                signature == flows.twin(flow, side)
                        && nanos - flows.twinNanos(flow, side) <= TWIN_NANOS;
        flows.countPacket(flow, nanos);
        if (twin) {
            return;
        }
        flows.twin(flow, side, signature, nanos);
        int state = flows.state(flow);
        int flags = packet.flags;
        if ((flags & Decoder.RST) != 0) {
            flows.state(flow, state | RST_SEEN);
            return;
        }
        if ((flags & Decoder.SYN) != 0) {
            state |= SYN_FROM_A << side;
            flows.firstSequence(flow, side, packet.sequence);
        } else if (side == 0) {
            state |= ACK_FROM_A;
        }
        if ((flags & Decoder.FIN) != 0) {
            state |= FIN_FROM_A << side;
        }
        int length = packet.payloadBytes;
        int span = length + ((flags & (Decoder.SYN | Decoder.FIN)) != 0 ? 1 : 0);
        if (span > 0) {
            state |= length > 0 ? DATA_SEEN : 0;
            int end = packet.sequence + span;
            boolean first = flows.bytes(flow, side) == 0 && flows.sequence(flow, side) == 0;
            if (first || end - flows.sequence(flow, side) > 0) {
                flows.sequence(flow, side, end);
                flows.addBytes(flow, side, length);
            } else {
                flows.repeated(flow, side, flows.repeated(flow, side) + 1);
            }
        }
        flows.repeated(flow, 1 - side, 0);
        flows.state(flow, state);
    }

    private static long signature(Decoder packet) {
        long mixed =
                Integer.toUnsignedLong(packet.sequence) << 32
                        | Integer.toUnsignedLong(packet.acknowledged);
        mixed = mixed * 0x9e3779b97f4a7c15L + packet.flags;
        mixed = mixed * 0xbf58476d1ce4e5b9L + packet.payloadBytes;
        return mixed * 0x94d049bb133111ebL + packet.ipId + 1;
    }

    private boolean leavesNow(int flow) {
        int state = flows.state(flow);
        boolean ended =
                (state & RST_SEEN) != 0
                        || (state & (FIN_FROM_A | FIN_FROM_B)) == (FIN_FROM_A | FIN_FROM_B);
        if (!ended || nowNanos - flows.lastNanos(flow) < LINGER_NANOS) {
            return false;
        }
        left.accept(summary(flow));
        return true;
    }

    private FlowSummary summary(int flow) {
        int state = flows.state(flow);
        boolean closed = (state & (FIN_FROM_A | FIN_FROM_B)) == (FIN_FROM_A | FIN_FROM_B);
        boolean unanswered =
                flows.repeated(flow, 0) >= UNANSWERED || flows.repeated(flow, 1) >= UNANSWERED;
        boolean established =
                (state & DATA_SEEN) != 0
                        || (state & (SYN_FROM_B | ACK_FROM_A)) == (SYN_FROM_B | ACK_FROM_A);
        return new FlowSummary(
                flows.a(flow),
                flows.b(flow),
                flows.firstNanos(flow),
                flows.lastNanos(flow),
                flows.packets(flow),
                flows.bytes(flow, 0),
                flows.bytes(flow, 1),
                established,
                closed,
                (state & RST_SEEN) != 0 || unanswered);
    }

    /// The capture is over: whatever is open leaves.
    void end() {
        flows.sweep(
                Integer.MAX_VALUE,
                flow -> {
                    left.accept(summary(flow));
                    return true;
                });
    }

    @Override
    public void close() {
        flows.close();
    }
}
