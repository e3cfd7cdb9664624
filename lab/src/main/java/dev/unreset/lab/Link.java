package dev.unreset.lab;

import dev.unreset.Cause;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import javax.net.ssl.SSLSocketFactory;
import org.jspecify.annotations.Nullable;

/// One accepted connection: its bytes, and how it ends. Whoever ends it first decides how and why.
final class Link {

    private static final java.time.Duration DELIVERY_PATIENCE = java.time.Duration.ofSeconds(1);

    private final int number;
    private final Socket socket;
    private final long acceptedNanos = System.nanoTime();
    private final AtomicReference<Optional<Ended>> end = new AtomicReference<>(Optional.empty());
    private final InputStream in;
    private final OutputStream out;
    private final @Nullable SocketChannel direct;
    private volatile long lastActivityNanos = acceptedNanos;
    private volatile int requests;
    private volatile long bodyBytes;

    /// @param tls wraps the connection in TLS; null for plain
    Link(int number, SocketChannel channel, @Nullable SSLSocketFactory tls) throws IOException {
        this.number = number;
        this.socket = channel.socket();
        socket.setTcpNoDelay(true);
        if (tls == null) {
            this.in = socket.getInputStream();
            this.out = socket.getOutputStream();
            this.direct = channel;
        } else {
            Socket secured = tls.createSocket(socket, null, socket.getPort(), true);
            ((javax.net.ssl.SSLSocket) secured).setUseClientMode(false);
            this.in = secured.getInputStream();
            this.out = secured.getOutputStream();
            this.direct = null;
        }
    }

    int number() {
        return number;
    }

    /// The peer's address, which rate limits are counted by.
    String client() {
        return String.valueOf(socket.getInetAddress());
    }

    int read(byte[] into, int offset, int length) throws IOException {
        int count = in.read(into, offset, length);
        lastActivityNanos = System.nanoTime();
        return count;
    }

    void write(byte[] bytes) throws IOException {
        out.write(bytes);
        out.flush();
        lastActivityNanos = System.nanoTime();
    }

    /// Writes body bytes.
    void writeBody(ByteBuffer bytes) throws IOException {
        int count = bytes.remaining();
        if (direct != null) {
            while (bytes.hasRemaining()) {
                direct.write(bytes);
            }
        } else {
            byte[] copy = new byte[count];
            bytes.get(copy);
            out.write(copy);
        }
        countBody(count);
        lastActivityNanos = System.nanoTime();
    }

    /// Waits until the peer's kernel has acknowledged everything, at most a second.
    void awaitDelivery() throws IOException, InterruptedException {
        SendQueue.awaitEmpty(socket, DELIVERY_PATIENCE);
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written by the connection's own thread alone
    private void countBody(int count) {
        bodyBytes += count;
    }

    @SuppressWarnings("NonAtomicVolatileUpdate") // written by the connection's own thread alone
    void countRequest() {
        requests++;
    }

    int requests() {
        return requests;
    }

    long bodyBytes() {
        return bodyBytes;
    }

    long ageNanos() {
        return System.nanoTime() - acceptedNanos;
    }

    long idleNanos() {
        return System.nanoTime() - lastActivityNanos;
    }

    /// Ends the connection from any thread. False if it had been ended before.
    boolean end(Ending how, Cause why) {
        boolean first = end.compareAndSet(Optional.empty(), Optional.of(new Ended(how, why)));
        if (first) {
            closeBy(how);
        }
        return first;
    }

    /// An ordinary close, if no rule has ended it.
    void close() {
        closeBy(Ending.FIN);
    }

    private void closeBy(Ending how) {
        try {
            if (how == Ending.RST) {
                socket.setSoLinger(true, 0);
            } else {
                // With unread input, close alone would be followed by a RST that destroys what was
                // sent.
                socket.shutdownOutput();
                discardInput();
            }
        } catch (SocketException _) {
            // The peer was faster: it is closed already.
        } catch (IOException _) {
            // As above.
        } finally {
            closeSocket();
        }
    }

    private void discardInput() throws IOException {
        InputStream raw = socket.getInputStream();
        while (raw.available() > 0 && raw.skip(raw.available()) > 0) {
            // What has already come is read, so that the close is a FIN alone.
        }
    }

    private void closeSocket() {
        try {
            socket.close();
        } catch (IOException _) {
            // There is nothing more to do for it.
        }
    }

    ConnectionRecord toRecord() {
        Optional<Ended> ended = end.get();
        return new ConnectionRecord(
                number,
                java.time.Duration.ofNanos(ageNanos()),
                requests,
                bodyBytes,
                ended.map(Ended::how),
                ended.map(Ended::why));
    }
}
