package dev.unreset.capture;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/// Gathers the packets of the connections that may have ended badly.
final class Gatherer {

    /// Rules look at no more of a packet's payload.
    private static final int LONGEST_PAYLOAD = 16 << 10;

    /// Payload that is kept at once, because it was read with its packet. What is larger is read
    /// when a rule asks for it.
    private static final int SMALL_PAYLOAD = 1500;

    /// Always kept.
    private static final int TINY_PAYLOAD = 256;

    /// Of the small ones, each of two that gather keeps no more, those counted of which the packet
    /// was forgotten again.
    private static final int MOST_KEPT = 8 << 20;

    /// A packet that stands before its connection's first one, and so is named after the connection
    /// before it, is later than that one by less.
    private static final long SHUFFLED = 100_000_000;

    private final List<CaptureFile> files;
    private final FlowTable flows = new FlowTable();

    /// What the connections are named in the index, in order.
    private final int[] names;

    /// The connections of each flow, in order; by the number of the flow.
    private final List<List<Connection>> byFlow = new ArrayList<>(List.of(List.of()));

    private final List<Connection> connections = new ArrayList<>();
    private final Decoder decoder = new Decoder();
    private final PacketRows key = new PacketRows(1);

    /// Bytes of payload that were kept and are not tiny.
    private long kept;

    /// @param files of the capture
    /// @param summaries of the connections
    /// @param severalPoints [PacketReader#severalPoints]
    Gatherer(List<CaptureFile> files, List<FlowSummary> summaries, Optional<Merge> severalPoints) {
        this.files = files;
        Optional<Twins> twins = severalPoints.map(Twins::new);
        names = summaries.stream().mapToInt(FlowSummary::name).sorted().toArray();
        List<FlowSummary> inOrder = new ArrayList<>(summaries);
        inOrder.sort(FlowSummary::inOrder);
        for (FlowSummary summary : inOrder) {
            Connection connection = new Connection(summary, twins);
            connections.add(connection);
            Endpoint client = summary.client();
            Endpoint server = summary.server();
            int ports = client.port() << 16 | server.port();
            key.clear();
            key.addFlow(client.high(), client.low(), server.high(), server.low(), ports);
            if (!flows.find(key, 0)) {
                flows.add(key, 0, true);
                byFlow.add(new ArrayList<>(1));
            }
            byFlow.get(flows.selected()).add(connection);
        }
    }

    /// The connections, in the order in which they began.
    List<Connection> connections() {
        return connections;
    }

    /// Whether a packet is wanted of which the connection has this name. One that is of none may be
    /// a message about a segment that stands before it.
    boolean wants(int name) {
        return name == FlowTable.NONE || Arrays.binarySearch(names, name) >= 0;
    }

    /// Finds the packets in `index`.
    ///
    /// @param wanted the flows in it of which some packets may be of these connections
    /// @param cursors one for each file, which can go back to every packet
    void gather(PacketIndex index, FlowSet wanted, List<Cursor> cursors) throws IOException {
        if (connections.isEmpty()) {
            return;
        }
        index.forEach(
                wanted,
                (name, file, offset, number) -> {
                    if (wants(name)) {
                        Cursor cursor = cursors.get(file);
                        cursor.goTo(offset, number);
                        add(name, cursor, file);
                    }
                });
    }

    private void add(int name, Cursor cursor, int file) {
        Decoder.Kind kind =
                decoder.decode(cursor.bytes(), cursor.at(), cursor.capturedBytes, cursor.linkType);
        boolean undelivered = kind == Decoder.Kind.UNREACHABLE;
        if (!undelivered) {
            decoder.lookClosely();
        }
        key.clear();
        key.addFlow(
                decoder.sourceHigh,
                decoder.sourceLow,
                decoder.targetHigh,
                decoder.targetLow,
                decoder.ports);
        if (!flows.find(key, 0)) {
            return;
        }
        Optional<Connection> found = find(byFlow.get(flows.selected()), name, cursor.timeNanos);
        if (found.isEmpty()) {
            return;
        }
        if (undelivered) {
            found.get().add(unreachable(found.get(), cursor, file));
        } else {
            found.get().add(packet(found.get(), cursor, file));
        }
    }

    /// The one of `connections`, which are in order and follow each other, that a packet at `nanos`
    /// is of.
    ///
    /// @param name of that connection; [FlowTable#NONE] if only its time tells
    private static Optional<Connection> find(List<Connection> connections, int name, long nanos) {
        int from = 0;
        int to = connections.size();
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (connections.get(middle).summary().startNanos() <= nanos) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        // Two may meet in one moment, or overlap where the clock was set back.
        int last = Math.min(from, connections.size() - 1);
        for (int i = last; i >= Math.max(0, from - 2); i--) {
            FlowSummary summary = connections.get(i).summary();
            boolean there = i < from && nanos <= summary.endNanos();
            boolean its =
                    name == summary.name()
                            ? nanos <= summary.endNanos()
                            : there
                                    && (name == FlowTable.NONE
                                            || nanos - summary.startNanos() < SHUFFLED);
            if (its) {
                return Optional.of(connections.get(i));
            }
        }
        return Optional.empty();
    }

    private boolean isFromClient(Connection connection) {
        Endpoint client = connection.client();
        return client.port() == decoder.ports >>> 16
                && client.low() == decoder.sourceLow
                && client.high() == decoder.sourceHigh;
    }

    /// Where a packet was seen: file, interface and, in a cooked capture, direction.
    private int vantage(Cursor cursor, int file) {
        return file << 16 | (cursor.interfaceId & 0xff) << 8 | (decoder.passage & 0xff);
    }

    /// The index of the file in which a vantage is.
    static int fileOf(int vantage) {
        return vantage >>> 16;
    }

    private Unreachable unreachable(Connection connection, Cursor cursor, int file) {
        boolean fromClient = isFromClient(connection);
        Packet message =
                Packet.ofMessage(
                        file,
                        cursor.number,
                        cursor.timeNanos,
                        !fromClient,
                        connection.numbers(fromClient).of(decoder.sequence),
                        decoder.ttl,
                        vantage(cursor, file));
        return new Unreachable(
                message,
                new Endpoint(decoder.reporterHigh, decoder.reporterLow, 0),
                decoder.unreachableCode);
    }

    private Packet packet(Connection connection, Cursor cursor, int file) {
        boolean fromClient = isFromClient(connection);
        return new Packet(
                file,
                cursor.number,
                cursor.timeNanos,
                fromClient,
                connection.numbers(fromClient).of(decoder.sequence),
                acknowledged(connection.numbers(!fromClient)),
                decoder.flags,
                decoder.window,
                decoder.headerBytes,
                decoder.payloadBytes,
                decoder.ttl,
                decoder.ipId,
                decoder.hasTimestamp,
                decoder.hasTimestamp ? decoder.tsValue : 0,
                decoder.segmentSize,
                decoder.sourceMac,
                vantage(cursor, file),
                payload(cursor, file),
                new ArrayList<>(0));
    }

    /// Without the flag the field is no number of the other side.
    private long acknowledged(SideNumbers other) {
        boolean meant = (decoder.flags & Decoder.ACK) != 0;
        return meant
                ? other.of(decoder.acknowledged)
                : Integer.toUnsignedLong(decoder.acknowledged);
    }

    private Payload payload(Cursor cursor, int file) {
        int size = Math.min(LONGEST_PAYLOAD, decoder.payloadEnd() - decoder.payloadAt);
        if (decoder.payloadBytes == 0) {
            return Payload.NONE;
        }
        if (size <= 0) {
            return new Payload(new byte[0]);
        }
        boolean isTiny = size <= TINY_PAYLOAD;
        boolean isKept = isTiny || (size <= SMALL_PAYLOAD && kept + size <= MOST_KEPT);
        if (!isKept) {
            long offset = cursor.packetOffset + decoder.payloadAt - cursor.at();
            return new Payload(files.get(file), offset, size);
        }
        byte[] copy = new byte[size];
        cursor.bytes().get(decoder.payloadAt, copy);
        kept += isTiny ? 0 : size;
        return new Payload(copy);
    }
}
