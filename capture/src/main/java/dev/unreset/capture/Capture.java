package dev.unreset.capture;

import dev.unreset.Diagnoser;
import dev.unreset.Diagnosis;
import dev.unreset.Evidence;
import dev.unreset.Remedy;
import dev.unreset.Sender;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;

/// Reads captures: finds the connections that ended badly, who ended them, and why.
///
/// The files are read once, as one capture in order of time; every connection is followed in little
/// memory. The packets of those that may have ended badly are then read again. Not safe for
/// threads; [#read] and [#write] use a second thread of their own.
public final class Capture implements AutoCloseable {

    /// Troubles that are told one by one; the rest is counted.
    private static final int MOST_TROUBLES = 100;

    /// Connections that are looked at closely.
    private static final int MOST_CLOSE_LOOKS = 20_000;

    /// Packets whose places are remembered, so that a second reading is spared; 128 MiB, and three
    /// times as much where files are merged packet by packet.
    private static final int MOST_INDEXED = 16 << 20;

    private static final int LADDER = 14;

    private final CaptureOptions options;
    private final List<CaptureFile> files;
    private final int mostIndexed;
    private final int mostCloseLooks;
    private final List<String> troubles = new ArrayList<>();
    private long troubleCount;

    private Capture(
            CaptureOptions options, List<CaptureFile> files, int mostIndexed, int mostCloseLooks) {
        this.mostCloseLooks = mostCloseLooks;
        this.options = options;
        this.files = files;
        this.mostIndexed = mostIndexed;
    }

    /// Reads `paths` as one capture; `-` is `standardInput`. Blocks until all is read.
    ///
    /// @throws CaptureException if one of them is no capture
    public static CaptureReport read(
            List<Path> paths, InputStream standardInput, CaptureOptions options)
            throws IOException {
        return read(paths, standardInput, options, MOST_INDEXED, MOST_CLOSE_LOOKS);
    }

    static CaptureReport read(
            List<Path> paths,
            InputStream standardInput,
            CaptureOptions options,
            int mostIndexed,
            int mostCloseLooks)
            throws IOException {
        List<CaptureFile> files = new ArrayList<>();
        try (Capture capture = new Capture(options, files, mostIndexed, mostCloseLooks)) {
            for (Path path : paths) {
                files.add(CaptureFile.open(path, standardInput));
            }
            return capture.read();
        }
    }

    /// Reads `files` as one capture; they stay open.
    static CaptureReport read(List<CaptureFile> files, CaptureOptions options) throws IOException {
        return new Capture(options, files, MOST_INDEXED, MOST_CLOSE_LOOKS).read();
    }

    /// Writes the packets of `report`'s connections to `target` as pcapng, in order of time.
    ///
    /// @param paths the captures that were read for it; not standard input, which is gone
    public static void write(List<Path> paths, CaptureReport report, Path target)
            throws IOException {
        List<CaptureFile> files = new ArrayList<>();
        try (Capture capture =
                new Capture(CaptureOptions.usual(), files, MOST_INDEXED, MOST_CLOSE_LOOKS)) {
            for (Path path : paths) {
                if (path.toString().equals("-")) {
                    throw new CaptureException(
                            "--write needs files: standard input cannot be read twice");
                }
                if (Files.exists(target) && Files.isSameFile(path, target)) {
                    throw new CaptureException(
                            target + ": is read as well (expected: another file to write)");
                }
                files.add(CaptureFile.open(path, InputStream.nullInputStream()));
            }
            Set<String> wanted = new HashSet<>();
            for (ConnectionReport connection : report.connections()) {
                wanted.add(connection.client() + " " + connection.server());
                wanted.add(connection.server() + " " + connection.client());
            }
            capture.write(wanted, target);
        }
    }

    private void write(Set<String> wanted, Path target) throws IOException {
        FlowTable flows = new FlowTable();
        BitSet wantedFlows = new BitSet();
        PacketIndex index = new PacketIndex(Long.MAX_VALUE);
        PacketReader reader = new PacketReader(files, what -> {});
        // One visitor takes all shares: the packets stay in order.
        reader.read(
                List.of(
                        (packets, share) ->
                                packets.forEachRow((rows, row) -> {
                                    if (!flows.find(rows, row)) {
                                        flows.add(rows, row, true);
                                        String ends = flows.a() + " " + flows.b();
                                        wantedFlows.set(flows.selected(), wanted.contains(ends));
                                    }
                                    if (wantedFlows.get(flows.selected())) {
                                        index.add(packets, rows, row, FlowTable.NONE);
                                    }
                                }),
                        (packets, share) -> {}));
        List<Cursor> cursors = reader.again();
        try (PcapngWriter writer = new PcapngWriter(target)) {
            index.forEach(
                    FlowSet.of(FlowTable.NONE),
                    (_, file, offset, number) -> {
                        Cursor cursor = cursors.get(file);
                        cursor.goTo(offset, number);
                        writer.write(cursor);
                    });
        }
    }

    @Override
    public void close() throws IOException {
        for (CaptureFile file : files) {
            file.close();
        }
    }

    private CaptureReport read() throws IOException {
        List<Follower> followers = new ArrayList<>();
        for (int i = 0; i < PacketBatch.SHARES; i++) {
            followers.add(new Follower(files, options.all(), mostIndexed / PacketBatch.SHARES));
        }
        PacketReader reader = new PacketReader(files, this::trouble);
        reader.read(followers);
        choose(followers, reader.severalPoints());
        if (!followers.stream().allMatch(Follower::remembersAllPackets)) {
            new PacketReader(files, what -> {})
                    .read(followers.stream().map(Follower::onlyChosen).toList());
        }
        SideBySide.forEach(followers, follower -> follower.gather(reader.again()));
        return report(reader, followers);
    }

    /// Chooses the connections that are looked at closely: the first of those that may have ended
    /// badly, whichever follower has them; those that both sides closed come after the others.
    private void choose(List<Follower> followers, Optional<Merge> severalPoints)
            throws IOException {
        Set<Endpoint> servers = new HashSet<>();
        Set<Endpoint> withoutAnswer = new HashSet<>();
        followers.forEach(follower -> follower.addSuspicious(servers, withoutAnswer));
        long[] open = starts(followers, false);
        long[] closed = starts(followers, true);
        long last = last(open, mostCloseLooks);
        long lastClosed = last(closed, mostCloseLooks - Math.min(mostCloseLooks, open.length));
        Map<Endpoint, FlowSummary> witnesses = new HashMap<>();
        followers.forEach(follower -> follower.addWitnesses(servers, withoutAnswer, witnesses));
        Set<FlowSummary> beside = Collections.newSetFromMap(new IdentityHashMap<>());
        beside.addAll(witnesses.values());
        SideBySide.forEach(
                followers, follower -> follower.choose(last, lastClosed, beside, severalPoints));
        long leftOut = followers.stream().mapToLong(Follower::leftOut).sum();
        if (leftOut > 0) {
            trouble(leftOut + " more connections may have ended badly: they are not looked at");
        }
    }

    private static long[] starts(List<Follower> followers, boolean closed) {
        return followers.stream()
                .flatMapToLong(follower -> follower.suspiciousStarts(closed))
                .sorted()
                .toArray();
    }

    /// The `most`th of `starts`, which are in order; none is later if there are fewer.
    private static long last(long[] starts, int most) {
        if (most >= starts.length) {
            return Long.MAX_VALUE;
        }
        return most == 0 ? Long.MIN_VALUE : starts[most - 1];
    }

    private void trouble(String what) {
        troubleCount++;
        if (troubles.size() < MOST_TROUBLES) {
            troubles.add(what);
        }
    }

    // ---- the report

    private CaptureReport report(PacketReader reader, List<Follower> followers) throws IOException {
        List<Connection> connections = new ArrayList<>();
        RoundTrips roundTrips = new RoundTrips();
        UsualTtls ttls = new UsualTtls();
        UsualSpeech speech = new UsualSpeech();
        for (Follower follower : followers) {
            connections.addAll(follower.connections());
            roundTrips.add(follower.roundTrips());
            ttls.add(follower.ttls());
            speech.add(follower.speech());
        }
        Neighbours neighbours =
                new Neighbours(followers.stream().map(Follower::leftFlows).toList(), speech::isTls);
        connections.sort((a, b) -> FlowSummary.inOrder(a.summary(), b.summary()));
        List<String> names = files.stream().map(CaptureFile::name).toList();
        Attribution attribution = new Attribution(names, roundTrips, ttls, reader::lastNanos);
        CauseFinder causes =
                new CauseFinder(
                        names,
                        connections,
                        neighbours,
                        roundTrips,
                        speech,
                        new Framing(options.framing().map(UserFraming::parse)));
        long end = followers.stream().mapToLong(Follower::endNanos).max().orElse(0);
        // By index: what is equal in time and endpoints stays in order, whoever is done first.
        ConnectionReport[] looked = new ConnectionReport[connections.size()];
        SideBySide.forEach(
                IntStream.range(0, looked.length).boxed().toList(),
                i -> {
                    Connection each = connections.get(i);
                    looked[i] = report(names, Story.of(each, end), attribution, causes);
                    each.forgetBytes();
                });
        List<ConnectionReport> reports = new ArrayList<>(List.of(looked));
        for (Follower follower : followers) {
            follower.rest().forEach(summary -> reports.add(unremarkable(summary, names)));
        }
        if (troubleCount > troubles.size()) {
            troubles.add((troubleCount - troubles.size()) + " more of these");
        }
        return new CaptureReport(
                names,
                reader.packets(),
                reader.tcpPackets(),
                reader.resets(),
                reader.unreadable(),
                reader.seenAgain(),
                troubles,
                followers.stream().mapToLong(Follower::connectionCount).sum(),
                reports.stream()
                        .filter(report -> options.all() || report.isProblem())
                        .sorted(Capture::inOrder)
                        .toList());
    }

    /// By time, and always the same. (A comparator put together of others is made anew in each
    /// process: the AOT cache holds none of those.)
    private static int inOrder(ConnectionReport a, ConnectionReport b) {
        int order = a.start().compareTo(b.start());
        order = order != 0 ? order : a.client().compareTo(b.client());
        return order != 0 ? order : a.server().compareTo(b.server());
    }

    private static ConnectionReport report(
            List<String> names, Story story, Attribution attribution, CauseFinder causes) {
        boolean problem =
                switch (story.end()) {
                    case RESET, REFUSED, TIMEOUT, REJECTED_RESET -> true;
                    case CLOSED, OPEN -> false;
                };
        FlowSummary summary = story.connection().summary();
        Optional<Packet> decisive = story.decisive();
        return new ConnectionReport(
                summary.client().toString(),
                summary.server().toString(),
                instant(summary.startNanos()),
                story.end(),
                summary.traffic(),
                names.get(decisive.map(Packet::file).orElse(0)),
                decisive.filter(Packet::isRst).map(Packet::number).orElse(0L),
                problem ? Optional.of(diagnosis(story, attribution, causes)) : Optional.empty(),
                ladder(names, story));
    }

    private static Diagnosis diagnosis(Story story, Attribution attribution, CauseFinder causes) {
        List<Evidence> evidence = new ArrayList<>(attribution.evidence(story));
        Sender sender =
                story.end() == ConnectionEnd.TIMEOUT ? Sender.UNKNOWN : Diagnoser.sender(evidence);
        evidence.addAll(causes.evidence(story, sender));
        List<Remedy> remedies = causes.remedies(story, Diagnoser.leading(evidence));
        return Diagnoser.diagnose(evidence, remedies);
    }

    private static List<ConnectionReport.Step> ladder(List<String> names, Story story) {
        List<Packet> packets = story.connection().packets();
        int decisive =
                story.decisive()
                        .map(packet -> story.before(packet).size())
                        .orElse(packets.size() - 1);
        int from = Math.max(0, decisive - LADDER + 4);
        int to = Math.min(packets.size(), from + LADDER);
        long start = packets.isEmpty() ? 0 : packets.getFirst().nanos();
        // As Wireshark counts: from the first number of the side.
        long client = firstSequence(packets, true);
        long server = firstSequence(packets, false);
        List<ConnectionReport.Step> steps = new ArrayList<>(to - from);
        for (int i = from; i < to; i++) {
            Packet packet = packets.get(i);
            long own = packet.fromClient() ? client : server;
            long other = packet.fromClient() ? server : client;
            steps.add(
                    new ConnectionReport.Step(
                            names.get(packet.file()),
                            packet.number(),
                            (packet.nanos() - start) / 1e9,
                            packet.fromClient(),
                            packet.flagText(),
                            Integer.toUnsignedLong((int) (packet.sequence() - own)),
                            packet.has(Decoder.ACK)
                                    ? Integer.toUnsignedLong((int) (packet.acknowledged() - other))
                                    : 0,
                            packet.length(),
                            packet.ttl(),
                            i == decisive && story.decisive().isPresent()));
        }
        return steps;
    }

    /// The number from which a side counts; 0 if nothing but resets came from it.
    private static long firstSequence(List<Packet> packets, boolean ofClient) {
        for (Packet packet : packets) {
            if (packet.fromClient() == ofClient && !packet.isRst()) {
                return packet.sequence();
            }
        }
        return 0;
    }

    private static ConnectionReport unremarkable(FlowSummary summary, List<String> names) {
        return new ConnectionReport(
                summary.client().toString(),
                summary.server().toString(),
                instant(summary.startNanos()),
                summary.closed() ? ConnectionEnd.CLOSED : ConnectionEnd.OPEN,
                summary.traffic(),
                names.getFirst(),
                0,
                Optional.empty(),
                List.of());
    }

    private static Instant instant(long nanos) {
        return Instant.ofEpochSecond(0, nanos);
    }
}
