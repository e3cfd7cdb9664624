package dev.unreset.capture;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// Writes packets as pcapng with time stamps in nanoseconds: one interface for each link type.
final class PcapngWriter implements AutoCloseable {

    private static final int BLOCK_OVERHEAD = 12;

    private final OutputStream out;
    private final Map<Integer, Integer> interfaces = new HashMap<>();

    PcapngWriter(Path target) throws IOException {
        out = new BufferedOutputStream(Files.newOutputStream(target), 1 << 16);
        ByteBuffer body = body(16);
        body.putInt(0x1a2b3c4d).putShort((short) 1).putShort((short) 0).putLong(-1);
        block(PcapngCursor.SECTION_HEADER, body);
    }

    /// Writes the packet at which `cursor` stands.
    void write(Cursor cursor) throws IOException {
        Integer known = interfaces.get(cursor.linkType);
        int id = known == null ? describe(cursor.linkType) : known;
        ByteBuffer body = body(20 + ((cursor.capturedBytes + 3) & ~3));
        body.putInt(id);
        body.putInt((int) (cursor.timeNanos >>> 32)).putInt((int) cursor.timeNanos);
        body.putInt(cursor.capturedBytes).putInt(cursor.originalBytes);
        body.put(body.position(), cursor.bytes(), cursor.at(), cursor.capturedBytes);
        block(6, body);
    }

    private int describe(int linkType) throws IOException {
        ByteBuffer body = body(20);
        body.putShort((short) linkType).putShort((short) 0).putInt(0);
        // if_tsresol 9: nanoseconds.
        body.putShort((short) 9).putShort((short) 1).put((byte) 9).position(16);
        body.putInt(0);
        block(1, body);
        interfaces.put(linkType, interfaces.size());
        return interfaces.size() - 1;
    }

    private static ByteBuffer body(int size) {
        return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
    }

    private void block(int type, ByteBuffer body) throws IOException {
        int length = BLOCK_OVERHEAD + body.capacity();
        put(body(8).putInt(type).putInt(length));
        put(body);
        put(body(4).putInt(length));
    }

    private void put(ByteBuffer bytes) throws IOException {
        byte[] copy = new byte[bytes.capacity()];
        bytes.get(0, copy);
        out.write(copy);
    }

    @Override
    public void close() throws IOException {
        out.close();
    }
}
