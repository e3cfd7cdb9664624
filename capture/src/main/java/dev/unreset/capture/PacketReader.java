package dev.unreset.capture;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// Reads the TCP packets of several files as one capture, in order of time, on as many threads as
/// there are shares.
///
/// A file is read in chunks. Where the first packet of a chunk begins is known only when the chunk
/// before it has been walked; so threads copy chunks into memory side by side, walk them in turn,
/// and decode them side by side again. Each follows its own share of the flows through all of them.
/// Several files, or the interfaces of one, are merged in turn, packet by packet.
final class PacketReader {

    /// With the batches, it fits into a processor's second cache.
    private static final int CHUNK = PacketBatch.MOST_BYTES;

    /// Of a chunk's last packet, what the next chunk holds: most packets are smaller.
    private static final int OVERLAP = 2 << 10;

    private static final int MERGED = 2048;

    /// Enough that no thread waits for another's hiccups.
    private static final int BATCHES = 4;

    private final List<CaptureFile> files;
    private final List<Cursor> cursors = new ArrayList<>();
    private final List<Lane> lanes = new ArrayList<>();
    private final List<PacketBatch> batches = new ArrayList<>();
    private final Merge merge;
    private final Relay relay = new Relay(BATCHES, PacketBatch.SHARES);

    /// Gets the packets.
    interface Visitor {

        /// `rows` of `packets` are of the visitor's share. The batch is used again after the call.
        void visit(PacketBatch packets, PacketRows rows) throws IOException;

        /// There are no more; called on the same thread.
        default void end() {}
    }

    /// @param trouble gets a line for each record that cannot be read; by one thread at a time
    /// @throws CaptureException if one of `files` is no capture
    PacketReader(List<CaptureFile> files, Consumer<String> trouble) throws IOException {
        this.files = files;
        for (CaptureFile file : files) {
            cursors.add(Cursor.open(file, trouble));
        }
        merge = new Merge(cursors);
    }

    /// Hands the packets of each share to one of `visitors`, each on a thread of its own; the first
    /// is called on the caller's. To be called once.
    void read(List<? extends Visitor> visitors) throws IOException {
        for (int i = 0; i < BATCHES; i++) {
            batches.add(new PacketBatch());
        }
        if (cursors.size() == 1 && cursors.getFirst().firstInterfaces(files.getFirst()) == 1) {
            visitors.forEach(visitor -> lanes.add(new ChunkLane(lanes.size(), visitor)));
        } else {
            Sightings sightings = new Sightings();
            visitors.forEach(visitor -> lanes.add(new MergeLane(lanes.size(), visitor, sightings)));
        }
        SideBySide.run(lanes);
    }

    /// Cursors for what has been read, to go back to single packets; one for each file.
    List<Cursor> again() throws IOException {
        List<Cursor> again = new ArrayList<>();
        for (int i = 0; i < files.size(); i++) {
            again.add(cursors.get(i).twin(files.get(i)));
        }
        return again;
    }

    /// If the same packet may have been captured at several points of its path, in several files or
    /// on several interfaces: what knows which files these may be. To be called when all is read.
    Optional<Merge> severalPoints() {
        boolean several = cursors.size() > 1 || cursors.getFirst().interfaces() > 1;
        return several ? Optional.of(merge) : Optional.empty();
    }

    /// The time of the last packet of a file; to be called when all is read, and there are several.
    long lastNanos(int file) {
        return merge.lastNanos(file);
    }

    /// Packets, each once.
    long packets() {
        return lanes.stream().mapToLong(lane -> lane.packets - lane.seenAgain).sum();
    }

    /// How often one of them was seen at another point as well.
    long seenAgain() {
        return lanes.stream().mapToLong(lane -> lane.seenAgain).sum();
    }

    long tcpPackets() {
        return lanes.stream().mapToLong(lane -> lane.tcpPackets).sum();
    }

    long resets() {
        return lanes.stream().mapToLong(lane -> lane.resets).sum();
    }

    /// Packets that cannot be looked at.
    long unreadable() {
        return lanes.stream().mapToLong(lane -> lane.unreadable).sum();
    }

    /// One thread's way through the capture.
    private abstract class Lane implements SideBySide.Task {

        private final int share;
        private final Visitor visitor;
        final Decoder decoder = new Decoder();
        private long packets;
        private long tcpPackets;
        private long resets;
        private long unreadable;
        private long seenAgain;

        Lane(int share, Visitor visitor) {
            this.share = share;
            this.visitor = visitor;
        }

        @Override
        public final void run() throws IOException {
            boolean done = false;
            try {
                walkAndFollow();
                done = true;
            } finally {
                if (!done) {
                    relay.stop();
                }
            }
        }

        private void walkAndFollow() throws IOException {
            long next = 0;
            while (true) {
                long taken = relay.take();
                if (taken != Relay.NONE) {
                    fill(taken);
                } else if (!relay.awaitFilled(next)) {
                    end();
                    return;
                }
                while (relay.isFilled(next)) {
                    PacketBatch batch = batches.get(relay.slot(next));
                    visitor.visit(batch, batch.share(share));
                    relay.followed(share, ++next);
                }
            }
        }

        private void end() throws IOException {
            if (relay.wasInterrupted()) {
                throw new InterruptedIOException("interrupted while reading the capture");
            }
            if (!relay.isStopped()) {
                visitor.end();
            }
        }

        private void fill(long number) throws IOException {
            prepare(number);
            if (!relay.awaitTurn(number)) {
                return;
            }
            PacketBatch batch = batches.get(relay.slot(number));
            inTurn(number, batch);
            relay.passTurn(number, isOver());
            packets += batch.count;
            afterTurn(batch);
            tcpPackets += batch.segments();
            resets += batch.resets();
            relay.filled(number);
        }

        /// What can be done before the packets of the chunk are known.
        abstract void prepare(long number) throws IOException;

        /// Finds the packets.
        abstract void inTurn(long number, PacketBatch batch) throws IOException;

        /// Whether there is no packet left.
        abstract boolean isOver();

        /// Decodes the packets.
        abstract void afterTurn(PacketBatch batch);

        final void decode(PacketBatch batch, int i, ByteBuffer bytes) {
            Decoder.Kind kind =
                    decoder.decode(bytes, batch.at(i), batch.captured(i), batch.linkType(i));
            if (wasSeen(batch, i, bytes, kind)) {
                seenAgain++;
                decoder.flags |= Decoder.SEEN_BEFORE;
            } else if (kind == Decoder.Kind.UNREADABLE) {
                unreadable++;
            }
            if (kind == Decoder.Kind.TCP || kind == Decoder.Kind.UNREACHABLE) {
                batch.segment(i, decoder);
            }
        }

        /// Whether packet `i`, which was just decoded, was seen before at another point.
        abstract boolean wasSeen(PacketBatch batch, int i, ByteBuffer bytes, Decoder.Kind kind);
    }

    /// Reads every other chunk of a single file, as it comes.
    private final class ChunkLane extends Lane {

        private final Cursor cursor = cursors.getFirst();
        private final Window window = new Window(files.getFirst());

        ChunkLane(int share, Visitor visitor) {
            super(share, visitor);
        }

        @Override
        void prepare(long number) throws IOException {
            window.load(number * CHUNK, CHUNK + OVERLAP);
        }

        @Override
        void inTurn(long number, PacketBatch batch) throws IOException {
            batch.begin(number * CHUNK, cursor.number);
            cursor.in(window, (number + 1) * CHUNK);
            cursor.locate(batch);
        }

        @Override
        boolean isOver() {
            return cursor.isAtEnd();
        }

        @Override
        boolean wasSeen(PacketBatch batch, int i, ByteBuffer bytes, Decoder.Kind kind) {
            return false;
        }

        @Override
        void afterTurn(PacketBatch batch) {
            int i = batch.plainPackets(0, window);
            while (i < batch.count) {
                decode(batch, i, window.bytes());
                i = batch.plainPackets(i + 1, window);
            }
        }
    }

    /// Takes the packet with the least time of several files, again and again.
    private final class MergeLane extends Lane {

        /// Used by one lane at a time, in turn.
        private final Sightings sightings;

        MergeLane(int share, Visitor visitor, Sightings sightings) {
            super(share, visitor);
            this.sightings = sightings;
        }

        @Override
        void prepare(long number) {}

        @Override
        void inTurn(long number, PacketBatch batch) throws IOException {
            batch.begin(0, 0);
            while (batch.count < MERGED && merge.advance()) {
                Cursor cursor = merge.cursor();
                batch.add(cursor, merge.file());
                decode(batch, batch.count - 1, cursor.bytes());
            }
        }

        @Override
        boolean isOver() {
            return merge.isOver();
        }

        @Override
        boolean wasSeen(PacketBatch batch, int i, ByteBuffer bytes, Decoder.Kind kind) {
            if (kind == Decoder.Kind.TCP) {
                decoder.lookClosely();
                return wasSeen(Sightings.segment(decoder));
            }
            // Of what is no segment, a single file has as many as Wireshark shows.
            return cursors.size() > 1
                    && wasSeen(Sightings.other(bytes, batch.at(i), batch.captured(i)));
        }

        private boolean wasSeen(long packet) {
            long nanos = merge.cursor().timeNanos;
            return sightings.add(packet, merge.point(), merge.pointsBeside(), nanos);
        }

        @Override
        void afterTurn(PacketBatch batch) {}
    }
}
