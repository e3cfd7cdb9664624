package dev.unreset.capture;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What one side sent, put together from its segments as far as they were captured.
final class ByteStream {

    private static final int MOST_BYTES = 128 << 10;
    private static final int MOST_WAITING = 64;

    /// More, of which each brought some bytes, take more memory than what they say is worth.
    private static final int MOST_PIECES = 1 << 12;

    private static final int LAST_MESSAGE = 1 << 10;

    /// The longest beginning that a rule asks for is that of HTTP/2.
    private static final int TELLS_PROTOCOL = 24;

    private final List<Packet> waiting = new ArrayList<>();
    private final List<Piece> pieces = new ArrayList<>();
    private boolean started;
    private boolean broken;
    private long next;

    /// Bytes in all pieces.
    private int size;

    /// Put together when it is first asked for.
    private @Nullable Payload bytes;

    /// What a packet brought.
    ///
    /// @param offset in the stream
    /// @param known bytes at the packet's start that were there already
    private record Piece(int offset, int known, Packet packet) {}

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
            hold(packet);
        } else {
            append(packet);
            appendWaiting();
        }
    }

    private void hold(Packet packet) {
        waiting.add(packet);
        // A segment that was never captured leaves a hole; what is after it cannot be placed.
        broken = waiting.size() > MOST_WAITING;
    }

    private void append(Packet packet) {
        long overlap = next - packet.sequence();
        if (overlap >= packet.length()) {
            return;
        }
        int known = (int) overlap;
        pieces.add(new Piece(size, known, packet));
        size += Math.max(0, packet.payload().size() - known);
        broken =
                packet.payload().size() < packet.length()
                        || size > MOST_BYTES
                        || pieces.size() > MOST_PIECES;
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

    /// All of it; asked for when no more is added.
    Payload bytes() {
        if (bytes == null) {
            byte[] all = new byte[size];
            for (Piece piece : pieces) {
                piece.packet().payload().copyTo(all, piece.offset(), piece.known());
            }
            bytes = new Payload(all);
        }
        return bytes;
    }

    /// Gives back the memory of [#bytes], and of those of its packets that can be read again.
    void forget() {
        bytes = null;
        pieces.forEach(piece -> piece.packet().payload().forget());
    }

    boolean isEmpty() {
        return size == 0;
    }

    /// What the first packet brought, or all if that is less than tells protocols apart.
    Payload beginning() {
        if (pieces.isEmpty()) {
            return Payload.NONE;
        }
        Piece first = pieces.getFirst();
        Payload payload = first.packet().payload();
        boolean enough = payload.size() >= Math.min(size, TELLS_PROTOCOL);
        return enough && first.known() == 0 ? payload : bytes();
    }

    /// The end of the stream: long enough for a last message.
    Payload lastMessage() {
        byte[] last = new byte[Math.min(size, LAST_MESSAGE)];
        int missing = last.length;
        for (int i = pieces.size() - 1; i >= 0 && missing > 0; i--) {
            Piece piece = pieces.get(i);
            Payload payload = piece.packet().payload();
            int count = Math.clamp(payload.size() - piece.known(), 0, missing);
            missing -= count;
            payload.copyTo(last, missing, payload.size() - count);
        }
        return new Payload(last);
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
