package dev.unreset.capture;

import java.util.List;

/// Follows what both sides say over TLS record by record, to see whether the client shook hands and
/// did nothing else, but for taking its leave: it only looks whether somebody speaks TLS. What
/// cannot be followed, because the capture lacks it, counts as something else.
final class TlsHandshake {

    private static final int CLIENT_HELLO = 1;

    /// An alert in the open: level, description (RFC 8446, 6); and of TLS 1.3, with its type and
    /// authentication behind it.
    private static final int PLAIN_ALERT = 2;

    private static final int SEALED_ALERT = PLAIN_ALERT + 1 + 16;

    /// Where a side's records stand.
    private static final class Side {

        private long next = Long.MIN_VALUE;

        /// Bytes of the present record that are still to come.
        private int left;

        boolean hasBegun() {
            return next != Long.MIN_VALUE;
        }
    }

    private final Side client = new Side();
    private final Side server = new Side();
    private boolean nothingElse = true;
    private boolean answered;

    // Whether each side has changed to what was agreed; and the client's Finished, which is sealed
    // as data is in TLS 1.3.
    private boolean clientChanged;
    private boolean serverChanged;
    private boolean finished;
    private boolean sealed;

    private TlsHandshake() {}

    /// Whether the handshake was done, and the client said nothing behind it but that it goes. In
    /// TLS 1.2, it is done when the server has changed as well (RFC 5246, 7.3).
    static boolean isAll(List<Packet> packets) {
        TlsHandshake handshake = new TlsHandshake();
        for (Packet packet : packets) {
            if (packet.hasData()) {
                handshake.add(packet, packet.fromClient() ? handshake.client : handshake.server);
            }
        }
        return handshake.nothingElse
                && handshake.finished
                && (handshake.sealed || handshake.serverChanged);
    }

    private void add(Packet packet, Side side) {
        long next = side.hasBegun() ? side.next : packet.sequence();
        if (packet.end() <= next) {
            return;
        }
        side.next = packet.end();
        nothingElse &= packet.sequence() <= next;
        int at = nothingElse ? (int) (next - packet.sequence()) : packet.length();
        while (at < packet.length()) {
            if (side.left > 0) {
                int here = Math.min(side.left, packet.length() - at);
                side.left -= here;
                at += here;
            } else if (at + TlsRecords.HEADER_BYTES > packet.payload().size()) {
                nothingElse = false;
                at = packet.length();
            } else {
                side.left = record(packet, at, side.equals(client));
                at += TlsRecords.HEADER_BYTES;
            }
        }
    }

    /// Notes the record at `at`.
    ///
    /// @return its length
    private int record(Packet packet, int at, boolean ofClient) {
        Payload said = packet.payload();
        int type = said.at(at);
        int length = said.at(at + 3) << 8 | said.at(at + 4);
        int body = at + TlsRecords.HEADER_BYTES;
        boolean complains =
                type == TlsRecords.ALERT
                        && length == PLAIN_ALERT
                        && !(body + 1 < said.size() && said.at(body + 1) == 0);
        nothingElse &= said.at(at + 1) == 3 && !complains;
        if (ofClient) {
            boolean hello =
                    type == TlsRecords.HANDSHAKE
                            && body < said.size()
                            && said.at(body) == CLIENT_HELLO;
            nothingElse &= hello || answered;
            ofClient(type, length);
        } else {
            answered |= type == TlsRecords.HANDSHAKE;
            serverChanged |= type == TlsRecords.CHANGE_CIPHER_SPEC;
        }
        return length;
    }

    private void ofClient(int type, int length) {
        switch (type) {
            case TlsRecords.CHANGE_CIPHER_SPEC -> clientChanged = true;
            case TlsRecords.HANDSHAKE -> finished |= clientChanged;
            case TlsRecords.APPLICATION_DATA -> {
                boolean isFinished =
                        !finished && TlsRecords.isFinishedLength(length + TlsRecords.HEADER_BYTES);
                nothingElse &= isFinished || (sealed && length == SEALED_ALERT);
                sealed |= isFinished;
                finished |= isFinished;
            }
            case TlsRecords.ALERT -> nothingElse &= finished;
            default -> nothingElse = false;
        }
    }
}
