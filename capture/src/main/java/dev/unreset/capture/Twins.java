package dev.unreset.capture;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;

/// The packets that were seen lately, in order of time: what was captured at two points of the
/// path, in two files or on two interfaces, is one packet, however many others are on their way
/// between the points.
final class Twins {

    /// Packets that are on their way at once, of all connections; of more, the first are forgotten.
    private static final int MOST = 1 << 16;

    private final Merge files;
    private final Map<Words, Packet> lately = new LinkedHashMap<>();

    /// @param files knows in which of them a packet may have been captured as well
    Twins(Merge files) {
        this.files = files;
    }

    /// What is the same wherever a packet is seen. Retransmissions differ in the IP ID, or in the
    /// time stamp, or are seen at one point twice.
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

    /// Finds the packet that is the same as `packet`, and was not yet seen where that was; if there
    /// is none, `packet` is a new one, or the same once more.
    ///
    /// @param connection [FlowTable#name]
    /// @return whether there is one
    boolean add(int connection, Packet packet) {
        forgetBefore(packet.nanos() - Tracker.WAY_NANOS);
        Words words = Words.of(connection, packet);
        Packet known = lately.get(words);
        if (known != null
                && files.areBeside(packet.file(), known.file())
                && !wasSeen(known, point(packet.vantage()))) {
            known.addSighting(packet);
            return true;
        }
        // At the end of the order, where the latest are.
        lately.remove(words);
        lately.put(words, packet);
        return false;
    }

    private static boolean wasSeen(Packet known, int point) {
        return point(known.vantage()) == point
                || known.twins().stream().anyMatch(twin -> point(twin.vantage()) == point);
    }

    /// File and interface.
    private static int point(int vantage) {
        return vantage >>> 8;
    }

    private void forgetBefore(long nanos) {
        Iterator<Packet> eldest = lately.values().iterator();
        while (eldest.hasNext() && (eldest.next().nanos() < nanos || lately.size() >= MOST)) {
            eldest.remove();
        }
    }
}
