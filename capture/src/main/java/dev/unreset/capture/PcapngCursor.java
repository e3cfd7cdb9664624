package dev.unreset.capture;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;

/// A pcapng file (draft-ietf-opsawg-pcapng-03): sections of blocks, each with its length at both
/// ends.
final class PcapngCursor extends Cursor {

    /// A time that a pcap cannot hold is none: of the nanoseconds between two that are further
    /// apart, a `long` cannot hold the difference.
    private static final long MOST_SECONDS = 1L << 32;

    private static final long NANOS_PER_SECOND = 1_000_000_000;

    // Resolutions of time stamps.
    private static final int BINARY = 0x80;
    private static final int MICROS = 6;
    private static final int NANOS = 9;

    private static final double[] POWERS_OF_TEN =
            IntStream.range(0, BINARY).mapToDouble(power -> Math.pow(10, power)).toArray();

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

    /// @param resolution of time stamps: 10 to the power of so many are a second, or with
    ///   [#BINARY], 2 to the power of the rest (4.2, `if_tsresol`)
    private record Interface(int linkType, long snapLength, int resolution, long offsetSeconds) {

        /// The seconds after 1970 of a packet that is so many units after the offset, an unsigned
        /// number.
        double seconds(long units) {
            double unsigned = units < 0 ? units + 0x1p64 : units;
            int power = resolution & ~BINARY;
            return offsetSeconds
                    + unsigned / (isBinary() ? Math.pow(2, power) : POWERS_OF_TEN[power]);
        }

        private boolean isBinary() {
            return (resolution & BINARY) != 0;
        }

        /// The same in nanoseconds; never further from 1970 than [#MOST_SECONDS].
        long nanos(long units) {
            double seconds = seconds(units);
            if (Math.abs(seconds) > MOST_SECONDS) {
                return (seconds < 0 ? -MOST_SECONDS : MOST_SECONDS) * NANOS_PER_SECOND;
            }
            return offsetSeconds * NANOS_PER_SECOND
                    + (isBinary() ? fromBinary(units, resolution & ~BINARY) : fromDecimal(units));
        }

        private long fromDecimal(long units) {
            if (resolution <= NANOS) {
                return units * (long) POWERS_OF_TEN[NANOS - resolution];
            }
            double divisor = POWERS_OF_TEN[resolution - NANOS];
            return divisor >= Long.MAX_VALUE ? 0 : Long.divideUnsigned(units, (long) divisor);
        }

        private static long fromBinary(long units, int power) {
            if (power >= Long.SIZE) {
                double unsigned = units < 0 ? units + 0x1p64 : units;
                return (long) (unsigned * Math.pow(2, -power) * NANOS_PER_SECOND);
            }
            long rest = units & ((1L << power) - 1);
            double part = rest < 0 ? rest + 0x1p64 : rest;
            return (units >>> power) * NANOS_PER_SECOND
                    + (long) (part * Math.pow(2, -power) * NANOS_PER_SECOND);
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
        long units = uint32(at + 12) << 32 | uint32(at + 16);
        timeNanos = described.nanos(units);
        if (Math.abs(timeNanos) == MOST_SECONDS * NANOS_PER_SECOND) {
            report(at, "a packet's time is more than 2^32 s from 1970: it counts as that");
        }
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
        int resolution = MICROS;
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
                resolution = uint8(option + 4);
            } else if (code == OPTION_TIME_OFFSET && size == 8) {
                offsetSeconds = int64(option + 4);
            }
            option += 4 + ((size + 3L) & ~3L);
        }
        interfaces.add(new Interface(uint16(at + 8), uint32(at + 12), resolution, offsetSeconds));
    }

    private long int64(long at) {
        return isLittleEndian()
                ? uint32(at + 4) << 32 | uint32(at)
                : uint32(at) << 32 | uint32(at + 4);
    }
}
