package dev.unreset.capture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The connections that have left the flow table, in six numbers each: most ended well and are as
/// many as fit into the capture, and only those of a server that reset one are asked for.
final class LeftFlows {

    /// Connections of a share that are remembered; a capture with more is judged by its first.
    private static final int MOST = 100_000;

    private static final int START = 0;
    private static final int LAST_PACKET = 1;
    private static final int SERVER_FIN = 2;
    private static final int CLIENT_BYTES = 3;
    private static final int SERVER_BYTES = 4;

    // Upper half: the next connection of the same server. Lower half: what the tracker saw.
    private static final int NEXT_AND_STATE = 5;
    private static final int WORDS = 6;

    private static final int NONE = 0;
    private static final int CHUNK_BITS = 11;
    private static final int CHUNK = 1 << CHUNK_BITS;

    private final List<long[]> chunks = new ArrayList<>();

    /// Rows are counted from 1.
    private int count;

    private final Map<Endpoint, Ends> servers = new HashMap<>();

    /// The rows of a server: a chain.
    private static final class Ends {
        final int first;
        int last;

        Ends(int first) {
            this.first = first;
            this.last = first;
        }
    }

    /// Gets connections, in the order in which they left.
    interface Visitor {

        /// One connection.
        ///
        /// @param lastPacket when it came
        /// @param serverFin when the server's FIN came, to about a millisecond; 0 if none did
        /// @param state what [Tracker] saw, in its own bits
        void connection(
                long start,
                long lastPacket,
                long serverFin,
                long clientBytes,
                long serverBytes,
                int state);
    }

    void add(Endpoint server, LeavingFlow flow) {
        if (count == MOST) {
            return;
        }
        int row = ++count;
        if (row >>> CHUNK_BITS == chunks.size()) {
            chunks.add(new long[CHUNK * WORDS]);
        }
        Ends ends = servers.get(server);
        if (ends == null) {
            servers.put(server, new Ends(row));
        } else {
            chunk(ends.last)[at(ends.last) + NEXT_AND_STATE] |= (long) row << 32;
            ends.last = row;
        }
        long[] chunk = chunk(row);
        int at = at(row);
        chunk[at + START] = flow.startNanos();
        chunk[at + LAST_PACKET] = flow.endNanos();
        chunk[at + SERVER_FIN] = flow.serverFinNanos();
        chunk[at + CLIENT_BYTES] = flow.clientBytes();
        chunk[at + SERVER_BYTES] = flow.serverBytes();
        chunk[at + NEXT_AND_STATE] = flow.state();
    }

    private long[] chunk(int row) {
        return chunks.get(row >>> CHUNK_BITS);
    }

    private static int at(int row) {
        return (row & (CHUNK - 1)) * WORDS;
    }

    /// Visits the connections of `server`.
    void forEach(Endpoint server, Visitor visitor) {
        Ends ends = servers.get(server);
        int row = ends == null ? NONE : ends.first;
        while (row != NONE) {
            long[] chunk = chunk(row);
            int at = at(row);
            visitor.connection(
                    chunk[at + START],
                    chunk[at + LAST_PACKET],
                    chunk[at + SERVER_FIN],
                    chunk[at + CLIENT_BYTES],
                    chunk[at + SERVER_BYTES],
                    (int) chunk[at + NEXT_AND_STATE]);
            row = (int) (chunk[at + NEXT_AND_STATE] >>> 32);
        }
    }
}
