package dev.unreset.capture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// The connections that have left the flow table, in nine numbers each: most ended well and are as
/// many as fit into the capture, and only those of a server that reset one are asked for.
final class LeftFlows {

    /// Connections of a share that are remembered; a capture with more is judged by its first.
    private static final int MOST = 100_000;

    private static final int START = 0;
    private static final int LAST_PACKET = 1;

    // [FlowTable#ends].
    private static final int ENDS = 2;
    private static final int CLIENT_BYTES = 3;
    private static final int SERVER_BYTES = 4;

    // Upper half: the next connection of the same server. Lower half: what the tracker saw.
    private static final int NEXT_AND_STATE = 5;

    // Upper half: which address the client has. Lower half: [FlowTable#handshake].
    private static final int CLIENT_AND_HANDSHAKE = 6;

    // Upper half: the sequence number after the client's last byte. Lower half: the server's.
    private static final int SEQUENCES = 7;
    private static final int LONGEST_SILENCE = 8;
    private static final int WORDS = 9;

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

    /// One of the connections: valid for one call of a visitor.
    static final class Row {

        private long[] chunk = {};
        private int at;

        /// Which address its client has: a number that only addresses in the same capture share,
        /// and hardly ever two of them.
        int client() {
            return (int) (chunk[at + CLIENT_AND_HANDSHAKE] >>> 32);
        }

        /// Whether its handshake was seen.
        boolean hasHandshake() {
            return FlowTable.handshakeNanos(handshake()) > 0;
        }

        /// Whether its SYN was repeated before it was answered.
        boolean askedAgain() {
            return FlowTable.askedAgain(handshake());
        }

        /// Whether its first RST named the client as its source.
        boolean resetByClient() {
            return FlowTable.resetByA(handshake());
        }

        /// When its handshake was over, if that was seen.
        long letInNanos() {
            return startNanos() + FlowTable.handshakeNanos(handshake());
        }

        /// See [FlowTable#arrivedNanos].
        long arrivedNanos(long least) {
            return FlowTable.arrivedNanos(startNanos(), handshake(), least);
        }

        /// See [FlowTable#roundTripNanos].
        long roundTripNanos() {
            return FlowTable.roundTripNanos(handshake());
        }

        private int handshake() {
            return (int) chunk[at + CLIENT_AND_HANDSHAKE];
        }

        long startNanos() {
            return chunk[at + START];
        }

        long lastPacketNanos() {
            return chunk[at + LAST_PACKET];
        }

        /// When the server's FIN came, to about a millisecond; 0 if none did.
        long serverFinNanos() {
            return FlowTable.finNanos(startNanos(), chunk[at + ENDS]);
        }

        /// See [FlowSummary].
        long longestSilenceNanos() {
            return chunk[at + LONGEST_SILENCE];
        }

        private long resetNanos() {
            return FlowTable.resetNanos(startNanos(), chunk[at + ENDS]);
        }

        /// When somebody had reset it, or its last packet came.
        long cutNanos() {
            return over(startNanos(), lastPacketNanos(), 0, resetNanos());
        }

        /// When the server had ended it, or it ended otherwise.
        long endNanos() {
            return over(startNanos(), lastPacketNanos(), serverFinNanos(), resetNanos());
        }

        long clientBytes() {
            return chunk[at + CLIENT_BYTES];
        }

        long serverBytes() {
            return chunk[at + SERVER_BYTES];
        }

        /// The sequence number after the client's last byte.
        int clientSequence() {
            return (int) (chunk[at + SEQUENCES] >>> 32);
        }

        /// The same of the server.
        int serverSequence() {
            return (int) chunk[at + SEQUENCES];
        }

        boolean established() {
            return Tracker.isEstablished(state());
        }

        boolean refused() {
            return suspicious() && Tracker.isRefused(state());
        }

        /// Whether the server ended it within a moment, badly, and had said no more than `preamble`
        /// bytes.
        ///
        /// @param arrived when it was let in, or not
        /// @param byItsClient whether its client had reset it
        boolean isDismissed(long arrived, boolean byItsClient, long preamble) {
            return bad() && !byItsClient && isUnserved(arrived, preamble);
        }

        /// Whether the server closed it within a moment, and had said no more.
        boolean isClosedUnserved(long arrived, long preamble) {
            return Tracker.isClosedByServer(state()) && isUnserved(arrived, preamble);
        }

        private boolean isUnserved(long arrived, long preamble) {
            return serverBytes() <= preamble && isBrief(arrived);
        }

        /// Whether it was over within a moment.
        boolean isBrief(long arrived) {
            return endNanos() - arrived < ServerHistory.TURNED_AWAY;
        }

        /// Whether it may have ended badly.
        boolean suspicious() {
            return Tracker.isSuspicious(state());
        }

        /// The same, and that both sides closed it does not tell otherwise.
        boolean bad() {
            return suspicious() && !Tracker.isClosed(state());
        }

        /// Whether its client was no longer answered, and nobody reset it.
        boolean lost() {
            return bad()
                    && established()
                    && !Tracker.isReset(state())
                    && Tracker.isServerSilent(state());
        }

        /// Whether nobody reset it, and its server did not close it.
        boolean isLeftOpen() {
            return chunk[at + ENDS] == 0;
        }

        boolean wasEnded() {
            return suspicious() || Tracker.wasEnded(state());
        }

        private int state() {
            return (int) chunk[at + NEXT_AND_STATE];
        }
    }

    /// When a server had ended a connection, or it ended otherwise: whatever came after a RST that
    /// was accepted, it was over. A connection of one moment is over the moment after.
    ///
    /// @param serverFin 0 if none came
    /// @param reset likewise
    static long over(long start, long lastPacket, long serverFin, long reset) {
        long end = serverFin > 0 ? Math.min(lastPacket, serverFin) : lastPacket;
        end = reset > 0 ? Math.min(end, reset) : end;
        return Math.max(end, start + 1);
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
        chunk[at + ENDS] = flow.ends();
        chunk[at + CLIENT_BYTES] = flow.clientBytes();
        chunk[at + SERVER_BYTES] = flow.serverBytes();
        chunk[at + NEXT_AND_STATE] = flow.state();
        chunk[at + CLIENT_AND_HANDSHAKE] = PacketRows.both(flow.client(), flow.handshake());
        chunk[at + SEQUENCES] = flow.sequences();
        chunk[at + LONGEST_SILENCE] = flow.longestSilenceNanos();
    }

    private long[] chunk(int row) {
        return chunks.get(row >>> CHUNK_BITS);
    }

    private static int at(int row) {
        return (row & (CHUNK - 1)) * WORDS;
    }

    /// Visits the connections of `server`, in the order in which they left.
    void forEach(Endpoint server, Consumer<Row> visitor) {
        Ends ends = servers.get(server);
        int next = ends == null ? NONE : ends.first;
        Row row = new Row();
        while (next != NONE) {
            row.chunk = chunk(next);
            row.at = at(next);
            visitor.accept(row);
            next = (int) (row.chunk[row.at + NEXT_AND_STATE] >>> 32);
        }
    }
}
