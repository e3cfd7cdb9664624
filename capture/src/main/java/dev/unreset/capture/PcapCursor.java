package dev.unreset.capture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.LongBuffer;
import java.util.function.Consumer;

/// A pcap file (draft-ietf-opsawg-pcap-05).
///
/// ```
/// file    magic(4) version(2+2) reserved(4+4) snaplen(4) linktype(4)
/// packet  seconds(4) fraction(4) captured(4) original(4) bytes
/// ```
final class PcapCursor extends Cursor {

    private static final int MICROS = 0xa1b2c3d4;
    private static final int NANOS = 0xa1b23c4d;

    /// Alexey Kuznetzov's variant: each packet header has 8 more bytes.
    private static final int MODIFIED = 0xa1b2cd34;

    private static final int FILE_HEADER = 24;
    private static final int LINK_TYPE = 20;

    private final long nanosPerFraction;
    private final int packetHeader;
    private final int fileLinkType;

    PcapCursor(CaptureFile file, Window window, Consumer<String> trouble, int magicBigEndian)
            throws IOException {
        super(file, window, trouble);
        if (!window.cover(0, FILE_HEADER)) {
            throw new CaptureException(
                    file.name() + ": is cut off in its header (" + window.fileSize() + " bytes)");
        }
        boolean little = !isPlain(magicBigEndian);
        int magic = little ? Integer.reverseBytes(magicBigEndian) : magicBigEndian;
        littleEndian(little);
        nanosPerFraction = magic == NANOS ? 1 : 1000;
        packetHeader = magic == MODIFIED ? 24 : 16;
        // The upper bits say whether frames end in a checksum.
        fileLinkType = int32(LINK_TYPE) & 0xffff;
        next = FILE_HEADER;
    }

    static boolean isMagic(int bigEndian) {
        return isPlain(bigEndian) || isPlain(Integer.reverseBytes(bigEndian));
    }

    private static boolean isPlain(int magic) {
        return magic == MICROS || magic == NANOS || magic == MODIFIED;
    }

    @Override
    void comeBackTo(long record) {
        // The file is the same everywhere.
    }

    @Override
    Cursor twin(CaptureFile file) throws IOException {
        return open(file, what -> {});
    }

    @Override
    void locate(PacketBatch batch) throws IOException {
        locateInMemory(batch);
        while (advance()) {
            batch.add(this);
            locateInMemory(batch);
        }
    }

    /// What [#advance] does, for packets that are whole and in memory.
    private void locateInMemory(PacketBatch batch) {
        long base = next - window.index(next);
        long end = Math.min(limit, window.end() - packetHeader);
        int beforeFirst = window.index(batch.start());
        boolean little = isLittleEndian();
        long[] nanos = batch.nanos;
        long[] frames = batch.frames;
        int[] records = batch.records;
        int count = batch.count;
        long at = next;
        while (at < end) {
            int index = (int) (at - base);
            LongBuffer words = window.words(index);
            long time = words.get(Window.word(index));
            long lengths = words.get(Window.word(index) + 1);
            if (!little) {
                time = Long.rotateLeft(Long.reverseBytes(time), 32);
                lengths = Long.rotateLeft(Long.reverseBytes(lengths), 32);
            }
            int size = (int) lengths;
            if (size < 0 || size > MOST_PACKET_BYTES || size > end - at) {
                break;
            }
            if (count == nanos.length) {
                batch.grow();
                nanos = batch.nanos;
                frames = batch.frames;
                records = batch.records;
            }
            nanos[count] =
                    (time & 0xffff_ffffL) * 1_000_000_000L + (time >>> 32) * nanosPerFraction;
            frames[count] = PacketBatch.frame(index + packetHeader, size, fileLinkType);
            records[count++] = index - beforeFirst;
            at += packetHeader + size;
        }
        number += count - batch.count;
        batch.count = count;
        next = at;
    }

    @Override
    boolean advance() throws IOException {
        long at = next;
        if (at >= limit) {
            return false;
        }
        if (!window.cover(at, packetHeader)) {
            if (at < window.fileSize()) {
                report(at, "the file ends within a packet header");
                next = window.fileSize();
            }
            return false;
        }
        ByteBuffer header = ordered();
        int headerAt = window.index(at);
        long time = header.getLong(headerAt);
        long lengths = header.getLong(headerAt + 8);
        int captured = first(lengths);
        if (captured < 0 || captured > MOST_PACKET_BYTES) {
            report(
                    at,
                    "a packet claims "
                            + Integer.toUnsignedLong(captured)
                            + " bytes: damaged, the rest is not read");
            next = window.fileSize();
            return false;
        }
        originalBytes = second(lengths);
        timeNanos =
                Integer.toUnsignedLong(first(time)) * 1_000_000_000L
                        + Integer.toUnsignedLong(second(time)) * nanosPerFraction;
        // The header may be gone after this: the window may move.
        if (!window.cover(at, (long) packetHeader + captured)) {
            report(at, "the file ends within a packet of " + captured + " bytes");
            next = window.fileSize();
            return false;
        }
        number++;
        capturedBytes = captured;
        recordOffset = at;
        packetOffset = at + packetHeader;
        linkType = fileLinkType;
        next = packetOffset + captured;
        return true;
    }

    /// Of two 32-bit fields that were read as one number, the one that comes first in the file.
    private int first(long both) {
        return (int) (isLittleEndian() ? both : both >>> 32);
    }

    private int second(long both) {
        return (int) (isLittleEndian() ? both >>> 32 : both);
    }
}
