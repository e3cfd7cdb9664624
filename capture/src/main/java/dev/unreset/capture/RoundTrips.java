package dev.unreset.capture;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How far each host is from each point where packets were captured, in time: the least that an
/// answer took. One handshake may have waited in a queue; not all exchanges of a host did.
final class RoundTrips {

    /// What takes as long was answered late: a SYN is sent again by then (RFC 6298, 2).
    private static final long TOO_LONG = 1_000_000_000L;

    private final Map<Endpoint, Map<Integer, Long>> least = new HashMap<>();

    /// Learns from what each side of `connection` answered.
    void learn(Connection connection) {
        @Nullable Packet fromClient = null;
        @Nullable Packet fromServer = null;
        for (Packet packet : connection.packets()) {
            if (packet.isRst()) {
                continue;
            }
            Packet asked = packet.fromClient() ? fromServer : fromClient;
            if (asked != null && answers(packet, asked)) {
                Endpoint side = packet.fromClient() ? connection.client() : connection.server();
                learn(side, packet.vantage(), packet.nanos() - asked.nanos());
                if (packet.fromClient()) {
                    fromServer = null;
                } else {
                    fromClient = null;
                }
            }
            boolean asks = packet.hasData() || packet.has(Decoder.SYN) || packet.isFin();
            if (asks && packet.fromClient()) {
                fromClient = packet;
            } else if (asks) {
                fromServer = packet;
            }
        }
    }

    private static boolean answers(Packet packet, Packet asked) {
        return packet.has(Decoder.ACK)
                && isSamePoint(packet.vantage(), asked.vantage())
                && packet.acknowledged() - asked.end() >= 0;
    }

    /// Whether two packets were seen at one point, whichever way they passed it.
    private static boolean isSamePoint(int vantage, int other) {
        return (vantage ^ other) >>> Byte.SIZE == 0;
    }

    private void learn(Endpoint side, int vantage, long nanos) {
        if (nanos >= TOO_LONG) {
            return;
        }
        least.computeIfAbsent(side.address(), key -> new HashMap<>())
                .merge(vantage, nanos, Math::min);
    }

    /// Takes over what `others` know.
    void add(RoundTrips others) {
        others.least.forEach((address, theirs) -> {
            Map<Integer, Long> known = least.putIfAbsent(address, theirs);
            if (known != null) {
                theirs.forEach((vantage, nanos) -> known.merge(vantage, nanos, Math::min));
            }
        });
    }

    /// The least time from a packet to `side` at `vantage` to the answer; 0 if none was seen.
    long least(Endpoint side, int vantage) {
        Map<Integer, Long> known = least.get(side.address());
        return known == null ? 0 : known.getOrDefault(vantage, 0L);
    }
}
