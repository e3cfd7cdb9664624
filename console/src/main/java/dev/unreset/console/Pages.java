package dev.unreset.console;

import com.samskivert.mustache.Mustache;
import com.samskivert.mustache.Template;
import dev.unreset.Diagnosis;
import dev.unreset.Evidence;
import dev.unreset.capture.CaptureReport;
import dev.unreset.capture.ConnectionReport;
import dev.unreset.explain.Explanation;
import dev.unreset.explain.Kind;
import dev.unreset.explain.Reference;
import dev.unreset.explain.ReferenceEntry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/// Fills the templates. Every value is escaped, but for the HTML that this class made itself.
///
/// @param home the address of the console's first page, empty in the static site
/// @param reference what stands before the names of the reference's pages
record Pages(String home, String reference) {

    /// The files that the pages need, served or written as they are.
    static final List<String> ASSETS = List.of("style.css", "search.js", "console.js");

    private static final Mustache.Compiler COMPILER =
            Mustache.compiler()
                    .escapeHTML(true)
                    .emptyStringIsFalse(true)
                    .zeroIsFalse(true)
                    .nullValue("");

    static final Pages OF_SITE = new Pages("", "");
    static final Pages OF_CONSOLE = new Pages("/", "/reference/");

    private static final Template LAYOUT = compile("layout.html");
    private static final Template INDEX = compile("index.html");
    private static final Template ENTRY = compile("entry.html");
    private static final Template HOME = compile("home.html");
    private static final Template EXPLANATION = compile("explanation.html");
    private static final Template CAPTURE = compile("capture.html");

    /// The list of all entries, with the search.
    String index() {
        Map<String, List<Map<String, Object>>> sections = new LinkedHashMap<>();
        for (ReferenceEntry entry : Reference.entries()) {
            sections.computeIfAbsent(entry.section(), each -> new ArrayList<>())
                    .add(
                            Map.of(
                                    "key", entry.key(),
                                    "title", entry.title(),
                                    "summary", plain(entry.summary()),
                                    "words", words(entry)));
        }
        List<Map<String, Object>> filled = new ArrayList<>();
        sections.forEach((name, entries) -> filled.add(Map.of("name", name, "entries", entries)));
        return page(
                "Reference",
                fill(INDEX, Map.of("sections", filled, "count", Reference.entries().size())));
    }

    /// What the search of the list looks into.
    private static String words(ReferenceEntry entry) {
        return String.join(
                        " ",
                        entry.key(),
                        entry.title(),
                        String.join(" ", entry.names()),
                        String.join(" ", entry.codes()),
                        String.join(" ", entry.runtimes()),
                        entry.body().replaceAll("(?s)```.*?```", " "))
                .toLowerCase(Locale.ROOT)
                .replaceAll("\\s+", " ");
    }

    /// A page of the reference.
    String entry(ReferenceEntry entry) {
        List<Map<String, String>> related =
                entry.related().stream()
                        .flatMap(key -> Reference.entry(key).stream())
                        .map(other -> Map.of("key", other.key(), "title", other.title()))
                        .toList();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("title", entry.title());
        values.put("section", entry.section());
        values.put("kinds", String.join(", ", entry.kinds().stream().map(Kind::label).toList()));
        values.put("names", entry.names());
        values.put("codes", entry.codes());
        values.put("severity", entry.severity());
        values.put("versions", entry.versions());
        values.put("related", related);
        values.put("sources", entry.sources());
        values.put("body", Markdown.html(entry.body()));
        return page(entry.title(), fill(ENTRY, values));
    }

    /// The console's first page.
    ///
    /// @param text what was pasted
    /// @param answer HTML made by [#explanation]; may be empty
    String home(String text, String answer) {
        return page("Console", fill(HOME, Map.of("text", text, "answer", answer)));
    }

    /// What an error text means, as a part of a page.
    String explanation(Explanation explanation) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("kind", explanation.kind().label().replace('-', ' '));
        values.put("none", explanation.kind() == Kind.NONE);
        values.put("phase", explanation.phase().map(phase -> phase.label()).orElse(""));
        values.put("runtime", explanation.runtime().orElse(""));
        values.put("client", explanation.client().orElse(""));
        values.put("meaning", explanation.meaning());
        values.put("not", explanation.notThat());
        values.put("place", explanation.place().map(Object::toString).orElse(""));
        values.put("target", explanation.target().orElse(""));
        values.put("causes", causes(explanation.diagnosis()));
        values.put(
                "evidence",
                explanation.diagnosis().evidence().stream().map(Evidence::fact).toList());
        values.put("questions", explanation.questions());
        values.put("fix", explanation.fix());
        values.put("next", explanation.next());
        values.put("others", explanation.others().stream().map(Kind::label).toList());
        values.put(
                "escalation",
                explanation
                        .reference()
                        .flatMap(Reference::entry)
                        .map(entry -> Markdown.html(entry.escalation()))
                        .orElse(""));
        values.put(
                "entry", explanation.reference().map(key -> reference + key + ".html").orElse(""));
        return fill(EXPLANATION, values);
    }

    private static List<Map<String, Object>> causes(Diagnosis diagnosis) {
        return diagnosis.causes().stream()
                .filter(cause -> cause.probability() >= 0.05)
                .map(cause -> {
                    long percent = Math.round(100 * cause.probability());
                    return Map.<String, Object>of(
                            "title", cause.cause().title(), "percent", percent);
                })
                .toList();
    }

    /// What captures show, as a part of a page.
    String capture(CaptureReport report) {
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("packets", count(report.packets()));
        values.put("tcpPackets", count(report.tcpPackets()));
        values.put("connections", count(report.connectionCount()));
        values.put("resets", count(report.resets()));
        values.put("troubles", report.troubles());
        values.put("problems", report.problems().stream().limit(50).map(Pages::problem).toList());
        values.put("well", report.problems().isEmpty());
        return fill(CAPTURE, values);
    }

    private static Map<String, Object> problem(CaptureReport.Problem problem) {
        Diagnosis diagnosis = problem.diagnosis();
        Map<String, Object> values = new LinkedHashMap<>();
        values.put("headline", problem.headline());
        values.put("who", problem.who());
        values.put("why", problem.why());
        values.put(
                "evidence",
                diagnosis.evidence().stream()
                        .limit(6)
                        .map(evidence -> Map.of("fact", evidence.fact(), "place", place(evidence)))
                        .toList());
        values.put(
                "remedies",
                diagnosis.remedies().stream()
                        .map(remedy ->
                                remedy.where().name().toLowerCase(Locale.ROOT)
                                        + ": "
                                        + remedy.action())
                        .toList());
        values.put("example", problem.example().client());
        values.put("ladder", problem.example().ladder().stream().map(Pages::step).toList());
        return values;
    }

    /// The packet without its file: a dropped file has no name worth showing.
    private static String place(Evidence evidence) {
        String place = evidence.place().toString();
        return place.substring(place.lastIndexOf(" packet ") + 1);
    }

    private static Map<String, Object> step(ConnectionReport.Step step) {
        return Map.of(
                "decisive", step.decisive(),
                "packet", step.packet(),
                "seconds", String.format(Locale.ROOT, "%.6f", step.seconds()),
                "direction", step.fromClient() ? "client → server" : "server → client",
                "flags", step.flags(),
                "length", step.length(),
                "ttl", step.ttl());
    }

    private static String count(long number) {
        return String.format(Locale.ROOT, "%,d", number);
    }

    private static String plain(String markdown) {
        return markdown.replace("`", "");
    }

    private String page(String title, String content) {
        return fill(LAYOUT, Map.of("title", title, "content", content));
    }

    private String fill(Template template, Map<String, ?> values) {
        Map<String, Object> all = new LinkedHashMap<>(values);
        all.put("home", home);
        all.put("reference", reference);
        return template.execute(all);
    }

    private static Template compile(String name) {
        return COMPILER.compile(new String(asset(name), StandardCharsets.UTF_8));
    }

    /// A resource of this package.
    static byte[] asset(String name) {
        try (InputStream in = Pages.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalArgumentException(name + ": is not on the class path");
            }
            return in.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(name, e);
        }
    }
}
