package dev.unreset.logs;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;

/// One kind of log line: fragments that must all be in it.
///
/// @param anchor what is looked for first
/// @param source where the line is documented or made
/// @param example a line that the rule matches
record Rule(
        String product,
        LogCause cause,
        List<String> fragments,
        String anchor,
        String source,
        String example) {

    Rule {
        fragments = fragments.stream().map(each -> each.replaceFirst("^@", "")).toList();
    }

    /// The rules of all products.
    static List<Rule> all() {
        List<Rule> rules = new ArrayList<>();
        for (String product : lines("products.txt")) {
            for (String line : lines(product + ".tsv")) {
                rules.add(parse(product, line, product + ".tsv"));
            }
        }
        return rules;
    }

    /// The rules of a user's file; the product is the file's name without its ending.
    ///
    /// @throws LogRuleException if a line of it is no rule
    static List<Rule> read(Path file) throws IOException {
        String product = file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
        List<Rule> rules = new ArrayList<>();
        int number = 0;
        for (String line : Files.readAllLines(file)) {
            number++;
            if (isRule(line)) {
                rules.add(parse(product, line, file + ":" + number));
            }
        }
        return rules;
    }

    private static boolean isRule(String line) {
        return !line.isBlank() && !line.startsWith("#");
    }

    private static Rule parse(String product, String line, String place) {
        String[] columns = line.split("\t", -1);
        if (columns.length != 4) {
            throw new LogRuleException(
                    place
                            + ": "
                            + columns.length
                            + " columns (expected: cause, fragments, source, example, with tabs between)");
        }
        List<String> fragments = List.of(columns[1].split(" \\+ ", -1));
        if (fragments.stream().anyMatch(fragment -> fragment.replace("@", "").isEmpty())) {
            throw new LogRuleException(place + ": an empty fragment");
        }
        return new Rule(
                product,
                LogCause.of(columns[0])
                        .orElseThrow(() ->
                                new LogRuleException(
                                        place
                                                + ": cause '"
                                                + columns[0]
                                                + "' (expected: "
                                                + LogCause.labels()
                                                + ")")),
                fragments,
                anchor(fragments),
                columns[2],
                columns[3]);
    }

    private static List<String> lines(String resource) {
        try (InputStream in = Rule.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IllegalStateException(resource + ": is not on the class path");
            }
            return new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))
                    .lines()
                    .filter(Rule::isRule)
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(resource, e);
        }
    }

    /// What is looked for first: the fragment marked `@`, else all; of that the longest piece
    /// without a quote, which is the rarest and stands in JSON as it does in plain text.
    private static String anchor(List<String> fragments) {
        return fragments.stream()
                .filter(fragment -> fragment.startsWith("@"))
                .findFirst()
                .map(marked -> longestPiece(List.of(marked.substring(1))))
                .orElseGet(() -> longestPiece(fragments));
    }

    private static String longestPiece(List<String> fragments) {
        return fragments.stream()
                .flatMap(fragment -> Arrays.stream(fragment.split("\"", -1)))
                .max(Comparator.comparingInt(String::length))
                .orElseThrow();
    }

    boolean matches(String line) {
        return fragments.stream().allMatch(line::contains);
    }

    /// How much of a line it asks for: of several rules that match, the most exact counts.
    int exactness() {
        return fragments.stream().mapToInt(String::length).sum();
    }
}
