package dev.unreset.cli;

import java.io.BufferedInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.Locale;

/// What most programs do: one `java.net.Socket` with keep-alive, and no second try. The demo shows
/// what it meets.
final class PlainClient implements AutoCloseable {

    private static final int TIMEOUT_MILLIS = 10_000;

    private final Socket socket;
    private final InputStream in;
    private long received;

    PlainClient(int port) throws IOException {
        socket = new Socket(InetAddress.getLoopbackAddress(), port);
        socket.setSoTimeout(TIMEOUT_MILLIS);
        in = new BufferedInputStream(socket.getInputStream());
    }

    /// Sends a request and reads its whole response; returns the status.
    int exchange(String method, String path, byte[] body) throws IOException {
        received = 0;
        String head =
                String.format(
                        Locale.ROOT,
                        "%s %s HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n",
                        method,
                        path,
                        body.length);
        socket.getOutputStream().write(head.getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().write(body);
        int status = Integer.parseInt(line().split(" ", -1)[1]);
        long length = 0;
        for (String field = line(); !field.isEmpty(); field = line()) {
            if (field.toLowerCase(Locale.ROOT).startsWith("content-length:")) {
                length = Long.parseLong(field.substring(15).strip());
            }
        }
        byte[] block = new byte[64 << 10];
        while (received < length) {
            int count = in.read(block, 0, (int) Math.min(block.length, length - received));
            if (count < 0) {
                throw new EOFException("the response ended after " + received + " bytes");
            }
            received += count;
        }
        return status;
    }

    /// Body bytes of the last response so far.
    long received() {
        return received;
    }

    private String line() throws IOException {
        StringBuilder line = new StringBuilder();
        for (int c = in.read(); c != '\n'; c = in.read()) {
            if (c < 0) {
                throw new EOFException("the server closed the connection without an answer");
            }
            line.append((char) c);
        }
        return line.toString().stripTrailing();
    }

    @Override
    public void close() throws IOException {
        socket.close();
    }
}
