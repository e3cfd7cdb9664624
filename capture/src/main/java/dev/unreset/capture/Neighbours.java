package dev.unreset.capture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The other connections of a server: what one connection's end means is often seen only beside
/// them.
final class Neighbours {

    /// Connections remembered; a capture with more is judged by its first.
    private static final int MOST = 200_000;

    private static final long SECOND = 1_000_000_000L;

    private final Map<Endpoint, List<FlowSummary>> byServer = new HashMap<>();
    private int count;

    void add(FlowSummary connection) {
        if (count++ < MOST) {
            byServer.computeIfAbsent(connection.server(), key -> new ArrayList<>()).add(connection);
        }
    }

    private List<FlowSummary> of(Endpoint server) {
        return byServer.getOrDefault(server, List.of());
    }

    /// Established connections of the server that were open at `nanos`.
    long openAt(Endpoint server, long nanos) {
        return of(server).stream()
                .filter(FlowSummary::established)
                .filter(each -> each.startNanos() < nanos && nanos < each.endNanos())
                .count();
    }

    /// Established connections of the server that were open at `nanos` and did not end with it.
    long outlasting(Endpoint server, long nanos) {
        return of(server).stream()
                .filter(FlowSummary::established)
                .filter(each -> each.startNanos() < nanos && each.endNanos() - nanos > SECOND / 20)
                .count();
    }

    boolean acceptedBefore(Endpoint server, long nanos) {
        return of(server).stream()
                .anyMatch(each -> each.established() && each.startNanos() < nanos);
    }

    boolean acceptedAfter(Endpoint server, long nanos) {
        return of(server).stream()
                .anyMatch(each -> each.established() && each.startNanos() > nanos);
    }

    /// Connections accepted within the two seconds before `nanos`.
    long acceptedLately(Endpoint server, long nanos) {
        return of(server).stream()
                .filter(FlowSummary::established)
                .filter(each -> each.startNanos() < nanos && nanos - each.startNanos() < 2 * SECOND)
                .count();
    }

    /// Connections of the server that were open and ended badly within a second of `nanos`.
    long endedTogether(Endpoint server, long nanos) {
        return of(server).stream()
                .filter(each -> each.established() && each.suspicious() && !each.closed())
                .filter(each -> Math.abs(each.endNanos() - nanos) < SECOND)
                .count();
    }

    /// Connections refused within two seconds after `nanos`.
    long refusedAfter(Endpoint server, long nanos) {
        return of(server).stream()
                .filter(each -> !each.established() && each.suspicious())
                .filter(each -> each.startNanos() > nanos && each.startNanos() - nanos < 2 * SECOND)
                .count();
    }

    /// Connections that ended badly after as many bytes from the server, within one in a hundred.
    long cutAt(Endpoint server, long serverBytes) {
        return of(server).stream()
                .filter(each -> each.suspicious() && !each.closed())
                .filter(each -> Math.abs(each.serverBytes() - serverBytes) <= serverBytes / 100)
                .count();
    }
}
