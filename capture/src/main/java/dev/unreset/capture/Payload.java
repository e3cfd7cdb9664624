package dev.unreset.capture;

import static java.util.Objects.requireNonNull;

import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Captured payload bytes; not changed after they are made, but for [#takeMoreOf]. Those of a large
/// packet are read when they are first asked for: of most packets, no rule asks. For one thread at
/// a time.
final class Payload {

    static final Payload NONE = new Payload(new byte[0]);

    private int size;
    private @Nullable CaptureFile file;
    private long offset;
    private byte @Nullable [] bytes;

    Payload(byte[] bytes) {
        this.size = bytes.length;
        this.file = null;
        this.offset = 0;
        this.bytes = bytes;
    }

    /// Bytes that are still in `file`, at `offset`; it has to stay open.
    Payload(CaptureFile file, long offset, int size) {
        this.size = size;
        this.file = file;
        this.offset = offset;
    }

    /// Of the same packet's payload, more was captured at another point.
    void takeMoreOf(Payload other) {
        if (other.size > size) {
            size = other.size;
            file = other.file;
            offset = other.offset;
            bytes = other.bytes;
        }
    }

    /// @throws UncheckedIOException if they cannot be read from their file
    private byte[] bytes() {
        if (bytes == null) {
            bytes = requireNonNull(file).read(offset, size);
        }
        return bytes;
    }

    /// Gives back the memory of what can be read again.
    void forget() {
        if (file != null) {
            bytes = null;
        }
    }

    int size() {
        return size;
    }

    /// @throws UncheckedIOException as all methods that look at the bytes, if they cannot be read
    int at(int index) {
        return Byte.toUnsignedInt(bytes()[index]);
    }

    /// The four bytes from `index` on as an unsigned number in network order.
    long uint32(int index) {
        return (long) at(index) << 24 | at(index + 1) << 16 | at(index + 2) << 8 | at(index + 3);
    }

    boolean startsWith(String ascii) {
        if (size < ascii.length()) {
            return false;
        }
        byte[] all = bytes();
        for (int i = 0; i < ascii.length(); i++) {
            if (all[i] != (byte) ascii.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /// Whether one of the two begins with the other.
    boolean agreesWith(Payload other) {
        int both = Math.min(size, other.size);
        return Arrays.equals(bytes(), 0, both, other.bytes(), 0, both);
    }

    /// Whether the first bytes of both are the same, as far as they were captured.
    boolean beginsAs(Payload other, int most) {
        int both = Math.min(most, Math.min(size, other.size));
        return Arrays.equals(bytes(), 0, both, other.bytes(), 0, both);
    }

    boolean contains(String ascii) {
        byte[] part = ascii.getBytes(StandardCharsets.ISO_8859_1);
        byte[] all = bytes();
        for (int i = 0; i + part.length <= all.length; i++) {
            if (all[i] == part[0] && Arrays.equals(all, i, i + part.length, part, 0, part.length)) {
                return true;
            }
        }
        return false;
    }

    /// The runs of printable ASCII in which somewhere `letters` letters follow each other, a line
    /// for each.
    ///
    /// @param least characters of a run
    String words(int least, int letters) {
        byte[] all = bytes();
        StringBuilder runs = new StringBuilder(0);
        int start = 0;
        int row = 0;
        boolean word = false;
        for (int i = 0; i <= all.length; i++) {
            if (i < all.length && isPrintable(all[i])) {
                row = isLetter(all[i]) ? row + 1 : 0;
                word |= row >= letters;
                continue;
            }
            if (word && i - start >= least) {
                runs.append(new String(all, start, i - start, StandardCharsets.US_ASCII))
                        .append('\n');
            }
            start = i + 1;
            row = 0;
            word = false;
        }
        return runs.toString();
    }

    private static boolean isPrintable(byte b) {
        return (b >= ' ' && b < 127) || b == '\r' || b == '\n' || b == '\t';
    }

    private static boolean isLetter(byte b) {
        int lower = b | 0x20;
        return lower >= 'a' && lower <= 'z';
    }

    /// As ISO 8859-1.
    String text() {
        return new String(bytes(), StandardCharsets.ISO_8859_1);
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
        if (from < size) {
            System.arraycopy(bytes(), from, target, at, size - from);
        }
    }
}
