package dev.unreset.lab;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/// The head of an HTTP/1.1 request (RFC 9112, 3 and 5). Header names compare without case.
record RequestHead(String method, String target, Map<String, String> headers) {

    private static final int MOST_BYTES = 64 << 10;

    Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name));
    }

    String path() {
        int query = target.indexOf('?');
        return query < 0 ? target : target.substring(0, query);
    }

    boolean wantsClose() {
        return header("Connection")
                .filter(value -> value.toLowerCase(Locale.ROOT).contains("close"))
                .isPresent();
    }

    /// Reads bytes of a connection in lines and blocks, and keeps what was read too far.
    static final class Reader {
        private final Link link;
        private final byte[] buffer = new byte[64 << 10];
        private int position;
        private int limit;

        Reader(Link link) {
            this.link = link;
        }

        /// The next head; empty if the client closed before one began.
        Optional<RequestHead> next() throws IOException {
            String requestLine = line();
            if (requestLine == null) {
                return Optional.empty();
            }
            String[] parts = requestLine.split(" ", 3);
            if (parts.length != 3 || !parts[2].startsWith("HTTP/1.")) {
                throw new IOException("not an HTTP/1.1 request line");
            }
            Map<String, String> headers = new TreeMap<>(String.CASE_INSENSITIVE_ORDER);
            for (String field : fields()) {
                int colon = field.indexOf(':');
                if (colon <= 0) {
                    throw new IOException("not a header field");
                }
                headers.merge(
                        field.substring(0, colon),
                        field.substring(colon + 1).strip(),
                        (a, b) -> a + ", " + b);
            }
            return Optional.of(new RequestHead(parts[0], parts[1], headers));
        }

        private List<String> fields() throws IOException {
            List<String> fields = new ArrayList<>();
            int bytes = 0;
            for (String line = line(); line != null && !line.isEmpty(); line = line()) {
                bytes += line.length();
                if (bytes > MOST_BYTES) {
                    throw new IOException("request head larger than " + MOST_BYTES + " bytes");
                }
                fields.add(line);
            }
            return fields;
        }

        private @org.jspecify.annotations.Nullable String line() throws IOException {
            StringBuilder line = new StringBuilder();
            while (true) {
                if (position == limit && !fill()) {
                    return line.isEmpty() ? null : line.toString();
                }
                char c = (char) (buffer[position++] & 0xff);
                if (c == '\n') {
                    return line.toString();
                }
                if (c != '\r') {
                    line.append(c);
                }
                if (line.length() > MOST_BYTES) {
                    throw new IOException("line larger than " + MOST_BYTES + " bytes");
                }
            }
        }

        /// Reads up to `length` bytes of a body; -1 at the end of the connection.
        int read(byte[] into, int length) throws IOException {
            if (position == limit && !fill()) {
                return -1;
            }
            int count = Math.min(length, limit - position);
            System.arraycopy(buffer, position, into, 0, count);
            position += count;
            return count;
        }

        /// The size of the next chunk of a chunked body (RFC 9112, 7.1); the line break after the
        /// chunk is read with [#line()].
        long chunkSize() throws IOException {
            String line = line();
            if (line == null) {
                throw new IOException("chunked body cut off");
            }
            return Long.parseLong(line.split(";", 2)[0].strip(), 16);
        }

        void skipLine() throws IOException {
            line();
        }

        private boolean fill() throws IOException {
            position = 0;
            limit = Math.max(0, link.read(buffer, 0, buffer.length));
            return limit > 0;
        }
    }
}
