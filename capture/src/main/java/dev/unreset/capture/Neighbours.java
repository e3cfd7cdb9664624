package dev.unreset.capture;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The other connections of a server: what one connection's end means is often seen only beside
/// them.
///
/// All connections are added before the first question; then any thread may ask. A question costs the logarithm of the
/// server's connections, because thousands of them may have ended badly.
final class Neighbours {

    /// Connections remembered of each share; a capture with more is judged by its first.
    private static final int MOST = 100_000;

    private static final long SECOND = 1_000_000_000L;

    /// What ends within this time ends together.
    private static final long TOGETHER = SECOND / 20;

    private static final Server NOBODY = new Server();

    private final Map<Endpoint, Server> servers = new HashMap<>();
    private int count;

    void add(FlowSummary connection) {
        if (count++ < MOST) {
            servers.computeIfAbsent(connection.server(), key -> new Server()).add(connection);
        }
    }

    /// Adds what `others` know, which they forget.
    void add(Neighbours others) {
        others.servers.forEach((server, theirs) -> {
            Server known = servers.putIfAbsent(server, theirs);
            if (known != null) {
                known.add(theirs);
            }
        });
        others.servers.clear();
    }

    private Server of(Endpoint server) {
        Server known = servers.getOrDefault(server, NOBODY);
        known.sort();
        return known;
    }

    /// Established connections of the server that were open at `nanos`.
    long openAt(Endpoint server, long nanos) {
        Server known = of(server);
        long begun = known.starts.below(nanos);
        return begun - known.ends.below(nanos + 1);
    }

    /// Established connections of the server that were open at `nanos` and did not end with it.
    int outlasting(Endpoint server, long nanos) {
        Server known = of(server);
        long soon = nanos + TOGETHER;
        // Who began later, and is over as well, was not one of those that were open.
        int ended = known.ends.below(soon + 1) - known.briefWithin(nanos, soon);
        return known.starts.below(nanos) - ended;
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

    /// The connections of one server, in the orders in which they are asked for: numbers alone,
    /// because most connections end well and are as many as fit into the capture.
    private static final class Server {

        // Of established connections.
        final Numbers starts = new Numbers();
        final Numbers ends = new Numbers();

        // Of those that ended badly.
        final Numbers badEnds = new Numbers();
        final Numbers badLengths = new Numbers();
        final Numbers refusals = new Numbers();

        /// Established connections that were over within [#TOGETHER].
        final List<FlowSummary> brief = new ArrayList<>(0);

        final Numbers briefStarts = new Numbers();

        private boolean sorted;

        void add(FlowSummary connection) {
            boolean bad = connection.suspicious() && !connection.closed();
            if (bad) {
                badLengths.add(connection.serverBytes());
            }
            if (connection.established()) {
                addEstablished(connection, bad);
            } else if (connection.suspicious()) {
                refusals.add(connection.startNanos());
            }
        }

        private void addEstablished(FlowSummary connection, boolean bad) {
            starts.add(connection.startNanos());
            ends.add(end(connection));
            if (bad) {
                badEnds.add(connection.endNanos());
            }
            if (end(connection) - connection.startNanos() <= TOGETHER) {
                brief.add(connection);
                briefStarts.add(connection.startNanos());
            }
        }

        void add(Server other) {
            starts.add(other.starts);
            ends.add(other.ends);
            badEnds.add(other.badEnds);
            badLengths.add(other.badLengths);
            refusals.add(other.refusals);
            brief.addAll(other.brief);
            briefStarts.add(other.briefStarts);
        }

        /// Once all are added; whoever asks first.
        synchronized void sort() {
            if (!sorted) {
                for (Numbers each :
                        List.of(starts, ends, badEnds, badLengths, refusals, briefStarts)) {
                    each.sort();
                }
                brief.sort((a, b) -> Long.compare(a.startNanos(), b.startNanos()));
                sorted = true;
            }
        }

        /// Connections that began at `from` or later, and were over at `to`.
        int briefWithin(long from, long to) {
            int within = 0;
            int begun = briefStarts.below(to + 1);
            for (int i = briefStarts.below(from); i < begun; i++) {
                within += end(brief.get(i)) <= to ? 1 : 0;
            }
            return within;
        }
    }

    /// Numbers, of which those in a range are counted.
    private static final class Numbers {

        private long[] values = {};
        private int count;

        void add(long value) {
            if (count == values.length) {
                values = Arrays.copyOf(values, Math.max(4, count * 2));
            }
            values[count++] = value;
        }

        void add(Numbers others) {
            if (others.count > 0) {
                int both = count + others.count;
                values = Arrays.copyOf(values, Math.max(both, values.length));
                System.arraycopy(others.values, 0, values, count, others.count);
                count = both;
            }
        }

        void sort() {
            Arrays.sort(values, 0, count);
        }

        /// How many are less than `limit`; to be asked when they are sorted.
        int below(long limit) {
            int from = 0;
            int to = count;
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
