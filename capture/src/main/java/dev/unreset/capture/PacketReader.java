package dev.unreset.capture;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// Reads the TCP packets of several files as one capture, in order of time.
///
/// A thread of its own finds and decodes them, while the caller's thread works on the batch before:
/// so both cores are used, and whoever follows the flows sees one packet after the other.
final class PacketReader {

    /// Batches on their way: enough that neither side waits for the other's hiccups.
    private static final int BATCHES = 4;

    private final List<Cursor> cursors = new ArrayList<>();
    private final BlockingQueue<PacketBatch> free = new ArrayBlockingQueue<>(BATCHES);
    private final BlockingQueue<PacketBatch> filled = new ArrayBlockingQueue<>(BATCHES);
    private final Decoder decoder = new Decoder();
    private PacketBatch batch = new PacketBatch();
    private long packets;
    private long tcpPackets;
    private long resets;
    private long unreadable;
    private volatile @Nullable Throwable failure;

    /// Gets the packets.
    interface Visitor {

        /// The batch is used again after the call.
        void visit(PacketBatch packets) throws IOException;
    }

    /// @param trouble gets a line for each record that cannot be read; called by the reading thread
    /// @throws CaptureException if one of `files` is no capture
    PacketReader(List<CaptureFile> files, Consumer<String> trouble) throws IOException {
        for (CaptureFile file : files) {
            cursors.add(Cursor.open(file, trouble));
        }
    }

    /// Hands all packets to `visitor`, on the caller's thread. To be called once.
    void read(Visitor visitor) throws IOException {
        for (int i = 1; i < BATCHES; i++) {
            free.add(new PacketBatch());
        }
        Thread reader = Thread.ofPlatform().daemon().name("capture-reader").start(this::readAll);
        try {
            for (PacketBatch next = filled.take(); next.count > 0; next = filled.take()) {
                visitor.visit(next);
                next.count = 0;
                free.put(next);
            }
            reader.join();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while reading the capture", e);
        } finally {
            reader.interrupt();
        }
        Throwable caught = failure;
        if (caught instanceof IOException e) {
            throw e;
        }
        if (caught != null) {
            throw new IllegalStateException("reading a capture failed", caught);
        }
    }

    /// A packet that has been read, again: the cursor stands at it, and is valid until the next
    /// call.
    Cursor packet(int file, long offset, long number) throws IOException {
        Cursor cursor = cursors.get(file);
        cursor.seek(offset, number);
        if (!cursor.advance()) {
            throw new CaptureException(cursor.name + ": changed while it was read");
        }
        return cursor;
    }

    long packets() {
        return packets;
    }

    long tcpPackets() {
        return tcpPackets;
    }

    long resets() {
        return resets;
    }

    /// Packets that cannot be looked at.
    long unreadable() {
        return unreadable;
    }

    private void readAll() {
        try {
            try {
                walk();
            } catch (IOException | RuntimeException | Error e) {
                failure = e;
            }
            if (batch.count > 0) {
                pass();
            }
            // An empty batch is the end.
            filled.put(batch);
        } catch (InterruptedException e) {
            // Nobody wants the rest.
            Thread.currentThread().interrupt();
        }
    }

    private void walk() throws IOException, InterruptedException {
        if (cursors.size() > 1) {
            merge();
            return;
        }
        Cursor only = cursors.getFirst();
        while (only.advance()) {
            decode(only, 0);
        }
    }

    private void merge() throws IOException, InterruptedException {
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
            decode(cursors.get(next), next);
            live[next] = cursors.get(next).advance();
        }
    }

    private void decode(Cursor cursor, int file) throws InterruptedException {
        packets++;
        switch (decoder.decode(
                cursor.bytes(), cursor.at(), cursor.capturedBytes, cursor.linkType)) {
            case TCP -> {
                tcpPackets++;
                resets += (decoder.flags & Decoder.RST) != 0 ? 1 : 0;
                batch.add(decoder, cursor, file);
                if (batch.isFull()) {
                    pass();
                }
            }
            case UNREADABLE -> unreadable++;
            case OTHER -> {}
        }
    }

    private void pass() throws InterruptedException {
        filled.put(batch);
        batch = free.take();
    }
}
