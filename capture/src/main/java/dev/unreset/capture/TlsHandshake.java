package dev.unreset.capture;

import java.util.List;

/// Follows what a client says over TLS record by record, to see whether it shook hands and did
/// nothing else, but for taking its leave: it only looks whether somebody speaks TLS. What of the
/// client cannot be followed, because the capture lacks it, counts as something else; of the
/// server, what its packets begin with tells enough.
final class TlsHandshake {

    private static final int CLIENT_HELLO = 1;

    /// Of TLS 1.3, with what is behind each: a message that the client has no certificate (RFC
    /// 8446, 4.4.2), and one with the shortest that are in use.
    private static final int NO_CERTIFICATE = 8 + 1 + 16;

    private static final int CERTIFICATE = 200;

    /// A second hello is longer: TLS 1.3 has many extensions.
    private static final int SECOND_HELLO = 150;

    /// How far the client has come.
    private enum Step {
        HELLO,

        /// It has exchanged keys in the open, as before TLS 1.3 where no session is resumed.
        KEYS,

        /// It has changed to what was agreed; in TLS 1.3 that may stand before a second hello.
        CHANGED,

        /// It has shown its certificate, sealed as in TLS 1.3; whether more was in that record, as
        /// NSS has it, its length does not tell.
        CERTIFICATE,

        /// It has proved that this is its own, or has none.
        VERIFIED,
        FINISHED
    }

    private final TlsReader client = new TlsReader(this::note);
    private Step step = Step.HELLO;
    private boolean nothingElse = true;
    private boolean greeted;
    private boolean answered;

    /// The server has only finished when it has changed as well, and says so last.
    private boolean serverIsLast;

    private boolean serverChanged;

    /// The client's Finished is sealed as data is: TLS 1.3; and padded, as all of its records.
    private boolean sealed;

    private boolean padded;

    /// What [TlsRecords#finishedBytes] told.
    private int finishedBytes;

    private TlsHandshake() {}

    /// Whether the handshake was done, and the client said nothing behind it but that it goes. In
    /// TLS 1.2, it is done when the server has changed as well, which it did first where a session
    /// is resumed (RFC 5246, 7.3).
    static boolean isAll(List<Packet> packets) {
        TlsHandshake handshake = of(packets);
        return handshake.nothingElse
                && handshake.client.isWhole()
                && handshake.step == Step.FINISHED
                && (handshake.serverChanged || !handshake.serverIsLast);
    }

    /// Whether the client had certainly not finished the handshake: what the server said was no
    /// answer.
    static boolean isUnderWay(List<Packet> packets) {
        TlsHandshake handshake = of(packets);
        return handshake.nothingElse
                && handshake.client.isWhole()
                && switch (handshake.step) {
                    case HELLO, KEYS, CHANGED -> handshake.greeted;
                    case CERTIFICATE, VERIFIED, FINISHED -> false;
                };
    }

    private static TlsHandshake of(List<Packet> packets) {
        TlsHandshake handshake = new TlsHandshake();
        for (Packet packet : packets) {
            if (packet.hasData() && packet.fromClient()) {
                handshake.ofClient(packet);
            } else if (packet.hasData()) {
                handshake.ofServer(packet);
            }
        }
        return handshake;
    }

    private void ofServer(Packet packet) {
        int type = TlsRecords.typeOf(packet);
        nothingElse &= type != TlsRecords.ALERT || !complains(packet);
        // It says no more before the client has finished: that was in a record of another length.
        nothingElse &= step != Step.CERTIFICATE && step != Step.VERIFIED;
        if (type == TlsRecords.HANDSHAKE && !answered) {
            answered = true;
            finishedBytes = TlsRecords.finishedBytes(packet.payload());
        }
        // Behind the client's Finished, a session ticket may stand before it.
        serverChanged |=
                step == Step.FINISHED
                        && (type == TlsRecords.CHANGE_CIPHER_SPEC || type == TlsRecords.HANDSHAKE);
    }

    private void ofClient(Packet packet) {
        nothingElse &= TlsRecords.typeOf(packet) != TlsRecords.ALERT || !complains(packet);
        client.add(packet);
    }

    private void note(int type, int length, int first) {
        // The first byte of a Finished that is sealed may be any, but it is shorter.
        boolean hello =
                type == TlsRecords.HANDSHAKE
                        && first == CLIENT_HELLO
                        && (step == Step.HELLO || length >= SECOND_HELLO);
        nothingElse &= hello || answered;
        greeted |= hello;
        switch (type) {
            case TlsRecords.CHANGE_CIPHER_SPEC -> {
                serverIsLast = step == Step.KEYS;
                step = Step.CHANGED;
            }
            case TlsRecords.HANDSHAKE -> {
                if (!hello) {
                    step = step == Step.CHANGED ? Step.FINISHED : Step.KEYS;
                }
            }
            case TlsRecords.APPLICATION_DATA -> noteSealed(length);
            case TlsRecords.ALERT -> nothingElse &= step == Step.FINISHED;
            default -> nothingElse = false;
        }
    }

    private void noteSealed(int length) {
        int bytes = length + TlsRecords.HEADER_BYTES;
        boolean isPadded =
                finishedBytes > 0
                        ? bytes == finishedBytes + TlsRecords.PADDING
                        : TlsRecords.isPaddedFinished(bytes);
        boolean isFinished =
                finishedBytes > 0
                        ? isPadded || bytes == finishedBytes
                        : TlsRecords.isFinishedLength(bytes);
        switch (step) {
            case FINISHED -> nothingElse &= sealed && isSealedAlert(length);
            case CERTIFICATE -> {
                nothingElse &= !isFinished;
                step = Step.VERIFIED;
            }
            case HELLO, KEYS, CHANGED, VERIFIED -> {
                if (isFinished) {
                    step = Step.FINISHED;
                    sealed = true;
                    padded = isPadded;
                } else {
                    nothingElse &= step != Step.VERIFIED;
                    nothingElse &= length == NO_CERTIFICATE || length >= CERTIFICATE;
                    step = length == NO_CERTIFICATE ? Step.VERIFIED : Step.CERTIFICATE;
                }
            }
        }
    }

    private boolean isSealedAlert(int length) {
        return length == TlsRecords.SEALED_ALERT
                || (padded && length == TlsRecords.SEALED_ALERT + TlsRecords.PADDING);
    }

    /// Whether an alert in the open is another than close_notify, or one that was cut off.
    private static boolean complains(Packet packet) {
        Payload said = packet.payload();
        int description = TlsRecords.HEADER_BYTES + 1;
        return packet.length() == TlsRecords.HEADER_BYTES + TlsRecords.PLAIN_ALERT
                && !(description < said.size() && said.at(description) == 0);
    }
}
