package dev.unreset.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.zip.CRC32C;

/// What is known to be on disk of an unfinished download: an append-only file beside the part file.
///
/// ```
/// head <length or -> <validator or -> <uri>   <crc32c>
/// have <from> <to>                            <crc32c>
/// ```
///
/// Each line ends in the CRC-32C of what stands before it; reading stops at the first line that
/// does not verify, so a torn tail makes less trusted and never more. The bytes that a line claims
/// were forced to disk before the line was written.
final class Journal {

    private static final int MOST_BYTES = 16 << 20;

    private final FileChannel channel;
    private long verifiedBytes;

    /// What a journal says.
    ///
    /// @param uri what was downloaded
    /// @param length of the whole content; empty if it was not known
    /// @param validator of the version; empty if it had no strong one
    /// @param have spans on disk, in order, none touching another
    record Saved(
            String uri,
            OptionalLong length,
            Optional<Validator> validator,
            List<Segments.Span> have) {

        Saved {
            have = merged(have);
        }

        private static List<Segments.Span> merged(List<Segments.Span> spans) {
            List<Segments.Span> sorted = new ArrayList<>(spans);
            sorted.sort(Comparator.comparingLong(Segments.Span::from));
            List<Segments.Span> merged = new ArrayList<>();
            for (Segments.Span span : sorted) {
                if (!merged.isEmpty() && span.from() <= merged.getLast().to()) {
                    Segments.Span before = merged.removeLast();
                    merged.add(new Segments.Span(before.from(), Math.max(before.to(), span.to())));
                } else if (span.length() > 0) {
                    merged.add(span);
                }
            }
            return List.copyOf(merged);
        }
    }

    Journal(FileChannel channel) {
        this.channel = channel;
    }

    /// What the file holds; empty if it does not begin with a whole head.
    Optional<Saved> read() throws IOException {
        int size = (int) Math.min(channel.size(), MOST_BYTES);
        ByteBuffer bytes = ByteBuffer.allocate(size);
        while (bytes.hasRemaining() && channel.read(bytes, bytes.position()) >= 0) {
            // Short reads are allowed; the loop ends when all is here or the file does.
        }
        String text = new String(bytes.array(), 0, bytes.position(), StandardCharsets.UTF_8);
        List<String[]> lines = new ArrayList<>();
        int start = 0;
        for (int end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', start)) {
            Optional<String> payload = verified(text.substring(start, end));
            if (payload.isEmpty()) {
                break;
            }
            lines.add(payload.get().split(" ", 4));
            start = end + 1;
        }
        verifiedBytes = text.substring(0, start).getBytes(StandardCharsets.UTF_8).length;
        return lines.isEmpty() ? Optional.empty() : parse(lines);
    }

    private static Optional<Saved> parse(List<String[]> lines) {
        String[] head = lines.getFirst();
        if (head.length != 4 || !head[0].equals("head")) {
            return Optional.empty();
        }
        List<Segments.Span> have = new ArrayList<>();
        for (String[] line : lines.subList(1, lines.size())) {
            if (line.length == 3 && line[0].equals("have")) {
                have.add(new Segments.Span(Long.parseLong(line[1]), Long.parseLong(line[2])));
            }
        }
        OptionalLong length =
                head[1].equals("-")
                        ? OptionalLong.empty()
                        : OptionalLong.of(Long.parseLong(head[1]));
        Optional<Validator> validator =
                head[2].equals("-")
                        ? Optional.empty()
                        : Optional.of(
                                new Validator(head[2].replace("%20", " ").replace("%25", "%")));
        return Optional.of(new Saved(head[3], length, validator, have));
    }

    /// Goes on after the last line that verified.
    void goOn() throws IOException {
        channel.truncate(verifiedBytes);
    }

    /// Begins anew: whatever the file held is replaced.
    void begin(Saved saved) throws IOException {
        StringBuilder text = new StringBuilder();
        String validator =
                saved.validator()
                        .map(known -> known.value().replace("%", "%25").replace(" ", "%20"))
                        .orElse("-");
        String length =
                saved.length().isPresent() ? String.valueOf(saved.length().getAsLong()) : "-";
        text.append(line("head " + length + " " + validator + " " + saved.uri()));
        saved.have().forEach(span -> text.append(line("have " + span.from() + " " + span.to())));
        channel.truncate(0);
        append(text.toString());
    }

    /// Claims `spans`, which must have been forced to disk.
    void add(List<Segments.Span> spans) throws IOException {
        StringBuilder text = new StringBuilder();
        spans.forEach(span -> text.append(line("have " + span.from() + " " + span.to())));
        append(text.toString());
    }

    private void append(String text) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8));
        long at = channel.size();
        while (bytes.hasRemaining()) {
            at += channel.write(bytes, at);
        }
        channel.force(false);
    }

    private static String line(String payload) {
        return payload + " " + crc(payload) + "\n";
    }

    private static Optional<String> verified(String line) {
        int space = line.lastIndexOf(' ');
        if (space < 0 || !line.substring(space + 1).equals(crc(line.substring(0, space)))) {
            return Optional.empty();
        }
        return Optional.of(line.substring(0, space));
    }

    private static String crc(String payload) {
        CRC32C crc = new CRC32C();
        crc.update(payload.getBytes(StandardCharsets.UTF_8));
        return String.format(Locale.ROOT, "%08x", crc.getValue());
    }
}
