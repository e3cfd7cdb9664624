package dev.unreset.capture;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// A pcapng file (draft-ietf-opsawg-pcapng-03): sections of blocks, each with its length at both
/// ends.
final class PcapngCursor extends Cursor {

    /// A time that a pcap cannot hold is none: of the nanoseconds between two that are further
    /// apart, a `long` cannot hold the difference.
    private static final long MOST_SECONDS = 1L << 32;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    static final int SECTION_HEADER = 0x0a0d0d0a;
    private static final int INTERFACE = 1;
    private static final int OLD_PACKET = 2;
    private static final int SIMPLE_PACKET = 3;
    private static final int ENHANCED_PACKET = 6;

    private static final int BYTE_ORDER_MAGIC = 0x1a2b3c4d;
    private static final int OPTION_END = 0;
    private static final int OPTION_TIME_RESOLUTION = 9;
    private static final int OPTION_TIME_OFFSET = 14;
    private static final int LEAST_BLOCK = 12;
    private static final int MOST_INTERFACES = 1 << 16;
    private static final long MOST_BLOCK_BYTES = 64L << 20;

    private final List<Interface> interfaces;
    private final List<Section> sections;
    private int firstOfSection;
    private long numberBeforeSection;

    /// @param offset where it begins
    /// @param firstInterface index of its first interface
    private record Section(long offset, int firstInterface, boolean littleEndian) {}

    /// @param unitsPerSecond resolution of time stamps
    private record Interface(
            int linkType, long snapLength, double unitsPerSecond, long offsetSeconds) {

        /// The time that a packet has so many units after the offset, an unsigned number; never
        /// further from 1970 than [#MOST_SECONDS].
        long nanos(long units) {
            double unsigned = units < 0 ? units + 0x1p64 : units;
            double seconds = offsetSeconds + unsigned / unitsPerSecond;
            if (Math.abs(seconds) > MOST_SECONDS) {
                return (seconds < 0 ? -MOST_SECONDS : MOST_SECONDS) * NANOS_PER_SECOND;
            }
            long fromOffset;
            if (unitsPerSecond == 1e6) {
                fromOffset = units * 1000;
            } else if (unitsPerSecond == 1e9) {
                fromOffset = units;
            } else {
                fromOffset = (long) (unsigned / unitsPerSecond * 1e9);
            }
            return offsetSeconds * NANOS_PER_SECOND + fromOffset;
        }
    }

    PcapngCursor(CaptureFile file, Window window, Consumer<String> trouble) throws IOException {
        this(file, window, trouble, new ArrayList<>(), new ArrayList<>());
    }

    private PcapngCursor(
            CaptureFile file,
            Window window,
            Consumer<String> trouble,
            List<Interface> interfaces,
            List<Section> sections) {
        super(file, window, trouble);
        this.interfaces = interfaces;
        this.sections = sections;
    }

    @Override
    Cursor twin(CaptureFile file) throws IOException {
        return new PcapngCursor(file, new Window(file), what -> {}, interfaces, sections);
    }

    @Override
    int firstInterfaces(CaptureFile file) throws IOException {
        PcapngCursor another = new PcapngCursor(file, new Window(file), what -> {});
        another.advance();
        return another.interfaces();
    }

    @Override
    int interfaces() {
        return interfaces.size();
    }

    @Override
    boolean advance() throws IOException {
        while (next < limit && window.cover(next, LEAST_BLOCK)) {
            long at = next;
            int type = int32(at);
            if (type == SECTION_HEADER && !beginSection(at)) {
                return stop(at, "a section has no byte order");
            }
            long length = uint32(at + 4);
            if (length < LEAST_BLOCK || (length & 3) != 0 || length > MOST_BLOCK_BYTES) {
                return stop(
                        at, "a block claims " + length + " bytes: damaged, the rest is not read");
            }
            if (!window.cover(at, length)) {
                return stop(at, "the file ends within a block of " + length + " bytes");
            }
            next = at + length;
            recordOffset = at;
            if (read(type, at, length)) {
                return true;
            }
            if (interfaces.size() - firstOfSection > MOST_INTERFACES) {
                return stop(
                        at, "more than " + MOST_INTERFACES + " interfaces: the rest is not read");
            }
        }
        if (next < limit && next < window.fileSize()) {
            return stop(next, "the file ends within a block");
        }
        return false;
    }

    @Override
    void comeBackTo(long record) {
        int at = 0;
        int to = sections.size() - 1;
        while (at < to) {
            int middle = (at + to + 1) >>> 1;
            if (sections.get(middle).offset() <= record) {
                at = middle;
            } else {
                to = middle - 1;
            }
        }
        firstOfSection = sections.get(at).firstInterface();
        littleEndian(sections.get(at).littleEndian());
    }

    private boolean stop(long at, String what) {
        report(at, what);
        next = window.fileSize();
        return false;
    }

    private boolean beginSection(long at) throws IOException {
        if (!window.cover(at, 16)) {
            return false;
        }
        littleEndian(true);
        if (int32(at + 8) != BYTE_ORDER_MAGIC) {
            littleEndian(false);
        }
        if (!sections.isEmpty() && number == numberBeforeSection) {
            // No packet needs it.
            interfaces.subList(sections.removeLast().firstInterface(), interfaces.size()).clear();
        }
        numberBeforeSection = number;
        firstOfSection = interfaces.size();
        sections.add(new Section(at, firstOfSection, isLittleEndian()));
        return int32(at + 8) == BYTE_ORDER_MAGIC;
    }

    /// Whether the block holds a packet that can be read.
    private boolean read(int type, long at, long length) {
        return switch (type) {
            case INTERFACE -> {
                readInterface(at, length);
                yield false;
            }
            case ENHANCED_PACKET -> length < 32 ? tooShort(at) : packet(at, length, int32(at + 8));
            case OLD_PACKET -> length < 32 ? tooShort(at) : packet(at, length, uint16(at + 8));
            case SIMPLE_PACKET -> length < 16 ? tooShort(at) : simplePacket(at, length);
            default -> false;
        };
    }

    private boolean tooShort(long at) {
        report(at, "a packet block is too short");
        return false;
    }

    private boolean simplePacket(long at, long length) {
        int original = int32(at + 8);
        if (interfaces.size() <= firstOfSection) {
            report(at, "a packet names interface 0, which is not described");
            return false;
        }
        long snap = interfaces.get(firstOfSection).snapLength();
        long captured = Math.min(Integer.toUnsignedLong(original), length - 16);
        if (snap > 0) {
            captured = Math.min(captured, snap);
        }
        number++;
        timeNanos = 0;
        return describe(firstOfSection, captured, original, at + 12);
    }

    /// An enhanced packet block, or the obsolete packet block: they differ in how they name the
    /// interface.
    private boolean packet(long at, long length, int interfaceOfSection) {
        long bytes = at + 28;
        long captured = uint32(at + 20);
        number++;
        int index = firstOfSection + interfaceOfSection;
        if (interfaceOfSection < 0 || index >= interfaces.size()) {
            report(
                    at,
                    "a packet names interface "
                            + Integer.toUnsignedLong(interfaceOfSection)
                            + ", which is not described");
            return unreadable();
        }
        if (captured > at + length - 4 - bytes || captured > MOST_PACKET_BYTES) {
            report(at, "a packet claims " + captured + " bytes, more than its block holds");
            return unreadable();
        }
        Interface described = interfaces.get(index);
        timeNanos = described.nanos(uint32(at + 12) << 32 | uint32(at + 16));
        return describe(index, captured, int32(at + 24), bytes);
    }

    /// A packet that is there, with a number, and cannot be looked at.
    private boolean unreadable() {
        capturedBytes = 0;
        originalBytes = 0;
        linkType = -1;
        return true;
    }

    private boolean describe(int index, long captured, int original, long bytes) {
        capturedBytes = (int) captured;
        originalBytes = original;
        packetOffset = bytes;
        interfaceId = index;
        linkType = interfaces.get(index).linkType();
        return true;
    }

    private void readInterface(long at, long length) {
        if (length < 20) {
            report(at, "an interface block is too short");
            return;
        }
        double unitsPerSecond = 1e6;
        long offsetSeconds = 0;
        long option = at + 16;
        long end = at + length - 4;
        while (option + 4 <= end && uint16(option) != OPTION_END) {
            int code = uint16(option);
            int size = uint16(option + 2);
            if (option + 4 + size > end) {
                break;
            }
            if (code == OPTION_TIME_RESOLUTION && size == 1) {
                int value = uint8(option + 4);
                unitsPerSecond =
                        (value & 0x80) == 0 ? Math.pow(10, value) : Math.pow(2, value & 0x7f);
            } else if (code == OPTION_TIME_OFFSET && size == 8) {
                offsetSeconds = offset(option + 4);
            }
            option += 4 + ((size + 3L) & ~3L);
        }
        interfaces.add(
                new Interface(uint16(at + 8), uint32(at + 12), unitsPerSecond, offsetSeconds));
    }

    private long offset(long at) {
        // An 8-byte number in the section's byte order; only its low half is of any use.
        long first = int32(at);
        long second = int32(at + 4);
        return first == 0 || first == -1 ? second : first;
    }
}
