package dev.unreset.explain;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/// The catalogue of errors, causes and products, as it is written in the resources of this package.
///
/// `entries.txt` has the order, `reference/KEY.md` an entry each: lines `name: value` between two
/// lines `---`, then Markdown. A line `@sample FILE` stands for a code sample of `samples/`, which
/// a test runs.
public final class Reference {

    private static final Map<String, String> LANGUAGES =
            Map.ofEntries(
                    Map.entry("py", "python"),
                    Map.entry("mjs", "javascript"),
                    Map.entry("java", "java"),
                    Map.entry("sh", "sh"),
                    Map.entry("go", "go"),
                    Map.entry("cs", "csharp"),
                    Map.entry("rb", "ruby"),
                    Map.entry("php", "php"),
                    Map.entry("conf", "nginx"),
                    Map.entry("cfg", "haproxy"),
                    Map.entry("properties", "properties"),
                    Map.entry("txt", "text"));

    private static final Pattern WORDS = Pattern.compile("\\s+");

    // Last: reading needs what is above.
    private static final Map<String, ReferenceEntry> ENTRIES = read();

    private Reference() {}

    /// All entries, in reading order.
    public static List<ReferenceEntry> entries() {
        return List.copyOf(ENTRIES.values());
    }

    /// The entry with this key.
    public static Optional<ReferenceEntry> entry(String key) {
        return Optional.ofNullable(ENTRIES.get(key));
    }

    /// The entries that have every word of `words`, the best first.
    public static List<ReferenceEntry> search(String words) {
        List<String> wanted =
                Arrays.stream(WORDS.split(words.strip().toLowerCase(Locale.ROOT), -1))
                        .filter(word -> !word.isEmpty())
                        .toList();
        Map<ReferenceEntry, Integer> scores = new LinkedHashMap<>();
        for (ReferenceEntry entry : ENTRIES.values()) {
            int total = 0;
            for (String word : wanted) {
                int score = score(entry, word);
                if (score == 0) {
                    total = 0;
                    break;
                }
                total += score;
            }
            if (total > 0) {
                scores.put(entry, total);
            }
        }
        return scores.entrySet().stream()
                .sorted(Map.Entry.comparingByValue(Comparator.reverseOrder()))
                .map(Map.Entry::getKey)
                .toList();
    }

    private static int score(ReferenceEntry entry, String word) {
        if (entry.key().equals(word)) {
            return 1000;
        }
        int score = 0;
        score += has(entry.title(), word) ? 40 : 0;
        score += has(entry.key(), word) ? 30 : 0;
        score += entry.codes().stream().anyMatch(code -> has(code, word)) ? 30 : 0;
        score += entry.names().stream().anyMatch(name -> has(name, word)) ? 20 : 0;
        score += entry.runtimes().stream().anyMatch(runtime -> has(runtime, word)) ? 10 : 0;
        score += has(entry.body(), word) ? 2 : 0;
        return score;
    }

    private static boolean has(String text, String word) {
        return text.toLowerCase(Locale.ROOT).contains(word);
    }

    /// The entry that fits an error of this kind in this runtime.
    ///
    /// @param lower the error's text in lower case, which decides between several
    static Optional<ReferenceEntry> about(Kind kind, String runtime, String lower) {
        ReferenceEntry best = null;
        int bestScore = 0;
        for (ReferenceEntry entry : ENTRIES.values()) {
            if (entry.kinds().contains(kind) && !entry.key().startsWith("cause-")) {
                int score = 1;
                score += !runtime.isEmpty() && entry.runtimes().contains(runtime) ? 4 : 0;
                score += entry.runtimes().isEmpty() ? -1 : 0;
                score += marks(entry).anyMatch(lower::contains) ? 5 : 0;
                if (score > bestScore) {
                    best = entry;
                    bestScore = score;
                }
            }
        }
        return Optional.ofNullable(best);
    }

    /// What only this entry has: class names, exit codes, stable fragments of its names.
    private static Stream<String> marks(ReferenceEntry entry) {
        return entry.names().stream()
                .map(name -> name.toLowerCase(Locale.ROOT))
                .map(name ->
                        name.startsWith("curl: (")
                                ? name.substring(0, name.indexOf(')') + 1)
                                : name.replaceFirst("[:(].*", "").strip())
                .filter(mark -> mark.startsWith("curl: (") || isName(mark));
    }

    private static boolean isName(String mark) {
        return mark.length() >= 8 && mark.indexOf(' ') < 0;
    }

    /// The source text of a code sample, as the entries show it.
    ///
    /// @throws IllegalArgumentException if there is none of this name
    public static String sample(String name) {
        return resource("samples/" + name);
    }

    private static Map<String, ReferenceEntry> read() {
        Map<String, ReferenceEntry> entries = new LinkedHashMap<>();
        String section = "";
        for (String line : resource("entries.txt").lines().toList()) {
            if (line.startsWith("# ")) {
                section = line.substring(2);
            } else if (!line.isBlank()) {
                entries.put(line, parse(line, section, resource("reference/" + line + ".md")));
            }
        }
        return entries;
    }

    private static ReferenceEntry parse(String key, String section, String text) {
        Map<String, String> front = new LinkedHashMap<>();
        int end = text.indexOf("\n---\n");
        if (!text.startsWith("---\n") || end < 0) {
            throw new IllegalStateException(key + ".md: no lines between '---' and '---'");
        }
        text.substring(4, end)
                .lines()
                .forEach(line -> {
                    int colon = line.indexOf(": ");
                    if (colon < 0) {
                        throw new IllegalStateException(
                                key + ".md: '" + line + "' (expected: a: b)");
                    }
                    front.put(line.substring(0, colon), line.substring(colon + 2));
                });
        return new ReferenceEntry(
                key,
                section,
                value(front, key, "title"),
                list(value(front, key, "kinds"), ", ").stream().map(Kind::of).toList(),
                list(front.getOrDefault("runtimes", ""), ", "),
                list(value(front, key, "names"), " ; "),
                list(value(front, key, "codes"), " ; "),
                value(front, key, "severity"),
                value(front, key, "versions"),
                list(value(front, key, "related"), ", "),
                list(value(front, key, "sources"), " ; "),
                withSamples(text.substring(end + 5)));
    }

    private static String value(Map<String, String> front, String key, String name) {
        String value = front.get(name);
        if (value == null) {
            throw new IllegalStateException(key + ".md: no line '" + name + ": ...'");
        }
        return value;
    }

    private static List<String> list(String value, String separator) {
        return value.isEmpty()
                ? List.of()
                : Arrays.stream(value.split(Pattern.quote(separator), -1))
                        .map(String::strip)
                        .toList();
    }

    private static String withSamples(String body) {
        List<String> lines = new ArrayList<>();
        for (String line : body.lines().toList()) {
            if (line.startsWith("@sample ")) {
                String name = line.substring(8).strip();
                lines.add("");
                lines.add("```" + LANGUAGES.get(name.substring(name.lastIndexOf('.') + 1)));
                sample(name).lines().forEach(lines::add);
                lines.add("```");
                lines.add("");
            } else {
                lines.add(line);
            }
        }
        return String.join("\n", lines).strip() + "\n";
    }

    private static String resource(String name) {
        try (InputStream in = Reference.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalArgumentException(name + ": is not in the reference");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
    }
}
