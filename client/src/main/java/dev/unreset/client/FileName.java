package dev.unreset.client;

import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.Charset;
import java.nio.charset.IllegalCharsetNameException;
import java.nio.charset.StandardCharsets;
import java.nio.charset.UnsupportedCharsetException;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The name for a downloaded file: from `Content-Disposition` (RFC 6266), else from the URI; always
/// a plain name, never a way out of the folder.
final class FileName {

    private static final Pattern EXTENDED =
            Pattern.compile("(?i)(?:^|;)\\s*filename\\*\\s*=\\s*([\\w-]+)'[\\w-]*'([^;\\s]+)");
    private static final Pattern PLAIN =
            Pattern.compile(
                    "(?i)(?:^|;)\\s*filename\\s*=\\s*(?:\"((?:[^\"\\\\]|\\\\.)*)\"|([^;\\s]+))");
    private static final int MOST_CHARACTERS = 200;
    private static final String FALLBACK = "download";

    private FileName() {}

    static String of(Headers headers, URI uri) {
        return headers.first("Content-Disposition")
                .flatMap(FileName::fromDisposition)
                .flatMap(FileName::safe)
                .or(() -> safe(lastSegment(uri)))
                .orElse(FALLBACK);
    }

    private static Optional<String> fromDisposition(String value) {
        Matcher extended = EXTENDED.matcher(value);
        if (extended.find()) {
            Optional<String> decoded = decode(extended.group(2), extended.group(1));
            if (decoded.isPresent()) {
                return decoded;
            }
        }
        Matcher plain = PLAIN.matcher(value);
        if (!plain.find()) {
            return Optional.empty();
        }
        return Optional.of(
                plain.group(1) == null
                        ? plain.group(2)
                        : plain.group(1).replaceAll("\\\\(.)", "$1"));
    }

    private static Optional<String> decode(String text, String charset) {
        try {
            return Optional.of(
                    URLDecoder.decode(text.replace("+", "%2B"), Charset.forName(charset)));
        } catch (IllegalCharsetNameException | UnsupportedCharsetException e) {
            // The plain form beside it is for those who do not know the charset.
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            // A broken percent sequence: the plain form serves.
            return Optional.empty();
        }
    }

    private static String lastSegment(URI uri) {
        String path = uri.getRawPath() == null ? "" : uri.getRawPath();
        String last = path.substring(path.lastIndexOf('/') + 1);
        return decode(last, StandardCharsets.UTF_8.name()).orElse(last);
    }

    /// `name` without folders, control characters and characters that file systems reject; empty if
    /// nothing usable is left.
    private static Optional<String> safe(String name) {
        String last = name.substring(Math.max(name.lastIndexOf('/'), name.lastIndexOf('\\')) + 1);
        StringBuilder clean = new StringBuilder();
        last.chars()
                .filter(c -> c >= ' ' && c != 127 && "<>:\"|?*".indexOf(c) < 0)
                .limit(MOST_CHARACTERS)
                .forEach(c -> clean.append((char) c));
        String result = clean.toString().strip();
        // A leading dot would hide the file, or be "." or "..".
        result = result.replaceFirst("^\\.+", "");
        return result.isEmpty() ? Optional.empty() : Optional.of(result);
    }
}
