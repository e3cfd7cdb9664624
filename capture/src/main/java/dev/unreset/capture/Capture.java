package dev.unreset.capture;

import dev.unreset.Cause;
import dev.unreset.Diagnoser;
import dev.unreset.Diagnosis;
import dev.unreset.Evidence;
import dev.unreset.Remedy;
import dev.unreset.Sender;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Reads captures: finds the connections that ended badly, who ended them, and why.
///
/// Two passes over the files: the first follows every connection in little memory; the second
/// gathers the packets of those that may have ended badly. Several files are read as one capture,
/// in order of time. Not safe for threads.
public final class Capture implements AutoCloseable {

    /// Troubles that are told one by one; the rest is counted.
    private static final int MOST_TROUBLES = 100;

    /// Connections that are looked at closely.
    private static final int MOST_CLOSE_LOOKS = 20_000;

    private static final int PAYLOAD_KEPT = 16 << 10;
    private static final int LADDER = 14;

    private final CaptureOptions options;
    private final List<CaptureFile> files;
    private final List<String> troubles = new ArrayList<>();
    private long troubleCount;
    private long packets;
    private long tcpPackets;
    private long resets;
    private long unreadable;
    private long connectionCount;

    private Capture(CaptureOptions options, List<CaptureFile> files) {
        this.options = options;
        this.files = files;
    }

    /// Reads `paths` as one capture; `-` is `standardInput`. Blocks until all is read.
    ///
    /// @throws CaptureException if one of them is no capture
    public static CaptureReport read(
            List<Path> paths, InputStream standardInput, CaptureOptions options)
            throws IOException {
        List<CaptureFile> files = new ArrayList<>();
        try (Capture capture = new Capture(options, files)) {
            for (Path path : paths) {
                files.add(CaptureFile.open(path, standardInput));
            }
            return capture.read();
        }
    }

    /// Writes the packets of `report`'s connections to `target` as pcapng, in order of time.
    ///
    /// @param paths the captures that were read for it; not standard input, which is gone
    public static void write(List<Path> paths, CaptureReport report, Path target)
            throws IOException {
        List<CaptureFile> files = new ArrayList<>();
        try (Capture capture = new Capture(CaptureOptions.usual(), files)) {
            for (Path path : paths) {
                if (path.toString().equals("-")) {
                    throw new CaptureException(
                            "--write needs files: standard input cannot be read twice");
                }
                files.add(CaptureFile.open(path, InputStream.nullInputStream()));
            }
            Set<String> wanted = new HashSet<>();
            for (ConnectionReport connection : report.connections()) {
                wanted.add(connection.client() + " " + connection.server());
                wanted.add(connection.server() + " " + connection.client());
            }
            try (PcapngWriter writer = new PcapngWriter(target)) {
                capture.walk(
                        false,
                        (decoder, cursor, file) -> {
                            Endpoint from =
                                    new Endpoint(
                                            decoder.sourceHigh,
                                            decoder.sourceLow,
                                            decoder.sourcePort);
                            Endpoint to =
                                    new Endpoint(
                                            decoder.targetHigh,
                                            decoder.targetLow,
                                            decoder.targetPort);
                            if (wanted.contains(from + " " + to)) {
                                writer.write(cursor);
                            }
                        });
            }
        }
    }

    @Override
    public void close() throws IOException {
        for (CaptureFile file : files) {
            file.close();
        }
    }

    private CaptureReport read() throws IOException {
        Neighbours neighbours = new Neighbours();
        List<FlowSummary> close = new ArrayList<>();
        List<FlowSummary> rest = new ArrayList<>();
        try (Tracker tracker =
                new Tracker(summary -> {
                    connectionCount++;
                    neighbours.add(summary);
                    if (summary.suspicious() && close.size() < MOST_CLOSE_LOOKS) {
                        close.add(summary);
                    } else if (options.all()) {
                        rest.add(summary);
                    }
                })) {
            walk(true, (decoder, cursor, file) -> tracker.packet(decoder, cursor.timeNanos));
            tracker.end();
        }
        List<Connection> connections = gather(close);
        return report(connections, rest, neighbours);
    }

    private interface Visitor {
        void visit(Decoder decoder, Cursor cursor, int file) throws IOException;
    }

    /// Visits the TCP packets of all files in order of time.
    private void walk(boolean counting, Visitor visitor) throws IOException {
        List<Cursor> cursors = new ArrayList<>();
        try {
            for (CaptureFile file : files) {
                cursors.add(Cursor.open(file, counting ? this::trouble : what -> {}));
            }
            Decoder decoder = new Decoder();
            if (cursors.size() == 1) {
                Cursor only = cursors.getFirst();
                while (only.advance()) {
                    visit(decoder, only, 0, counting, visitor);
                }
            } else {
                merge(cursors, decoder, counting, visitor);
            }
        } finally {
            cursors.forEach(Cursor::close);
        }
    }

    private void merge(List<Cursor> cursors, Decoder decoder, boolean counting, Visitor visitor)
            throws IOException {
        boolean[] live = new boolean[cursors.size()];
        for (int i = 0; i < live.length; i++) {
            live[i] = cursors.get(i).advance();
        }
        while (true) {
            int next = -1;
            for (int i = 0; i < live.length; i++) {
                if (live[i]
                        && (next < 0 || cursors.get(i).timeNanos < cursors.get(next).timeNanos)) {
                    next = i;
                }
            }
            if (next < 0) {
                return;
            }
            visit(decoder, cursors.get(next), next, counting, visitor);
            live[next] = cursors.get(next).advance();
        }
    }

    private void visit(Decoder decoder, Cursor cursor, int file, boolean counting, Visitor visitor)
            throws IOException {
        Decoder.Kind kind =
                decoder.decode(cursor.bytes(), cursor.at(), cursor.capturedBytes, cursor.linkType);
        if (counting) {
            packets++;
            switch (kind) {
                case TCP -> {
                    tcpPackets++;
                    resets += (decoder.flags & Decoder.RST) != 0 ? 1 : 0;
                }
                case UNREADABLE -> unreadable++;
                case OTHER -> {}
            }
        }
        if (kind == Decoder.Kind.TCP) {
            visitor.visit(decoder, cursor, file);
        }
    }

    private void trouble(String what) {
        troubleCount++;
        if (troubles.size() < MOST_TROUBLES) {
            troubles.add(what);
        }
    }

    // ---- the second pass

    private List<Connection> gather(List<FlowSummary> close) throws IOException {
        List<Connection> connections = new ArrayList<>();
        if (close.isEmpty()) {
            return connections;
        }
        close.sort(Comparator.comparingLong(FlowSummary::startNanos));
        Map<Integer, List<Connection>> byFlow = new HashMap<>();
        try (FlowTable table = new FlowTable()) {
            Decoder key = new Decoder();
            for (FlowSummary summary : close) {
                Connection connection = new Connection(summary);
                connections.add(connection);
                key.sourceHigh = summary.client().high();
                key.sourceLow = summary.client().low();
                key.sourcePort = summary.client().port();
                key.targetHigh = summary.server().high();
                key.targetLow = summary.server().low();
                key.targetPort = summary.server().port();
                int hash = FlowTable.hash(key);
                int flow = table.find(key, hash);
                if (flow == FlowTable.NONE) {
                    flow = table.add(key, hash, true, 0);
                }
                byFlow.computeIfAbsent(flow, each -> new ArrayList<>()).add(connection);
            }
            walk(
                    false,
                    (decoder, cursor, file) -> {
                        int flow = table.find(decoder, FlowTable.hash(decoder));
                        if (flow != FlowTable.NONE) {
                            add(byFlow.getOrDefault(flow, List.of()), decoder, cursor, file);
                        }
                    });
        }
        return connections;
    }

    private static void add(
            List<Connection> connections, Decoder decoder, Cursor cursor, int file) {
        for (Connection connection : connections) {
            FlowSummary summary = connection.summary();
            if (cursor.timeNanos >= summary.startNanos()
                    && cursor.timeNanos <= summary.endNanos()) {
                connection.add(packet(connection, decoder, cursor, file));
                return;
            }
        }
    }

    private static Packet packet(Connection connection, Decoder decoder, Cursor cursor, int file) {
        Endpoint client = connection.client();
        boolean fromClient =
                client.port() == decoder.sourcePort
                        && client.low() == decoder.sourceLow
                        && client.high() == decoder.sourceHigh;
        return new Packet(
                file,
                cursor.number,
                cursor.timeNanos,
                fromClient,
                decoder.sequence,
                decoder.acknowledged,
                decoder.flags,
                decoder.window,
                decoder.headerBytes,
                decoder.payloadBytes,
                decoder.ttl,
                decoder.ipId,
                decoder.hasTimestamp,
                decoder.hasTimestamp ? decoder.tsValue : 0,
                decoder.sourceMac,
                file << 16 | (cursor.interfaceId & 0xff) << 8 | (decoder.passage & 0xff),
                payload(cursor.bytes(), decoder),
                new ArrayList<>(0));
    }

    private static Payload payload(MemorySegment bytes, Decoder decoder) {
        long size = Math.min(PAYLOAD_KEPT, decoder.payloadEnd - decoder.payloadAt);
        return size <= 0
                ? Payload.NONE
                : new Payload(
                        bytes.asSlice(decoder.payloadAt, size).toArray(ValueLayout.JAVA_BYTE));
    }

    // ---- the report

    private CaptureReport report(
            List<Connection> connections, List<FlowSummary> rest, Neighbours neighbours) {
        List<String> names = files.stream().map(CaptureFile::name).toList();
        Attribution attribution = new Attribution(names, connections);
        CauseFinder causes =
                new CauseFinder(
                        names, neighbours, new Framing(options.framing().map(UserFraming::parse)));
        List<ConnectionReport> reports = new ArrayList<>();
        for (Connection connection : connections) {
            Story story = Story.of(connection);
            ConnectionReport report = report(names, story, attribution, causes);
            if (options.all() || report.isProblem()) {
                reports.add(report);
            }
        }
        rest.forEach(summary -> reports.add(unremarkable(summary, names)));
        reports.sort(Comparator.comparing(ConnectionReport::start));
        if (troubleCount > troubles.size()) {
            troubles.add((troubleCount - troubles.size()) + " more of these");
        }
        return new CaptureReport(
                names, packets, tcpPackets, resets, unreadable, troubles, connectionCount, reports);
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
                summary.clientBytes(),
                summary.serverBytes(),
                names.get(decisive.map(Packet::file).orElse(0)),
                decisive.filter(Packet::isRst).map(Packet::number).orElse(0L),
                problem ? Optional.of(diagnosis(story, attribution, causes)) : Optional.empty(),
                ladder(names, story));
    }

    private static Diagnosis diagnosis(Story story, Attribution attribution, CauseFinder causes) {
        List<Evidence> evidence = new ArrayList<>(attribution.evidence(story));
        Sender sender =
                story.end() == ConnectionEnd.TIMEOUT
                        ? Sender.UNKNOWN
                        : Diagnoser.diagnose(evidence).sender();
        evidence.addAll(causes.evidence(story, sender));
        Optional<Cause> leading =
                Diagnoser.diagnose(evidence).leading().map(Diagnosis.RankedCause::cause);
        List<Remedy> remedies = causes.remedies(story, leading);
        return Diagnoser.diagnose(evidence, remedies);
    }

    private static List<ConnectionReport.Step> ladder(List<String> names, Story story) {
        List<Packet> packets = story.connection().packets();
        int decisive = story.decisive().map(packets::indexOf).orElse(packets.size() - 1);
        int from = Math.max(0, decisive - LADDER + 4);
        int to = Math.min(packets.size(), from + LADDER);
        long start = packets.isEmpty() ? 0 : packets.getFirst().nanos();
        List<ConnectionReport.Step> steps = new ArrayList<>();
        for (int i = from; i < to; i++) {
            Packet packet = packets.get(i);
            steps.add(
                    new ConnectionReport.Step(
                            names.get(packet.file()),
                            packet.number(),
                            (packet.nanos() - start) / 1e9,
                            packet.fromClient(),
                            packet.flagText(),
                            relative(packets, packet.sequence(), packet.fromClient()),
                            packet.has(Decoder.ACK)
                                    ? relative(packets, packet.acknowledged(), !packet.fromClient())
                                    : 0,
                            packet.length(),
                            packet.ttl(),
                            i == decisive && story.decisive().isPresent()));
        }
        return steps;
    }

    /// As Wireshark counts: from the first number of the side.
    private static long relative(List<Packet> packets, int number, boolean ofClient) {
        for (Packet packet : packets) {
            if (packet.fromClient() == ofClient && !packet.isRst()) {
                return Integer.toUnsignedLong(number - packet.sequence());
            }
        }
        return Integer.toUnsignedLong(number);
    }

    private static ConnectionReport unremarkable(FlowSummary summary, List<String> names) {
        return new ConnectionReport(
                summary.client().toString(),
                summary.server().toString(),
                instant(summary.startNanos()),
                summary.closed() ? ConnectionEnd.CLOSED : ConnectionEnd.OPEN,
                summary.clientBytes(),
                summary.serverBytes(),
                names.getFirst(),
                0,
                Optional.empty(),
                List.of());
    }

    private static Instant instant(long nanos) {
        return Instant.ofEpochSecond(0, nanos);
    }
}
