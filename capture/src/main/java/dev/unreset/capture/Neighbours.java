package dev.unreset.capture;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/// The other connections of a server: what one connection's end means is often seen only beside
/// them.
///
/// All connections are added before the first question. A question costs the logarithm of the
/// server's connections, because thousands of them may have ended badly.
final class Neighbours {

    /// Connections remembered; a capture with more is judged by its first.
    private static final int MOST = 200_000;

    private static final long SECOND = 1_000_000_000L;

    /// What ends within this time ends together.
    private static final long TOGETHER = SECOND / 20;

    private final Map<Endpoint, List<FlowSummary>> byServer = new HashMap<>();
    private final Map<Endpoint, Server> servers = new HashMap<>();
    private int count;

    void add(FlowSummary connection) {
        if (count++ < MOST) {
            byServer.computeIfAbsent(connection.server(), key -> new ArrayList<>()).add(connection);
        }
    }

    private Server of(Endpoint server) {
        return servers.computeIfAbsent(
                server, key -> new Server(byServer.getOrDefault(key, List.of())));
    }

    /// Established connections of the server that were open at `nanos`.
    long openAt(Endpoint server, long nanos) {
        Server known = of(server);
        long begun = known.starts.below(nanos);
        return begun - known.ends.below(nanos + 1);
    }

    /// Established connections of the server that were open at `nanos` and did not end with it.
    long outlasting(Endpoint server, long nanos) {
        Server known = of(server);
        long soon = nanos + TOGETHER;
        int begun = known.starts.below(nanos);
        long endedBySoon = known.ends.below(soon + 1);
        for (int i = begun;
                i < known.byStart.size() && known.byStart.get(i).startNanos() <= soon;
                i++) {
            // Began later, and is over as well: it is not one of those that were open.
            endedBySoon -= end(known.byStart.get(i)) <= soon ? 1 : 0;
        }
        return begun - endedBySoon;
    }

    boolean acceptedBefore(Endpoint server, long nanos) {
        return of(server).starts.below(nanos) > 0;
    }

    boolean acceptedAfter(Endpoint server, long nanos) {
        return of(server).starts.between(nanos + 1, Long.MAX_VALUE) > 0;
    }

    /// Connections accepted within the two seconds before `nanos`.
    long acceptedLately(Endpoint server, long nanos) {
        return of(server).starts.between(nanos - 2 * SECOND + 1, nanos);
    }

    /// Connections of the server that were open and ended badly within a second of `nanos`.
    long endedTogether(Endpoint server, long nanos) {
        return of(server).badEnds.between(nanos - SECOND + 1, nanos + SECOND);
    }

    /// Connections refused within two seconds after `nanos`.
    long refusedAfter(Endpoint server, long nanos) {
        return of(server).refusals.between(nanos + 1, nanos + 2 * SECOND);
    }

    /// Connections that ended badly after as many bytes from the server, within one in a hundred.
    long cutAt(Endpoint server, long serverBytes) {
        long slack = serverBytes / 100;
        return of(server).badLengths.between(serverBytes - slack, serverBytes + slack + 1);
    }

    /// A connection of one moment is over the moment after.
    private static long end(FlowSummary connection) {
        return Math.max(connection.endNanos(), connection.startNanos() + 1);
    }

    /// The connections of one server, in the orders in which they are asked for.
    private static final class Server {

        final List<FlowSummary> byStart;
        final Ordered starts;
        final Ordered ends;
        final Ordered badEnds;
        final Ordered badLengths;
        final Ordered refusals;

        Server(List<FlowSummary> all) {
            List<FlowSummary> established = all.stream().filter(FlowSummary::established).toList();
            byStart =
                    established.stream()
                            .sorted(Comparator.comparingLong(FlowSummary::startNanos))
                            .toList();
            starts = Ordered.of(established, each -> true, FlowSummary::startNanos);
            ends = Ordered.of(established, each -> true, Neighbours::end);
            badEnds = Ordered.of(established, Server::endedBadly, FlowSummary::endNanos);
            badLengths = Ordered.of(all, Server::endedBadly, FlowSummary::serverBytes);
            refusals =
                    Ordered.of(
                            all,
                            each -> !each.established() && each.suspicious(),
                            FlowSummary::startNanos);
        }

        private static boolean endedBadly(FlowSummary connection) {
            return connection.suspicious() && !connection.closed();
        }
    }

    /// Numbers in order, to count those in a range.
    private static final class Ordered {

        private final long[] values;

        private Ordered(long[] values) {
            this.values = values;
        }

        static Ordered of(
                List<FlowSummary> connections,
                Predicate<FlowSummary> which,
                ToLongFunction<FlowSummary> value) {
            return new Ordered(
                    connections.stream().filter(which).mapToLong(value).sorted().toArray());
        }

        /// How many are less than `limit`.
        int below(long limit) {
            int from = 0;
            int to = values.length;
            while (from < to) {
                int middle = (from + to) >>> 1;
                if (values[middle] < limit) {
                    from = middle + 1;
                } else {
                    to = middle;
                }
            }
            return from;
        }

        /// How many are at least `from` and less than `to`.
        int between(long from, long to) {
            return below(to) - below(from);
        }
    }
}
