package dev.unreset.lab;

import dev.unreset.Cause;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.zip.GZIPOutputStream;

/// Answers the requests of one connection.
///
/// | target | answer |
/// |---|---|
/// | `/bytes/N` | N bytes of [Content], with validators and ranges |
/// | `/chunked/N` | the same, chunked, of unknown length |
/// | `/gzip/N` | the same, `Content-Encoding: gzip` |
/// | `/sha256/N` | SHA-256 of `/bytes/N` in hexadecimal |
/// | `/echo` | SHA-256 of the request's body in hexadecimal |
/// | `/status/N` | an empty answer with status N |
/// | `/redirect/N/TARGET` | status N to `/TARGET` |
///
/// `?name=FILE` adds a `Content-Disposition`.
final class HttpResponder {

    private static final ZonedDateTime MODIFIED =
            ZonedDateTime.of(2026, 1, 2, 3, 4, 5, 0, ZoneOffset.UTC);
    private static final String BOUNDARY = "lab-boundary";

    private final Link link;
    private final Meter meter;
    private final Rules.HttpRules rules;
    private final LabState state;
    private final RequestHead.Reader reader;

    HttpResponder(Link link, Meter meter, LabState state, RequestHead.Reader reader) {
        this.link = link;
        this.meter = meter;
        this.rules = state.rules().http();
        this.state = state;
        this.reader = reader;
    }

    /// Answers one request; false if the connection is to be closed after it.
    boolean answer(RequestHead head) throws IOException, InterruptedException {
        if (rules.early413() && hasBody(head)) {
            sendHead(413, List.of("Content-Length: 0", "Connection: close"));
            state.note(link, head, 0, false);
            throw new Ended(state.rules().ending(), Cause.PROTOCOL_VIOLATION);
        }
        if (head.header("Expect").isPresent()) {
            link.write("HTTP/1.1 100 Continue\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        MessageDigest digest = Content.newSha256();
        long bodyBytes = readBody(head, digest);
        if (state.rules().endOnEachRequest()) {
            state.note(link, head, bodyBytes, true);
            throw new Ended(state.rules().ending(), Cause.SERVER_RESTART);
        }
        if (state.refuses(rules)) {
            state.note(link, head, bodyBytes, false);
            refuse();
            return !head.wantsClose();
        }
        state.note(link, head, bodyBytes, true);
        route(head, digest);
        return !head.wantsClose();
    }

    private void refuse() throws IOException {
        List<String> fields = new ArrayList<>(List.of("Content-Length: 0"));
        rules.retryAfter().ifPresent(seconds -> fields.add("Retry-After: " + seconds));
        sendHead(rules.refuseStatus(), fields);
    }

    private void route(RequestHead head, MessageDigest digest)
            throws IOException, InterruptedException {
        String[] path = head.path().split("/", 4);
        String name = path.length > 1 ? path[1] : "";
        Optional<Long> number = path.length > 2 ? number(path[2]) : Optional.empty();
        switch (name) {
            case "echo" -> sendText(head, HexFormat.of().formatHex(digest.digest()) + "\n");
            case "bytes" -> sendObject(head, number.orElse(0L));
            case "chunked" -> sendChunked(number.orElse(0L));
            case "gzip" -> sendGzip(head, number.orElse(0L));
            case "sha256" ->
                    sendText(
                            head,
                            HexFormat.of()
                                            .formatHex(
                                                    Content.sha256(
                                                            state.version(), number.orElse(0L)))
                                    + "\n");
            case "status" -> sendHead(number.orElse(200L).intValue(), List.of("Content-Length: 0"));
            case "redirect" ->
                    sendHead(
                            number.orElse(302L).intValue(),
                            List.of(
                                    "Content-Length: 0",
                                    "Location: /" + (path.length > 3 ? path[3] : "")));
            default -> sendHead(404, List.of("Content-Length: 0"));
        }
    }

    private static Optional<Long> number(String text) {
        return text.matches("\\d{1,16}") ? Optional.of(Long.parseLong(text)) : Optional.empty();
    }

    // ---- the object

    private void sendObject(RequestHead head, long asked) throws IOException, InterruptedException {
        int version = state.versionFor(rules);
        long length = asked + (version > 0 && rules.changedLength() ? 1 : 0);
        List<String> fields = objectFields(head, version, length);
        String etag = etag(version, length);
        Optional<List<ByteRange>> ranges = ranges(head, length, etag);
        if (head.header("If-Match")
                .filter(value -> !value.equals(etag) && !value.equals("*"))
                .isPresent()) {
            sendHead(412, List.of("Content-Length: 0"));
        } else if (head.header("If-None-Match").filter(etag::equals).isPresent()) {
            sendHead(304, fields);
        } else if (ranges.isEmpty()) {
            fields.add("Content-Length: " + length);
            sendHead(200, fields);
            sendPart(head, version, 0, length);
        } else if (ranges.get().isEmpty()) {
            sendHead(416, List.of("Content-Length: 0", "Content-Range: bytes */" + length));
        } else if (ranges.get().size() == 1) {
            sendRange(head, version, length, ranges.get().getFirst(), fields);
        } else {
            sendMultipart(head, version, length, ranges.get(), fields);
        }
    }

    private List<String> objectFields(RequestHead head, int version, long length) {
        List<String> fields = new ArrayList<>();
        fields.add("Accept-Ranges: " + (rules.ignoreRange() ? "none" : "bytes"));
        fields.add("Content-Type: application/octet-stream");
        if (rules.validator() != Rules.Validators.NONE) {
            fields.add("ETag: " + etag(version, length));
            fields.add("Last-Modified: " + httpDate(MODIFIED.plusSeconds(version)));
        }
        if (rules.digest() && head.header("Want-Repr-Digest").isPresent()) {
            fields.add(
                    "Repr-Digest: sha-256=:"
                            + Base64.getEncoder().encodeToString(Content.sha256(version, length))
                            + ":");
        }
        String query =
                head.target().contains("?")
                        ? head.target().substring(head.target().indexOf('?') + 1)
                        : "";
        if (query.startsWith("name=")) {
            fields.add(
                    "Content-Disposition: attachment; filename=\""
                            + query.substring("name=".length())
                            + "\"");
        }
        return fields;
    }

    private String etag(int version, long length) {
        String quoted = "\"v" + version + "-" + length + "\"";
        return rules.validator() == Rules.Validators.WEAK ? "W/" + quoted : quoted;
    }

    /// The ranges to serve; empty for the whole object.
    private Optional<List<ByteRange>> ranges(RequestHead head, long length, String etag) {
        boolean sameVersion =
                head.header("If-Range")
                        .map(value ->
                                value.equals(etag) && rules.validator() == Rules.Validators.STRONG)
                        .orElse(true);
        if (rules.ignoreRange() || !head.method().equals("GET") || !sameVersion) {
            return Optional.empty();
        }
        return head.header("Range").flatMap(value -> ByteRange.parse(value, length));
    }

    private void sendRange(
            RequestHead head, int version, long length, ByteRange range, List<String> fields)
            throws IOException, InterruptedException {
        long shift = rules.wrongContentRange() ? Math.min(4096, range.first()) : 0;
        fields.add(
                "Content-Range: bytes "
                        + (range.first() - shift)
                        + "-"
                        + (range.last() - shift)
                        + "/"
                        + length);
        fields.add("Content-Length: " + range.length());
        sendHead(206, fields);
        sendPart(head, version, range.first() - shift, range.length());
    }

    private void sendMultipart(
            RequestHead head, int version, long length, List<ByteRange> ranges, List<String> fields)
            throws IOException, InterruptedException {
        List<byte[]> openings = new ArrayList<>();
        long total = 0;
        for (ByteRange range : ranges) {
            byte[] opening =
                    ("\r\n--"
                                    + BOUNDARY
                                    + "\r\nContent-Type: application/octet-stream\r\nContent-Range: bytes "
                                    + range.first()
                                    + "-"
                                    + range.last()
                                    + "/"
                                    + length
                                    + "\r\n\r\n")
                            .getBytes(StandardCharsets.US_ASCII);
            openings.add(opening);
            total += opening.length + range.length();
        }
        byte[] closing = ("\r\n--" + BOUNDARY + "--\r\n").getBytes(StandardCharsets.US_ASCII);
        fields.removeIf(field -> field.startsWith("Content-Type"));
        fields.add("Content-Type: multipart/byteranges; boundary=" + BOUNDARY);
        fields.add("Content-Length: " + (total + closing.length));
        sendHead(206, fields);
        for (int i = 0; i < ranges.size(); i++) {
            meter.send(ByteBuffer.wrap(openings.get(i)));
            sendPart(head, version, ranges.get(i).first(), ranges.get(i).length());
        }
        meter.send(ByteBuffer.wrap(closing));
    }

    private void sendPart(RequestHead head, int version, long offset, long length)
            throws IOException, InterruptedException {
        if (head.method().equals("HEAD")) {
            return;
        }
        long end = offset + Math.max(0, length - rules.shortBy());
        for (long at = offset; at < end; ) {
            ByteBuffer slice = Content.slice(version, at, end - at);
            at += slice.remaining();
            meter.send(slice);
        }
        if (rules.shortBy() > 0) {
            throw new Ended(Ending.FIN, Cause.SERVER_RESTART);
        }
    }

    private void sendChunked(long length) throws IOException, InterruptedException {
        sendHead(
                200,
                List.of(
                        "Transfer-Encoding: chunked",
                        "Content-Type: application/octet-stream",
                        "ETag: \"c" + length + "\""));
        for (long at = 0; at < length; ) {
            ByteBuffer slice = Content.slice(state.version(), at, Math.min(length - at, 64 << 10));
            at += slice.remaining();
            link.write(
                    (Integer.toHexString(slice.remaining()) + "\r\n")
                            .getBytes(StandardCharsets.US_ASCII));
            meter.send(slice);
            link.write("\r\n".getBytes(StandardCharsets.US_ASCII));
        }
        link.write("0\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
    }

    private void sendGzip(RequestHead head, long length) throws IOException, InterruptedException {
        ByteArrayOutputStream compressed = new ByteArrayOutputStream();
        try (GZIPOutputStream gzip = new GZIPOutputStream(compressed)) {
            for (long at = 0; at < length; ) {
                ByteBuffer slice = Content.slice(0, at, Math.min(length - at, 64 << 10));
                at += slice.remaining();
                byte[] bytes = new byte[slice.remaining()];
                slice.get(bytes);
                gzip.write(bytes);
            }
        }
        ByteBuffer whole = ByteBuffer.wrap(compressed.toByteArray());
        List<String> fields =
                new ArrayList<>(
                        List.of(
                                "Content-Encoding: gzip",
                                "ETag: \"z" + length + "\"",
                                "Accept-Ranges: bytes"));
        Optional<List<ByteRange>> ranges =
                head.header("Range").flatMap(value -> ByteRange.parse(value, whole.limit()));
        if (ranges.isPresent() && ranges.get().size() == 1) {
            ByteRange range = ranges.get().getFirst();
            fields.add(
                    "Content-Range: bytes "
                            + range.first()
                            + "-"
                            + range.last()
                            + "/"
                            + whole.limit());
            fields.add("Content-Length: " + range.length());
            sendHead(206, fields);
            meter.send(whole.slice((int) range.first(), (int) range.length()));
        } else {
            fields.add("Content-Length: " + whole.limit());
            sendHead(200, fields);
            meter.send(whole);
        }
    }

    private void sendText(RequestHead head, String text) throws IOException, InterruptedException {
        byte[] bytes = text.getBytes(StandardCharsets.US_ASCII);
        sendHead(200, List.of("Content-Type: text/plain", "Content-Length: " + bytes.length));
        if (!head.method().equals("HEAD")) {
            meter.send(ByteBuffer.wrap(bytes));
        }
    }

    private void sendHead(int status, List<String> fields) throws IOException {
        StringBuilder head = new StringBuilder("HTTP/1.1 ").append(status).append(" Lab\r\n");
        head.append("Date: ").append(httpDate(Instant.now().atZone(ZoneOffset.UTC))).append("\r\n");
        fields.forEach(field -> head.append(field).append("\r\n"));
        rules.keepAliveTimeout()
                .ifPresent(seconds ->
                        head.append("Keep-Alive: timeout=").append(seconds).append("\r\n"));
        if (rules.rateLimitFields()) {
            head.append(state.rateLimitFields(link.client()));
        }
        byte[] bytes = head.append("\r\n").toString().getBytes(StandardCharsets.ISO_8859_1);
        if (state.endsInHead()) {
            link.write(java.util.Arrays.copyOf(bytes, 20));
            throw new Ended(state.rules().ending(), Cause.SERVER_RESTART);
        }
        link.write(bytes);
    }

    private static String httpDate(ZonedDateTime time) {
        return DateTimeFormatter.ofPattern("EEE, dd MMM yyyy HH:mm:ss 'GMT'", Locale.ROOT)
                .format(time);
    }

    // ---- the request's body

    private static boolean hasBody(RequestHead head) {
        return head.header("Transfer-Encoding").isPresent()
                || head.header("Content-Length").filter(length -> !length.equals("0")).isPresent();
    }

    private long readBody(RequestHead head, MessageDigest digest) throws IOException {
        if (head.header("Transfer-Encoding").isEmpty()) {
            return readBlock(Long.parseLong(head.header("Content-Length").orElse("0")), digest);
        }
        long total = 0;
        for (long size = reader.chunkSize(); size > 0; size = reader.chunkSize()) {
            total += readBlock(size, digest);
            reader.skipLine();
        }
        reader.skipLine();
        return total;
    }

    private long readBlock(long length, MessageDigest digest) throws IOException {
        byte[] block = new byte[(int) Math.min(length, 64 << 10)];
        long left = length;
        while (left > 0) {
            int count = reader.read(block, (int) Math.min(left, block.length));
            if (count < 0) {
                throw new IOException("request body cut off " + left + " bytes early");
            }
            digest.update(block, 0, count);
            left -= count;
        }
        return length;
    }
}
