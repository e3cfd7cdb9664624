package dev.unreset.capture;

import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// How far each host is from each point where packets were captured, in hops: the TTL that all of
/// its packets had, resets aside.
final class UsualTtls {

    private static final int VARIES = -1;

    /// By address, then by vantage point.
    private final Map<Endpoint, Map<Integer, Integer>> ttls = new HashMap<>();

    /// Learns from the packets of `connection`.
    void learn(Connection connection) {
        Map<Integer, Integer> client = of(connection.client());
        Map<Integer, Integer> server = of(connection.server());
        for (Packet packet : connection.packets()) {
            if (!packet.isRst()) {
                learn(packet.fromClient() ? client : server, packet);
            }
        }
    }

    private Map<Integer, Integer> of(Endpoint side) {
        return ttls.computeIfAbsent(side.address(), key -> new HashMap<>());
    }

    private static void learn(Map<Integer, Integer> known, Packet packet) {
        learn(known, packet.vantage(), packet.ttl());
        for (Packet.Sighting twin : packet.twins()) {
            learn(known, twin.vantage(), twin.ttl());
        }
    }

    private static void learn(Map<Integer, Integer> known, int vantage, int ttl) {
        Integer before = known.putIfAbsent(vantage, ttl);
        if (before != null && before != ttl) {
            known.put(vantage, VARIES);
        }
    }

    /// Takes over what `others` know.
    void add(UsualTtls others) {
        others.ttls.forEach((address, theirs) -> {
            Map<Integer, Integer> known = ttls.putIfAbsent(address, theirs);
            if (known != null) {
                theirs.forEach((vantage, ttl) -> learn(known, vantage, ttl));
            }
        });
    }

    /// The TTL of all packets of `side` at `vantage`; empty if it varies or none was seen.
    Optional<Integer> of(Endpoint side, int vantage) {
        int usual = ttls.getOrDefault(side.address(), Map.of()).getOrDefault(vantage, VARIES);
        return usual == VARIES ? Optional.empty() : Optional.of(usual);
    }
}
