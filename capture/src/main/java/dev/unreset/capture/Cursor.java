package dev.unreset.capture;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.function.Consumer;

/// Moves over the packets of a capture file. After [#advance], the other methods describe one
/// packet; its bytes are valid until the next call.
abstract sealed class Cursor implements AutoCloseable permits PcapCursor, PcapngCursor {

    /// A packet longer than this is taken for damage: the largest snap length that tcpdump sets.
    static final int MOST_PACKET_BYTES = 256 << 10;

    private static final ValueLayout.OfInt INT_LE =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfInt INT_BE =
            ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);
    private static final ValueLayout.OfShort SHORT_LE =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final ValueLayout.OfShort SHORT_BE =
            ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

    final Window window;
    final String name;
    private final Consumer<String> trouble;
    private ValueLayout.OfInt intLayout = INT_LE;
    private ValueLayout.OfShort shortLayout = SHORT_LE;

    long number;
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
        Window window = new Window(file.channel());
        file.trouble().ifPresent(what -> trouble.accept(file.name() + ": " + what));
        if (!window.cover(0, 4)) {
            window.close();
            String what =
                    window.fileSize() == 0
                            ? "is empty (expected: a capture)"
                            : "is too short for a capture (" + window.fileSize() + " bytes)";
            throw new CaptureException(file.name() + ": " + what);
        }
        int magic = window.bytes().get(INT_BE, 0);
        if (magic == PcapngCursor.SECTION_HEADER) {
            return new PcapngCursor(file, window, trouble);
        }
        if (PcapCursor.isMagic(magic)) {
            return new PcapCursor(file, window, trouble, magic);
        }
        window.close();
        throw new CaptureException(
                String.format(
                        "%s: is no capture: it begins with %08x (expected: pcap or pcapng)",
                        file.name(), magic));
    }

    /// Moves to the next packet; false at the end.
    abstract boolean advance() throws IOException;

    /// The mapped bytes in which the packet lies.
    final MemorySegment bytes() {
        return window.bytes();
    }

    /// Where the packet begins in [#bytes].
    final long at() {
        return packetOffset - window.start();
    }

    final void littleEndian(boolean little) {
        intLayout = little ? INT_LE : INT_BE;
        shortLayout = little ? SHORT_LE : SHORT_BE;
    }

    final int int32(long offset) {
        return window.bytes().get(intLayout, offset - window.start());
    }

    final long uint32(long offset) {
        return Integer.toUnsignedLong(int32(offset));
    }

    final int uint16(long offset) {
        return Short.toUnsignedInt(window.bytes().get(shortLayout, offset - window.start()));
    }

    final int uint8(long offset) {
        return Byte.toUnsignedInt(
                window.bytes().get(ValueLayout.JAVA_BYTE, offset - window.start()));
    }

    final void report(long offset, String what) {
        trouble.accept(name + ": " + what + " at byte " + offset);
    }

    @Override
    public final void close() {
        window.close();
    }
}
