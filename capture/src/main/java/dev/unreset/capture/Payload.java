package dev.unreset.capture;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;

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
        byte[] part = ascii.getBytes(StandardCharsets.ISO_8859_1);
        for (int i = 0; i + part.length <= bytes.length; i++) {
            if (bytes[i] == part[0]
                    && Arrays.equals(bytes, i, i + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }

    /// Whether `length` letters of ASCII follow each other somewhere.
    boolean hasWord(int length) {
        // One of them is at each place that is looked at first.
        for (int i = length - 1; i < bytes.length; i += length) {
            int from = i;
            while (from > i - length && isLetter(bytes[from])) {
                from--;
            }
            int to = i;
            while (from < i && to - from <= length && to < bytes.length && isLetter(bytes[to])) {
                to++;
            }
            if (to - from > length) {
                return true;
            }
        }
        return false;
    }

    private static boolean isLetter(byte b) {
        int lower = b | 0x20;
        return lower >= 'a' && lower <= 'z';
    }

    /// As ISO 8859-1.
    String text() {
        return new String(bytes, StandardCharsets.ISO_8859_1);
    }

    /// All of `parts`, one after the other.
    static Payload joined(List<Payload> parts) {
        if (parts.size() == 1) {
            return parts.getFirst();
        }
        int size = 0;
        for (Payload part : parts) {
            size += part.size();
        }
        byte[] all = new byte[size];
        int at = 0;
        for (Payload part : parts) {
            part.copyTo(all, at, 0);
            at += part.size();
        }
        return new Payload(all);
    }

    /// Copies what is from index `from` on, if anything.
    void copyTo(byte[] target, int at, int from) {
        if (from < bytes.length) {
            System.arraycopy(bytes, from, target, at, bytes.length - from);
        }
    }
}
