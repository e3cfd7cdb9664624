package dev.unreset.explain;

import java.util.List;

/// One entry of the reference: an error, a cause, or a product whose limits end connections.
///
/// @param key its short name, which does not change: the end of its address in the site
/// @param section where it stands, for example `Python`
/// @param title the error as it is met, or the cause or product
/// @param kinds the kinds of failure that it is about
/// @param runtimes the languages or programs; empty if it could be any
/// @param names what different runtimes call it, and texts that lead to it
/// @param codes numbers, errno names, exit codes, statuses
/// @param severity what it may have cost, and whether repeating is safe
/// @param versions which versions are affected
/// @param related keys of other entries
/// @param sources where the facts come from
/// @param body Markdown: the meaning, then causes, fixes with code, escalation, questions
public record ReferenceEntry(
        String key,
        String section,
        String title,
        List<Kind> kinds,
        List<String> runtimes,
        List<String> names,
        List<String> codes,
        String severity,
        String versions,
        List<String> related,
        List<String> sources,
        String body) {

    public ReferenceEntry {
        kinds = List.copyOf(kinds);
        runtimes = List.copyOf(runtimes);
        names = List.copyOf(names);
        codes = List.copyOf(codes);
        related = List.copyOf(related);
        sources = List.copyOf(sources);
    }

    /// When to turn to whoever runs the server, and with what evidence: the text of that section.
    public String escalation() {
        String heading = "\n## When to escalate\n";
        int from = body.indexOf(heading);
        if (from < 0) {
            return "";
        }
        int to = body.indexOf("\n## ", from + heading.length());
        return body.substring(from + heading.length(), to < 0 ? body.length() : to).strip();
    }

    /// The first sentence of the meaning.
    public String summary() {
        String first = body.strip().lines().findFirst().orElse("");
        int end = first.indexOf(". ");
        return end < 0 ? first : first.substring(0, end + 1);
    }
}
