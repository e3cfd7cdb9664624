package dev.unreset.cli;

import dev.unreset.console.Site;
import dev.unreset.explain.Reference;
import dev.unreset.explain.ReferenceEntry;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// `unreset reference [WORD...]`
@Command(
        name = "reference",
        description = {
            "Shows what is known of an error, a cause or a product.",
            "",
            "Without words it lists all entries; with words, those that have them; with a key, or where only one fits, the entry."
        })
final class ReferenceCommand implements Callable<Integer> {

    @Parameters(
            arity = "0..*",
            paramLabel = "WORD",
            description = "A key, or words such as ECONNRESET, 10054 or nlb.")
    private List<String> words = List.of();

    @Option(
            names = "--site",
            paramLabel = "DIR",
            description = "Writes the reference as a static site into this folder.")
    private @Nullable Path site;

    ReferenceCommand() {}

    @Override
    public Integer call() throws IOException {
        if (site != null) {
            int pages = Site.write(site);
            System.out.println(
                    pages
                            + " pages written; open "
                            + Text.printable(site.resolve("index.html").toString()));
            return 0;
        }
        String query = String.join(" ", words);
        List<ReferenceEntry> found =
                words.isEmpty() ? Reference.entries() : Reference.search(query);
        Optional<ReferenceEntry> one =
                Reference.entry(query)
                        .or(() ->
                                Optional.of(found)
                                        .filter(all -> all.size() == 1)
                                        .map(List::getFirst));
        if (found.isEmpty()) {
            throw new CommandFailed(
                    "'"
                            + Text.oneLine(query)
                            + "' is not in the reference; to have a whole error text read: unreset explain TEXT");
        }
        System.out.print(
                Text.printable(
                        one.map(ReferenceCommand::page)
                                .orElseGet(() -> list(found, words.isEmpty()))));
        return 0;
    }

    /// In sections the whole reference, in one list what a search found: the best first.
    private static String list(List<ReferenceEntry> entries, boolean inSections) {
        StringBuilder text = new StringBuilder();
        String section = "";
        for (ReferenceEntry entry : entries) {
            if (inSections && !entry.section().equals(section)) {
                section = entry.section();
                text.append(text.isEmpty() ? "" : "\n").append(section).append('\n');
            }
            text.append(String.format(Locale.ROOT, "  %-38s %s%n", entry.key(), entry.title()));
        }
        return text.append("\nunreset reference KEY shows an entry.\n").toString();
    }

    private static String page(ReferenceEntry entry) {
        StringBuilder text = new StringBuilder();
        text.append("# ").append(entry.title()).append("\n\n");
        entry.names().forEach(name -> text.append("- ").append(name).append('\n'));
        text.append('\n');
        row(text, "codes", String.join("; ", entry.codes()));
        row(text, "severity", entry.severity());
        row(text, "versions", entry.versions());
        text.append('\n').append(entry.body()).append('\n');
        row(text, "see also", String.join(", ", entry.related()));
        row(text, "sources", String.join("; ", entry.sources()));
        return text.toString();
    }

    private static void row(StringBuilder text, String name, String value) {
        text.append(String.format(Locale.ROOT, "%-9s %s%n", name, value));
    }
}
