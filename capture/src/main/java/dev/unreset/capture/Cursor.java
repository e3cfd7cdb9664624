package dev.unreset.capture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// Moves over the packets of a capture file. After [#advance], the other methods describe one
/// packet; its bytes are valid until the next call.
abstract sealed class Cursor permits PcapCursor, PcapngCursor {

    /// A packet longer than this is taken for damage: the largest snap length that tcpdump sets.
    static final int MOST_PACKET_BYTES = 256 << 10;

    Window window;
    final String name;
    private final Consumer<String> trouble;
    private boolean littleEndian;

    /// Where the next record begins.
    long next;

    /// No record is read that begins here or later.
    long limit = Long.MAX_VALUE;

    long number;

    /// Where the packet's record begins in the file.
    long recordOffset;

    /// Where its bytes begin.
    long packetOffset;

    int capturedBytes;
    int originalBytes;
    long timeNanos;
    int linkType;
    int interfaceId;

    Cursor(CaptureFile file, Window window, Consumer<String> trouble) {
        this.name = file.name();
        this.window = window;
        this.trouble = trouble;
    }

    /// A cursor before the first packet of `file`.
    ///
    /// @param trouble gets a line for each record that cannot be read
    /// @throws CaptureException if it is no capture
    static Cursor open(CaptureFile file, Consumer<String> trouble) throws IOException {
        Window window = new Window(file);
        file.trouble().ifPresent(what -> trouble.accept(file.name() + ": " + what));
        if (!window.cover(0, 4)) {
            String what =
                    window.fileSize() == 0
                            ? "is empty (expected: a capture)"
                            : "is too short for a capture (" + window.fileSize() + " bytes)";
            throw new CaptureException(file.name() + ": " + what);
        }
        int magic = window.bytes().getInt(0);
        if (magic == PcapngCursor.SECTION_HEADER) {
            return new PcapngCursor(file, window, trouble);
        }
        if (PcapCursor.isMagic(magic)) {
            return new PcapCursor(file, window, trouble, magic);
        }
        throw new CaptureException(
                String.format(
                        "%s: is no capture: it begins with %08x (expected: pcap or pcapng)",
                        file.name(), magic));
    }

    /// Moves to the next packet that begins before [#limit]; false if there is none.
    abstract boolean advance() throws IOException;

    /// Moves over all packets that begin before [#limit], and adds them to `batch`.
    void locate(PacketBatch batch) throws IOException {
        while (advance()) {
            batch.add(this);
        }
    }

    /// Goes on in `other`, up to `end`.
    final void in(Window other, long end) {
        window = other;
        limit = end;
    }

    /// Whether all of the file has been read.
    final boolean isAtEnd() {
        return next >= window.fileSize();
    }

    /// Another cursor on the same file that knows what this one has learned of it: for [#goTo].
    abstract Cursor twin(CaptureFile file) throws IOException;

    /// Goes back to a packet that has been read.
    ///
    /// @param record the packet's [#recordOffset]
    /// @throws CaptureException if it is not there any more
    final void goTo(long record, long packetNumber) throws IOException {
        window.lookAtSinglePackets();
        number = packetNumber - 1;
        next = record;
        comeBackTo(record);
        if (!advance()) {
            throw new CaptureException(name + ": changed while it was read");
        }
    }

    /// Interfaces of which `file`, on which this is a cursor, tells before its first packet.
    int firstInterfaces(CaptureFile file) throws IOException {
        return 1;
    }

    /// Interfaces of which the file has told so far.
    int interfaces() {
        return 1;
    }

    /// Makes what is true of the file at `record` true again.
    abstract void comeBackTo(long record);

    /// The bytes in memory in which the packet lies.
    final ByteBuffer bytes() {
        return window.bytes();
    }

    /// Where the packet begins in [#bytes].
    final int at() {
        return window.index(packetOffset);
    }

    /// In which byte order the numbers of packet headers are.
    final void littleEndian(boolean little) {
        littleEndian = little;
    }

    final boolean isLittleEndian() {
        return littleEndian;
    }

    /// The bytes in memory, in the byte order of packet headers.
    final ByteBuffer ordered() {
        return littleEndian ? window.littleEndianBytes() : window.bytes();
    }

    final int int32(long offset) {
        return ordered().getInt(window.index(offset));
    }

    final long uint32(long offset) {
        return Integer.toUnsignedLong(int32(offset));
    }

    final int uint16(long offset) {
        return Short.toUnsignedInt(ordered().getShort(window.index(offset)));
    }

    final int uint8(long offset) {
        return Byte.toUnsignedInt(window.bytes().get(window.index(offset)));
    }

    final void report(long offset, String what) {
        trouble.accept(name + ": " + what + " at byte " + offset);
    }
}
