package dev.unreset.capture;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/// What one side sent, put together from its segments as far as they were captured.
final class ByteStream {

    private static final int MOST_BYTES = 128 << 10;
    private static final int MOST_WAITING = 64;
    private static final int LAST_MESSAGE = 1 << 10;

    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final List<Packet> waiting = new ArrayList<>();
    private final List<Piece> pieces = new ArrayList<>();
    private boolean started;
    private boolean broken;
    private int next;

    /// Where in the stream a packet's bytes begin.
    private record Piece(int offset, Packet packet) {}

    void add(Packet packet) {
        if (packet.has(Decoder.SYN)) {
            started = true;
            next = packet.sequence() + 1;
            return;
        }
        if (packet.length() == 0 || packet.isRst() || broken) {
            return;
        }
        if (!started) {
            started = true;
            next = packet.sequence();
        }
        if (packet.sequence() - next > 0) {
            wait(packet);
        } else {
            append(packet);
            appendWaiting();
        }
    }

    private void wait(Packet packet) {
        waiting.add(packet);
        // A segment that was never captured leaves a hole; what is after it cannot be placed.
        broken = waiting.size() > MOST_WAITING;
    }

    private void append(Packet packet) {
        int known = next - packet.sequence();
        // Half the sequence space away is neither before nor after.
        if (known < 0 || known >= packet.length()) {
            return;
        }
        pieces.add(new Piece(bytes.size(), packet));
        if (known < packet.payload().size()) {
            packet.payload().copyTo(bytes, known);
        }
        broken = packet.payload().size() < packet.length() || bytes.size() > MOST_BYTES;
        next = packet.sequence() + packet.length();
    }

    private void appendWaiting() {
        for (int i = 0; i < waiting.size() && !broken; i++) {
            if (waiting.get(i).sequence() - next <= 0) {
                append(waiting.remove(i));
                i = -1;
            }
        }
    }

    Payload bytes() {
        return new Payload(bytes.toByteArray());
    }

    /// The end of the stream, as ISO 8859-1: long enough for a last message.
    String lastText() {
        byte[] all = bytes.toByteArray();
        int from = Math.max(0, all.length - LAST_MESSAGE);
        return new String(all, from, all.length - from, StandardCharsets.ISO_8859_1);
    }

    /// Whether every byte up to the end is there.
    boolean isWhole() {
        return !broken && waiting.isEmpty();
    }

    /// The number of the packet that brought the byte at `offset`.
    long packetAt(int offset) {
        long number = 0;
        for (Piece piece : pieces) {
            if (piece.offset() <= offset) {
                number = piece.packet().number();
            }
        }
        return number;
    }
}
