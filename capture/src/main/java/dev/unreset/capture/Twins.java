package dev.unreset.capture;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// The packets that were seen lately, in order of time: what was captured at two points of the
/// path, in two files or on two interfaces, is one packet, however many others are on their way
/// between the points, those that say the same among them.
final class Twins {

    /// Packets that are on their way at once, of all connections; of more, the first are forgotten.
    private static final int MOST = 1 << 16;

    /// Of those that say the same.
    private static final int MOST_ALIKE = 32;

    private static final long NEVER = Long.MIN_VALUE;

    private final Merge files;

    /// Those that say the same, in the order in which they were first seen.
    private final Map<Words, Deque<Packet>> lately = new HashMap<>();

    private final Deque<Known> inOrder = new ArrayDeque<>();

    /// @param files knows in which of them a packet may have been captured as well
    Twins(Merge files) {
        this.files = files;
    }

    /// What is the same wherever a packet is seen.
    private record Words(
            int connection,
            boolean fromClient,
            long sequence,
            long acknowledged,
            int flags,
            int length,
            int ipId,
            int tsValue) {

        static Words of(int connection, Packet packet) {
            return new Words(
                    connection,
                    packet.fromClient(),
                    packet.sequence(),
                    packet.acknowledged(),
                    packet.flags(),
                    packet.length(),
                    packet.ipId(),
                    packet.tsValue());
        }
    }

    private record Known(Words words, Packet packet) {}

    /// Finds the packet that `packet` is, seen once more; if there is none, it is a new one.
    ///
    /// Of those that say the same, it is the first that was not yet seen where `packet` was. What
    /// one point shows twice within [Tracker#TWIN_NANOS] is one packet too: a bridge has two
    /// interfaces.
    ///
    /// @param connection [FlowTable#name]
    Optional<Packet> add(int connection, Packet packet) {
        forgetBefore(packet.nanos() - Tracker.WAY_NANOS);
        Words words = Words.of(connection, packet);
        Deque<Packet> alike = lately.computeIfAbsent(words, _ -> new ArrayDeque<>(2));
        Optional<Packet> twin = twin(alike, packet);
        twin.ifPresent(known -> known.addSighting(packet));
        if (twin.isEmpty()) {
            if (alike.size() == MOST_ALIKE) {
                alike.removeFirst();
            }
            alike.addLast(packet);
            inOrder.addLast(new Known(words, packet));
        }
        return twin;
    }

    private Optional<Packet> twin(Deque<Packet> alike, Packet packet) {
        Optional<Packet> first = Optional.empty();
        for (Packet known : alike) {
            long there = firstSeen(known, point(packet.vantage()));
            boolean seen = there != NEVER;
            if (seen
                    && Math.abs(packet.nanos() - there) <= Tracker.TWIN_NANOS
                    && Math.abs(packet.ttl() - known.ttl()) <= Tracker.TWIN_HOPS) {
                return Optional.of(known);
            }
            boolean mayBe =
                    !seen
                            && files.areBeside(packet.file(), known.file())
                            && Math.abs(packet.nanos() - known.nanos()) <= Tracker.WAY_NANOS;
            first = mayBe && first.isEmpty() ? Optional.of(known) : first;
        }
        return first;
    }

    /// When it was first seen at `point`; [#NEVER] if it was not.
    private static long firstSeen(Packet packet, int point) {
        if (point(packet.vantage()) == point) {
            return packet.nanos();
        }
        for (Packet.Sighting twin : packet.twins()) {
            if (point(twin.vantage()) == point) {
                return twin.nanos();
            }
        }
        return NEVER;
    }

    /// File and interface.
    private static int point(int vantage) {
        return vantage >>> 8;
    }

    private void forgetBefore(long nanos) {
        while (!inOrder.isEmpty()
                && (inOrder.getFirst().packet().nanos() < nanos || inOrder.size() >= MOST)) {
            Known eldest = inOrder.removeFirst();
            Deque<Packet> alike = lately.getOrDefault(eldest.words(), new ArrayDeque<>(0));
            if (!alike.isEmpty() && alike.getFirst().isSame(eldest.packet())) {
                alike.removeFirst();
            }
            if (alike.isEmpty()) {
                lately.remove(eldest.words());
            }
        }
    }
}
