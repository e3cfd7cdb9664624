package dev.unreset.capture;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.LongStream;
import org.jspecify.annotations.Nullable;

/// Follows the connections of one share of the flows, and gathers the packets of those that may
/// have ended badly. It shares nothing with the followers of other shares.
final class Follower implements PacketReader.Visitor {

    /// Connections that may have ended badly and are remembered; 40 MB.
    private static final int MOST_SUSPICIOUS = 250_000;

    private static final int MOST_WITNESSES = 10_000;

    private final List<CaptureFile> files;
    private final boolean all;
    private PacketIndex index;
    private final Tracker tracker = new Tracker(this::left);

    /// The names of the connections of the packets that are followed just now.
    private int[] names = {};

    private final LeftFlows leftFlows = new LeftFlows();
    private final List<FlowSummary> close = new ArrayList<>();
    private final List<FlowSummary> rest = new ArrayList<>();

    // Connections that ended well: by server address, whose packets tell how far away it is; by
    // server, what it speaks.
    private final Map<Endpoint, FlowSummary> witnesses = new HashMap<>();
    private final Map<Endpoint, FlowSummary> speakers = new HashMap<>();

    private Gatherer gatherer = new Gatherer(List.of(), List.of(), Optional.empty());

    /// Flows in the index of which some packets may be wanted.
    private FlowSet wanted = new FlowSet();

    private final RoundTrips roundTrips = new RoundTrips();
    private final UsualTtls ttls = new UsualTtls();
    private final UsualSpeech speech = new UsualSpeech();
    private long connectionCount;
    private long suspiciousCount;
    private long chosenCount;

    /// @param files of the capture
    /// @param all whether connections that ended well are wanted too
    /// @param mostIndexed packets whose places are remembered
    Follower(List<CaptureFile> files, boolean all, int mostIndexed) {
        this.files = files;
        this.all = all;
        this.index = new PacketIndex(mostIndexed);
    }

    @Override
    public void visit(PacketBatch packets, PacketRows rows) {
        follow(tracker, packets, rows);
        index.add(packets, rows, names);
    }

    private void follow(Tracker by, PacketBatch packets, PacketRows rows) {
        if (names.length < rows.count()) {
            names = new int[rows.count() * 2];
        }
        by.packets(rows, names, packets.latestNanos());
    }

    private void left(LeavingFlow flow) {
        connectionCount++;
        Endpoint server = flow.server();
        int state = flow.state();
        leftFlows.add(server, flow);
        if (Tracker.isSuspicious(state)) {
            suspiciousCount++;
            if (close.size() < MOST_SUSPICIOUS) {
                close.add(flow.summary());
            }
            return;
        }
        @Nullable FlowSummary summary = all ? flow.summary() : null;
        if (summary != null) {
            rest.add(summary);
        }
        if (Tracker.isEstablished(state) && !isLater(flow, speakers.get(server))) {
            FlowSummary kept = keep(witnesses, server.address(), flow, summary);
            keep(speakers, server, flow, kept);
        }
    }

    /// Whether another one of its server, and so of its address, is known to have begun before.
    private static boolean isLater(LeavingFlow flow, @Nullable FlowSummary known) {
        return known != null && known.startNanos() < flow.startNanos();
    }

    /// Keeps the first connection of each `key`, whichever of them leaves first.
    ///
    /// @param summary of `flow`, if one is kept anyway
    /// @return the same, if one is kept now
    private static @Nullable FlowSummary keep(
            Map<Endpoint, FlowSummary> first,
            Endpoint key,
            LeavingFlow flow,
            @Nullable FlowSummary summary) {
        FlowSummary known = first.get(key);
        boolean room = known != null || first.size() < MOST_WITNESSES;
        if (room && (known == null || flow.startNanos() <= known.startNanos())) {
            FlowSummary candidate = summary != null ? summary : flow.summary();
            first.merge(key, candidate, Follower::first);
            return candidate;
        }
        return summary;
    }

    private static FlowSummary first(FlowSummary a, FlowSummary b) {
        return FlowSummary.inOrder(a, b) <= 0 ? a : b;
    }

    @Override
    public void end() {
        tracker.end();
    }

    /// Adds the servers of connections that may have ended badly, and the addresses of those that
    /// some connection never got an answer from, but a reset: what their answers look like, only
    /// other connections tell.
    void addSuspicious(Set<Endpoint> servers, Set<Endpoint> withoutAnswer) {
        for (FlowSummary summary : close) {
            servers.add(summary.server());
            if (!summary.established()) {
                withoutAnswer.add(summary.server().address());
            }
        }
    }

    /// Adds the first connection that ended well to each of `servers`, and to each of `addresses`,
    /// where no earlier one is known.
    void addWitnesses(
            Set<Endpoint> servers, Set<Endpoint> addresses, Map<Endpoint, FlowSummary> known) {
        addWitnesses(speakers, servers, known);
        addWitnesses(witnesses, addresses, known);
    }

    private static void addWitnesses(
            Map<Endpoint, FlowSummary> first,
            Set<Endpoint> wanted,
            Map<Endpoint, FlowSummary> known) {
        first.forEach((key, summary) -> {
            if (wanted.contains(key)) {
                known.merge(key, summary, Follower::first);
            }
        });
    }

    /// When the connections began that may have ended badly.
    ///
    /// @param closed those that both sides closed as well, or the others
    LongStream suspiciousStarts(boolean closed) {
        return close.stream()
                .filter(summary -> summary.closed() == closed)
                .mapToLong(FlowSummary::startNanos);
    }

    /// How many connections may have ended badly.
    long suspiciousCount() {
        return suspiciousCount;
    }

    /// Chooses what is looked at closely: those that may have ended badly and began at `lastNanos`
    /// or before, or at `lastClosedNanos` if both sides closed them as well, and those in `beside`
    /// that are this follower's.
    ///
    /// @param beside compared by identity
    /// @param severalPoints [PacketReader#severalPoints]
    void choose(
            long lastNanos,
            long lastClosedNanos,
            Set<FlowSummary> beside,
            Optional<Merge> severalPoints) {
        close.removeIf(
                summary -> summary.startNanos() > (summary.closed() ? lastClosedNanos : lastNanos));
        chosenCount = close.size();
        List<FlowSummary> chosen = new ArrayList<>(close);
        Set<FlowSummary> own = Collections.newSetFromMap(new IdentityHashMap<>());
        own.addAll(witnesses.values());
        own.addAll(speakers.values());
        own.retainAll(beside);
        chosen.addAll(own);
        rest.removeIf(beside::contains);
        gatherer = new Gatherer(files, chosen, severalPoints);
        // A message about a segment may stand before the segment.
        wanted.add(FlowTable.NONE);
        for (FlowSummary summary : chosen) {
            wanted.add(FlowTable.flow(summary.name()));
        }
    }

    /// How many of [#suspiciousCount] are not looked at.
    long leftOut() {
        return suspiciousCount - chosenCount;
    }

    /// Whether [#gather] can be called without reading the capture again.
    boolean remembersAllPackets() {
        return index.isComplete() || gatherer.connections().isEmpty();
    }

    /// Who is to visit all packets once more before [#gather], when there were too many to
    /// remember.
    PacketReader.Visitor onlyChosen() {
        PacketIndex few = new PacketIndex(Long.MAX_VALUE);
        index = few;
        // It names connections as the first one did.
        Tracker again = new Tracker(flow -> {});
        return (packets, rows) -> {
            follow(again, packets, rows);
            for (int row = 0; row < rows.count(); row++) {
                if (gatherer.wants(names[row])) {
                    few.add(packets, rows, row, names[row]);
                }
            }
        };
    }

    /// Gathers the packets of the connections that are looked at closely, and learns from them how
    /// far away hosts are, and how servers are spoken with.
    ///
    /// @param cursors of its own, which can go back to every packet
    void gather(List<Cursor> cursors) throws IOException {
        gatherer.gather(index, wanted, cursors);
        for (Connection connection : gatherer.connections()) {
            roundTrips.learn(connection);
            ttls.learn(connection);
            speech.learn(connection);
        }
    }

    RoundTrips roundTrips() {
        return roundTrips;
    }

    UsualTtls ttls() {
        return ttls;
    }

    UsualSpeech speech() {
        return speech;
    }

    /// Those that are looked at closely, in the order in which they began.
    List<Connection> connections() {
        return gatherer.connections();
    }

    /// The other connections, where all are wanted.
    List<FlowSummary> rest() {
        return rest;
    }

    /// All connections.
    LeftFlows leftFlows() {
        return leftFlows;
    }

    /// When the capture ended.
    long endNanos() {
        return tracker.nowNanos();
    }

    long connectionCount() {
        return connectionCount;
    }
}
