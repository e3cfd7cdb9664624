package dev.unreset.capture;

import java.util.List;

/// Follows the records that a side sends over TLS (RFC 8446, 5.1) by their headers alone: where the
/// last one ends shows whether something was cut.
final class TlsRecords {

    // Types of records.
    static final int CHANGE_CIPHER_SPEC = 20;
    static final int ALERT = 21;
    static final int HANDSHAKE = 22;
    static final int APPLICATION_DATA = 23;

    /// Of a record: type, version, length.
    static final int HEADER_BYTES = 5;

    /// What is in an alert in the open: level, description (RFC 8446, 6); and in one of TLS 1.3,
    /// with its type and authentication behind it.
    static final int PLAIN_ALERT = 2;

    static final int SEALED_ALERT = PLAIN_ALERT + 1 + 16;

    /// What Java adds to each record (OutputRecord in sun.security.ssl).
    static final int PADDING = 16;

    /// Of a record that holds as much as one can; nobody sends a full one last, but by chance.
    private static final int FULL = 1 << 14;

    /// Session tickets are shorter.
    private static final int TICKET = 512;

    /// The longest answer to a command, and the longest command.
    static final int COMMAND = 100;

    /// The longest packet with which a client only finishes the handshake: Change Cipher Spec and
    /// Finished, with a hash of 48 bytes (RFC 8446, 4.4.4).
    private static final int FINISHED = 80;

    // A record with nothing but a Finished of TLS 1.3: header, the hash behind its own header, type
    // and authentication.
    private static final int SEALED_SHA_256 = 5 + 4 + 32 + 1 + 16;
    private static final int SEALED_SHA_384 = 5 + 4 + 48 + 1 + 16;

    /// Where in a record with a ServerHello the length of the session's id stands.
    private static final int SESSION = HEADER_BYTES + 4 + 2 + 32;

    /// A protocol that a client offers (RFC 7301, 3.1), in which both sides speak of the connection
    /// itself in records that are as short.
    private static final String HTTP2 = "\u0002h2";

    private final TlsReader server = new TlsReader(this::record);

    // The server's last record.
    private int type;
    private int length;

    // Numbers of what the client has said since the server last spoke.
    private long askedFrom;
    private long askedTo;
    private boolean answered;
    private boolean http2;

    // Whether the server has spoken, and the client finished the handshake.
    private boolean spoke;
    private boolean finished;

    /// The longest record since the other side last spoke, but for the last one.
    private int longest;

    private TlsRecords() {}

    /// Whether the last that the server said is a whole record, and shorter than others of the same
    /// answer, or than records can be if there are none: what is sent in pieces ends so. What is as
    /// short as a session ticket (RFC 8446, 4.6.1) is no answer, but what is shorter is, to a
    /// command.
    static boolean endAnswer(List<Packet> packets) {
        TlsRecords records = new TlsRecords();
        for (Packet packet : packets) {
            if (packet.isSynAck()) {
                records.server.begin(packet.sequence() + 1);
            } else if (packet.hasData() && packet.fromClient()) {
                // What comes from now on is another answer.
                records.http2 |= !records.spoke && packet.payload().contains(HTTP2);
                records.asks(packet);
                records.longest = 0;
                records.length = 0;
            } else if (packet.hasData()) {
                records.answered = true;
                records.spoke = true;
                records.server.add(packet);
            }
        }
        return records.endsAnswer();
    }

    /// What is repeated counts once, and what only finishes the handshake not at all.
    private void asks(Packet packet) {
        boolean finishes = finishesHandshake(packet);
        if (answered || askedFrom == askedTo) {
            askedFrom = finishes ? packet.end() : packet.sequence();
            askedTo = askedFrom;
        }
        askedTo = Math.max(askedTo, packet.end());
        answered = false;
    }

    /// Whether the client only finishes the handshake. In TLS 1.3, what it says first after the
    /// server has spoken, but for a Change Cipher Spec, is its Finished, which looks like data.
    private boolean finishesHandshake(Packet packet) {
        int kind = packet.payload().size() == 0 ? 0 : packet.payload().at(0);
        boolean sealed = spoke && !finished && isSealedFinished(packet);
        finished |= spoke && kind != CHANGE_CIPHER_SPEC;
        return sealed || (kind != 0 && kind != APPLICATION_DATA && packet.length() <= FINISHED);
    }

    private void record(int kind, int bytes, int first) {
        longest = Math.max(longest, length);
        type = kind;
        length = bytes;
    }

    /// Whether a record is an answer that is one record.
    private boolean isAlone() {
        boolean toCommand = askedTo - askedFrom <= COMMAND && length <= COMMAND && !http2;
        return toCommand || (length > TICKET && length < FULL);
    }

    private boolean endsAnswer() {
        return server.hasStarted()
                && server.isBetweenRecords()
                && type == APPLICATION_DATA
                && (longest == 0 ? isAlone() : length < longest);
    }

    /// The type of the TLS record that a packet begins with; 0 if it begins with none.
    static int typeOf(Packet packet) {
        return Framing.isTls(packet.payload()) ? packet.payload().at(0) : 0;
    }

    private static boolean isSealedFinished(Packet packet) {
        return typeOf(packet) == APPLICATION_DATA && isFinishedLength(packet.length());
    }

    /// How long a record with nothing but a Finished of TLS 1.3 is, as the cipher suite of a
    /// ServerHello tells (RFC 8446, 4.1.3 and B.4); 0 if it does not.
    static int finishedBytes(Payload hello) {
        if (hello.size() <= SESSION || hello.at(0) != HANDSHAKE || hello.at(HEADER_BYTES) != 2) {
            return 0;
        }
        int at = SESSION + 1 + hello.at(SESSION);
        if (hello.size() < at + 2 || hello.at(at) != 0x13) {
            return 0;
        }
        return switch (hello.at(at + 1)) {
            case 1, 3, 4, 5 -> SEALED_SHA_256;
            case 2 -> SEALED_SHA_384;
            default -> 0;
        };
    }

    /// Whether a record of so many bytes may be nothing but a Finished of TLS 1.3, padded or not.
    static boolean isFinishedLength(int bytes) {
        return bytes == SEALED_SHA_256 || bytes == SEALED_SHA_384 || isPaddedFinished(bytes);
    }

    /// Whether it must be one of Java, which pads its records.
    static boolean isPaddedFinished(int bytes) {
        return bytes == SEALED_SHA_384 + PADDING;
    }

    /// Whether a packet is one record of TLS, as long as a command or its answer: who sends that
    /// and closes has said that it goes, as clients of mail servers do.
    static boolean isCommand(Packet packet) {
        return typeOf(packet) == APPLICATION_DATA && packet.length() <= COMMAND;
    }
}
