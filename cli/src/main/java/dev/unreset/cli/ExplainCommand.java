package dev.unreset.cli;

import dev.unreset.Diagnosis;
import dev.unreset.explain.Explainer;
import dev.unreset.explain.Explanation;
import dev.unreset.explain.Kind;
import dev.unreset.explain.Reference;
import dev.unreset.explain.ReferenceEntry;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import tools.jackson.core.JsonGenerator;

/// `unreset explain [WORDS|FILE|-]`
@Command(
        name = "explain",
        description = {
            "Says what an error text or stack trace means, and what to do.",
            "",
            "Takes the words of the command line, or a file, or standard input."
        })
final class ExplainCommand implements Callable<Integer> {

    /// More than this is not an error text.
    private static final int MOST_BYTES = 64 << 20;

    private static final int END_BYTES = 128 << 10;

    @Parameters(
            arity = "0..*",
            paramLabel = "TEXT",
            description = "The error; a file with it; or '-' (the default): standard input.")
    private List<String> words = List.of();

    @Option(names = "--lines", description = "Each line is an error of its own.")
    private boolean lines;

    @Option(names = "--brief", description = "One line for each error.")
    private boolean brief;

    @Option(names = "--json", description = "Prints JSON; with --lines one document a line.")
    private boolean json;

    ExplainCommand() {}

    @Override
    public Integer call() throws IOException {
        String text = text();
        PrintStream out = System.out;
        StringBuilder answer = new StringBuilder();
        List<String> errors = lines ? text.lines().toList() : List.of(text);
        for (String error : errors) {
            Explanation explanation = Explainer.explain(error);
            if (json) {
                answer.append(json(explanation)).append('\n');
            } else if (brief || explanation.kind() == Kind.NONE) {
                answer.append(brief(explanation)).append('\n');
            } else {
                answer.append(full(explanation));
            }
        }
        out.print(answer);
        out.flush();
        return 0;
    }

    private String text() throws IOException {
        if (words.isEmpty() || words.equals(List.of("-"))) {
            return read(System.in);
        }
        if (words.size() == 1 && isFile(words.getFirst())) {
            try (InputStream in = Files.newInputStream(Path.of(words.getFirst()))) {
                return read(in);
            } catch (IOException e) {
                throw new CommandFailed(
                        words.getFirst()
                                + ": cannot be read: "
                                + Text.oneLine(String.valueOf(e.getMessage())));
            }
        }
        return String.join(" ", words);
    }

    private static boolean isFile(String word) {
        try {
            return Files.isRegularFile(Path.of(word));
        } catch (java.nio.file.InvalidPathException noPath) {
            // Then it is a text.
            return false;
        }
    }

    private String read(InputStream in) throws IOException {
        return lines ? new String(in.readNBytes(MOST_BYTES), StandardCharsets.UTF_8) : ends(in);
    }

    /// The beginning and the end of a long text: that is where errors are.
    private static String ends(InputStream in) throws IOException {
        String head = new String(in.readNBytes(END_BYTES), StandardCharsets.UTF_8);
        byte[] beforeLast = {};
        byte[] last = in.readNBytes(END_BYTES);
        for (byte[] block = in.readNBytes(END_BYTES);
                block.length > 0;
                block = in.readNBytes(END_BYTES)) {
            beforeLast = last;
            last = block;
        }
        return head
                + new String(beforeLast, StandardCharsets.UTF_8)
                + new String(last, StandardCharsets.UTF_8);
    }

    private static String brief(Explanation explanation) {
        return Text.printable(
                explanation.kind().label()
                        + explanation.phase().map(phase -> " in phase " + phase.label()).orElse("")
                        + ": "
                        + explanation.meaning());
    }

    private static String full(Explanation explanation) {
        StringBuilder text = new StringBuilder();
        line(
                text,
                "what",
                explanation.kind().label().replace('-', ' ')
                        + explanation
                                .phase()
                                .map(phase -> " (phase " + phase.label() + ")")
                                .orElse("")
                        + explanation.runtime().map(runtime -> ", " + runtime).orElse("")
                        + explanation.client().map(client -> " " + client).orElse(""));
        line(text, "", explanation.meaning());
        line(text, "not", explanation.notThat());
        explanation.place().ifPresent(place -> line(text, "where", "your own code: " + place));
        explanation.target().ifPresent(target -> line(text, "to", target));
        Diagnosis diagnosis = explanation.diagnosis();
        for (Diagnosis.RankedCause cause : diagnosis.causes()) {
            if (cause.probability() >= 0.05) {
                line(
                        text,
                        cause.equals(diagnosis.causes().getFirst()) ? "why" : "",
                        String.format(
                                Locale.ROOT,
                                "%3d %%  %s",
                                Math.round(100 * cause.probability()),
                                cause.cause().title()));
            }
        }
        diagnosis.evidence().forEach(evidence -> line(text, "because", evidence.fact()));
        for (String question : explanation.questions()) {
            line(text, question.equals(explanation.questions().getFirst()) ? "ask" : "", question);
        }
        String label = "fix";
        for (String each : explanation.fix().lines().toList()) {
            text.append(String.format(Locale.ROOT, "%-7s %s", label, each).stripTrailing())
                    .append('\n');
            label = "";
        }
        line(text, "next", explanation.next());
        explanation.reference().ifPresent(key -> line(text, "more", "unreset reference " + key));
        if (!explanation.others().isEmpty()) {
            line(
                    text,
                    "also",
                    String.join(", ", explanation.others().stream().map(Kind::label).toList()));
        }
        return Text.printable(text.toString());
    }

    private static void line(StringBuilder text, String name, String content) {
        if (!content.isEmpty()) {
            text.append(String.format(Locale.ROOT, "%-7s %s%n", name, content));
        }
    }

    private static String json(Explanation explanation) {
        return Json.write(json -> {
            json.writeStartObject();
            json.writeStringProperty("kind", explanation.kind().label());
            string(json, "phase", explanation.phase().map(phase -> phase.label()).orElse(null));
            string(json, "runtime", explanation.runtime().orElse(null));
            string(json, "client", explanation.client().orElse(null));
            json.writeBooleanProperty("reused", explanation.reused());
            json.writeName("place");
            explanation
                    .place()
                    .ifPresentOrElse(
                            place -> {
                                json.writeStartObject();
                                json.writeStringProperty("file", place.file());
                                json.writeNumberProperty("line", place.line());
                                json.writeStringProperty("function", place.function());
                                json.writeEndObject();
                            },
                            json::writeNull);
            string(json, "target", explanation.target().orElse(null));
            json.writeStringProperty("meaning", explanation.meaning());
            json.writeStringProperty("not", explanation.notThat());
            Json.causes(json, explanation.diagnosis());
            strings(
                    json,
                    "evidence",
                    explanation.diagnosis().evidence().stream()
                            .map(evidence -> evidence.fact())
                            .toList());
            strings(json, "questions", explanation.questions());
            json.writeStringProperty("fix", explanation.fix());
            string(json, "reference", explanation.reference().orElse(null));
            string(
                    json,
                    "escalation",
                    explanation
                            .reference()
                            .flatMap(Reference::entry)
                            .map(ReferenceEntry::escalation)
                            .orElse(null));
            json.writeStringProperty("next", explanation.next());
            strings(json, "others", explanation.others().stream().map(Kind::label).toList());
            json.writeEndObject();
        });
    }

    private static void string(
            JsonGenerator json, String name, @org.jspecify.annotations.Nullable String value) {
        json.writeName(name);
        if (value == null) {
            json.writeNull();
        } else {
            json.writeString(value);
        }
    }

    private static void strings(JsonGenerator json, String name, List<String> values) {
        json.writeArrayPropertyStart(name);
        values.forEach(json::writeString);
        json.writeEndArray();
    }
}
