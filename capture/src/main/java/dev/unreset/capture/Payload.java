package dev.unreset.capture;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// Captured payload bytes; not changed after they are made.
final class Payload {

    static final Payload NONE = new Payload(new byte[0]);

    private final byte[] bytes;

    Payload(byte[] bytes) {
        this.bytes = bytes;
    }

    int size() {
        return bytes.length;
    }

    int at(int index) {
        return Byte.toUnsignedInt(bytes[index]);
    }

    boolean startsWith(String ascii) {
        byte[] prefix = ascii.getBytes(StandardCharsets.ISO_8859_1);
        return bytes.length >= prefix.length
                && Arrays.equals(bytes, 0, prefix.length, prefix, 0, prefix.length);
    }

    boolean contains(String ascii) {
        return text().contains(ascii);
    }

    /// As ISO 8859-1.
    String text() {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    void copyTo(java.io.ByteArrayOutputStream out, int from) {
        out.write(bytes, from, bytes.length - from);
    }
}
