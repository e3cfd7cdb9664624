package dev.unreset.client;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/// The bytes of a response, as they come.
///
/// Reads block. The peer is slowed down while nobody reads. A failure is thrown as a
/// [dev.unreset.ConnectionFailure], after every byte that came before it was read. Not for several
/// threads at once. Closing before the end gives the connection up.
public abstract class ResponseBody extends InputStream {

    private @Nullable ByteBuffer current;

    /// The next bytes, valid until the next call on this body; null at the end. Never empty.
    ///
    /// This is the fast way: nothing is copied.
    public abstract @Nullable ByteBuffer next() throws IOException;

    /// Offers direct memory for the bytes that [#next] gives from now on, so that they need not be
    /// copied to it. It must stay until [#withdraw] or the next offer.
    void offer(ByteBuffer memory) {}

    /// Whether the bytes that [#next] gave last are in the offered memory, directly after those
    /// given before them.
    boolean isInPlace() {
        return false;
    }

    /// Takes the offer back: afterwards nobody writes to the memory.
    void withdraw() {}

    @Override
    public abstract void close();

    @Override
    public int read() throws IOException {
        ByteBuffer from = buffered();
        return from == null ? -1 : from.get() & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
        java.util.Objects.checkFromIndexSize(offset, length, into.length);
        if (length == 0) {
            return 0;
        }
        ByteBuffer from = buffered();
        if (from == null) {
            return -1;
        }
        int count = Math.min(length, from.remaining());
        from.get(into, offset, count);
        return count;
    }

    private @Nullable ByteBuffer buffered() throws IOException {
        if (current == null || !current.hasRemaining()) {
            current = next();
        }
        return current;
    }
}
