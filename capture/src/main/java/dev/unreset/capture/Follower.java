package dev.unreset.capture;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// Follows the connections of one share of the flows, and gathers the packets of those that may
/// have ended badly. It shares nothing with the followers of other shares.
final class Follower implements PacketReader.Visitor {

    private final boolean all;
    private final int mostCloseLooks;
    private PacketIndex index;
    private final Tracker tracker = new Tracker(this::left);
    private final Neighbours neighbours = new Neighbours();
    private final List<FlowSummary> close = new ArrayList<>();
    private final List<FlowSummary> rest = new ArrayList<>();
    private Gatherer gatherer = new Gatherer(List.of());
    private long connectionCount;

    /// @param all whether connections that ended well are wanted too
    /// @param mostCloseLooks connections that are looked at closely
    /// @param mostIndexed packets whose places are remembered
    Follower(boolean all, int mostCloseLooks, int mostIndexed) {
        this.all = all;
        this.mostCloseLooks = mostCloseLooks;
        this.index = new PacketIndex(mostIndexed);
    }

    @Override
    public void visit(PacketBatch packets, PacketBatch.Share rows) {
        tracker.packets(packets, rows);
        index.add(packets, rows);
    }

    private void left(FlowSummary summary) {
        connectionCount++;
        neighbours.add(summary);
        if (summary.suspicious() && close.size() < mostCloseLooks) {
            close.add(summary);
        } else if (all) {
            rest.add(summary);
        }
    }

    @Override
    public void end() {
        tracker.end();
        gatherer = new Gatherer(close);
    }

    /// Whether [#gather] can be called without reading the capture again.
    boolean remembersAllPackets() {
        return index.isComplete() || close.isEmpty();
    }

    /// Who is to visit all packets once more before [#gather], when there were too many to
    /// remember.
    PacketReader.Visitor onlyClose() {
        PacketIndex few = new PacketIndex(Long.MAX_VALUE);
        index = few;
        return (packets, rows) -> {
            for (int i = 0; i < rows.count; i++) {
                if (gatherer.wants(packets, rows.rows[i])) {
                    few.add(packets, rows.rows[i]);
                }
            }
        };
    }

    /// Gathers the packets of the connections that may have ended badly.
    ///
    /// @param cursors of its own, which can go back to every packet
    void gather(List<Cursor> cursors) throws IOException {
        gatherer.gather(index, cursors);
    }

    /// Those that may have ended badly, in the order in which they began.
    List<Connection> connections() {
        return gatherer.connections();
    }

    /// The other connections, where all are wanted.
    List<FlowSummary> rest() {
        return rest;
    }

    /// All connections.
    Neighbours neighbours() {
        return neighbours;
    }

    long connectionCount() {
        return connectionCount;
    }
}
