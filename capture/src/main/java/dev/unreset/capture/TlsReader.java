package dev.unreset.capture;

/// Reads the headers of the records that one side sends over TLS (RFC 8446, 5.1), as far as they
/// were captured.
final class TlsReader {

    /// Gets the records in order.
    interface Visitor {

        /// A record whose header has come.
        ///
        /// @param first byte of what is in it; -1 if it was not captured, or not in one packet with
        ///   the header
        void record(int type, int length, int first);
    }

    private final Visitor visitor;
    private long next;
    private boolean started;
    private boolean lost;
    private boolean whole = true;

    /// Bytes of the present record's header that are known, and what they say.
    private int header;

    private int type;
    private int length;

    /// Bytes of the present record that are still to come.
    private int left;

    TlsReader(Visitor visitor) {
        this.visitor = visitor;
    }

    /// The side's numbers begin with `sequence`.
    void begin(long sequence) {
        next = sequence;
        started = true;
    }

    /// Whether a packet has come, or [#begin] was called.
    boolean hasStarted() {
        return started;
    }

    /// Whether each record was seen up to now.
    boolean isWhole() {
        return whole;
    }

    /// Whether a record ends with what came last.
    boolean isBetweenRecords() {
        return !lost && left == 0 && header == 0;
    }

    /// Takes the next packet with data. After a hole, only one that begins with a record tells
    /// where one is.
    void add(Packet packet) {
        if (!started) {
            begin(packet.sequence());
        }
        lost |= next < packet.sequence();
        whole &= !lost;
        if (lost && Framing.isTls(packet.payload())) {
            lost = false;
            next = packet.sequence();
            header = 0;
            left = 0;
        }
        int known = (int) Math.clamp(next - packet.sequence(), 0L, packet.length());
        for (int at = known; at < packet.length() && !lost; ) {
            if (left == 0) {
                readHeader(packet.payload(), at);
                at++;
            } else {
                int here = Math.min(left, packet.length() - at);
                left -= here;
                at += here;
            }
        }
        whole &= !lost;
        next = Math.max(next, packet.sequence() + packet.length());
    }

    private void readHeader(Payload payload, int at) {
        if (at >= payload.size()) {
            lost = true;
            return;
        }
        int value = payload.at(at);
        switch (header++) {
            case 0 -> type = value;
            case 1 -> lost = value != 3;
            case 2 -> {}
            case 3 -> length = value << 8;
            default -> {
                length |= value;
                left = length;
                header = 0;
                visitor.record(type, length, at + 1 < payload.size() ? payload.at(at + 1) : -1);
            }
        }
    }
}
