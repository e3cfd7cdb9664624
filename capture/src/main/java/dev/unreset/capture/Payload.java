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

    /// Whether one of the two begins with the other.
    boolean agreesWith(Payload other) {
        int both = Math.min(bytes.length, other.bytes.length);
        return Arrays.equals(bytes, 0, both, other.bytes, 0, both);
    }

    boolean contains(String ascii) {
        return text().contains(ascii);
    }

    /// As ISO 8859-1.
    String text() {
        return text(0);
    }

    /// What is from index `from` on, if anything, as ISO 8859-1.
    String text(int from) {
        int start = Math.min(from, bytes.length);
        return new String(bytes, start, bytes.length - start, StandardCharsets.ISO_8859_1);
    }

    /// Copies what is from index `from` on, if anything.
    void copyTo(byte[] target, int at, int from) {
        if (from < bytes.length) {
            System.arraycopy(bytes, from, target, at, bytes.length - from);
        }
    }
}
