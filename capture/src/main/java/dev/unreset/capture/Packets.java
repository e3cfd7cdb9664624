package dev.unreset.capture;

import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/// Questions to some packets of a connection.
///
/// Rules ask them a thousand times and more in a short run: a plain loop for each is compiled soon,
/// and the many methods of a stream are not.
final class Packets {

    private Packets() {}

    static boolean any(List<Packet> packets, Predicate<Packet> wanted) {
        for (int i = 0; i < packets.size(); i++) {
            if (wanted.test(packets.get(i))) {
                return true;
            }
        }
        return false;
    }

    static Optional<Packet> first(List<Packet> packets, Predicate<Packet> wanted) {
        for (int i = 0; i < packets.size(); i++) {
            if (wanted.test(packets.get(i))) {
                return Optional.of(packets.get(i));
            }
        }
        return Optional.empty();
    }

    static Optional<Packet> last(List<Packet> packets, Predicate<Packet> wanted) {
        for (int i = packets.size() - 1; i >= 0; i--) {
            if (wanted.test(packets.get(i))) {
                return Optional.of(packets.get(i));
            }
        }
        return Optional.empty();
    }

    static int count(List<Packet> packets, Predicate<Packet> wanted) {
        int count = 0;
        for (int i = 0; i < packets.size(); i++) {
            count += wanted.test(packets.get(i)) ? 1 : 0;
        }
        return count;
    }

    /// Whether the client has said last, by a window of 0, that it has not read what came, and has
    /// no room for more.
    static boolean clientIsFull(List<Packet> packets) {
        return last(packets, packet -> packet.fromClient() && packet.has(Decoder.ACK))
                .filter(packet -> packet.window() == 0)
                .isPresent();
    }

    /// How many bytes the server said since the client last spoke.
    static long saidSinceAsked(List<Packet> packets) {
        long asked = Long.MIN_VALUE;
        long said = Long.MIN_VALUE;
        long before = Long.MIN_VALUE;
        for (Packet packet : packets) {
            if (packet.hasData() && packet.fromClient()) {
                // What is repeated is no question.
                before = packet.end() > asked ? said : before;
                asked = Math.max(asked, packet.end());
            } else if (packet.hasData()) {
                before = before == Long.MIN_VALUE ? packet.sequence() : before;
                said = Math.max(said, packet.end());
            }
        }
        return said == Long.MIN_VALUE ? 0 : said - before;
    }

    /// How often the server spoke after the client had.
    static int answers(List<Packet> packets) {
        int answers = 0;
        boolean asked = false;
        for (Packet packet : packets) {
            if (packet.hasData()) {
                answers += asked && !packet.fromClient() ? 1 : 0;
                asked = packet.fromClient();
            }
        }
        return answers;
    }
}
