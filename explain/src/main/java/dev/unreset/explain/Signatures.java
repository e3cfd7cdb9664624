package dev.unreset.explain;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// A table of signatures: two columns of what a text means, and the fragments that it must have.
///
/// ```
/// first <tab> second <tab> fragment + fragment + !fragment that must not be there
/// first <tab> second <tab> =the whole text
/// ```
///
/// Fragments are plain strings in lower case, so that no text can make matching slow. A fragment
/// that is a code, such as `econnreset` or `10054`, matches whole words only.
final class Signatures {

    private final List<Signature> signatures = new ArrayList<>();

    /// One line.
    record Signature(String first, String second, List<String> fragments) {

        Signature {
            fragments = List.copyOf(fragments);
        }

        boolean matches(String text) {
            return fragments.stream().allMatch(fragment -> matches(text, fragment));
        }

        private static boolean matches(String text, String fragment) {
            char first = fragment.charAt(0);
            if (first == '!') {
                return !text.contains(fragment.substring(1));
            }
            if (first == '=' && fragment.length() > 2) {
                return text.strip().replaceFirst(":$", "").equals(fragment.substring(1));
            }
            return isCode(fragment) ? hasWord(text, fragment) : text.contains(fragment);
        }

        /// `econnreset`, `10054`.
        private static boolean isCode(String fragment) {
            char first = fragment.charAt(0);
            return ((first == 'e' && fragment.length() >= 6) || Character.isDigit(first))
                    && fragment.chars().allMatch(Character::isLetterOrDigit);
        }

        private static boolean hasWord(String text, String word) {
            for (int at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
                int end = at + word.length();
                boolean before = at > 0 && Character.isLetterOrDigit(text.charAt(at - 1));
                boolean after = end < text.length() && Character.isLetterOrDigit(text.charAt(end));
                if (!before && !after) {
                    return true;
                }
            }
            return false;
        }
    }

    /// Reads a resource of this package.
    static Signatures read(String resource) {
        Signatures table = new Signatures();
        try (InputStream in = Signatures.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + ": is not on the class path");
            }
            BufferedReader lines =
                    new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8));
            int number = 0;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank() && !line.startsWith("#")) {
                    table.signatures.add(parse(line, resource + ":" + number));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
        return table;
    }

    private static Signature parse(String line, String place) {
        String[] columns = line.split("\t", 3);
        if (columns.length != 3) {
            throw new IllegalStateException(place + ": '" + line + "' (expected: three columns)");
        }
        return new Signature(columns[0], columns[1], List.of(columns[2].split(" \\+ ", -1)));
    }

    List<Signature> all() {
        return signatures;
    }

    /// The first that matches `text`, which is in lower case.
    Optional<Signature> first(String text) {
        return signatures.stream().filter(signature -> signature.matches(text)).findFirst();
    }
}
