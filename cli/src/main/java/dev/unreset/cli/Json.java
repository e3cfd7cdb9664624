package dev.unreset.cli;

import dev.unreset.Diagnosis;
import dev.unreset.Remedy;
import java.io.OutputStream;
import java.io.PrintStream;
import java.io.StringWriter;
import java.util.List;
import java.util.Locale;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.StreamWriteFeature;
import tools.jackson.core.json.JsonFactory;

/// Writes JSON documents.
final class Json {

    private Json() {}

    /// Writes a document and a line end to `out`, in UTF-8, as it is made: for large ones.
    static void print(PrintStream out, Consumer<JsonGenerator> content) {
        JsonFactory factory =
                JsonFactory.builder().disable(StreamWriteFeature.AUTO_CLOSE_TARGET).build();
        try (JsonGenerator json = factory.createGenerator(ObjectWriteContext.empty(), out)) {
            content.accept(json);
        }
        out.println();
    }

    /// Writes `values` with commas between them, in UTF-8: what stands between the brackets of an
    /// array.
    static <T> void elements(
            List<T> values, BiConsumer<JsonGenerator, T> writer, OutputStream out) {
        JsonFactory factory = JsonFactory.builder().rootValueSeparator(",").build();
        try (JsonGenerator json = factory.createGenerator(ObjectWriteContext.empty(), out)) {
            for (T value : values) {
                writer.accept(json, value);
            }
        }
    }

    static String write(Consumer<JsonGenerator> content) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json =
                new JsonFactory().createGenerator(ObjectWriteContext.empty(), text)) {
            content.accept(json);
        }
        return text.toString();
    }

    /// The property `causes`: what is probable, the most probable first.
    static void causes(JsonGenerator json, Diagnosis diagnosis) {
        json.writeArrayPropertyStart("causes");
        for (Diagnosis.RankedCause cause : diagnosis.causes()) {
            json.writeStartObject();
            json.writeStringProperty("cause", cause.cause().name());
            json.writeNumberProperty("probability", round(cause.probability()));
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /// The property `remedies`: what to change, and where.
    static void remedies(JsonGenerator json, Diagnosis diagnosis) {
        json.writeArrayPropertyStart("remedies");
        for (Remedy remedy : diagnosis.remedies()) {
            json.writeStartObject();
            json.writeStringProperty("where", remedy.where().name().toLowerCase(Locale.ROOT));
            json.writeStringProperty("action", remedy.action());
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    /// A probability with three decimals: more would claim more than is known.
    static double round(double probability) {
        return Math.round(probability * 1000) / 1000.0;
    }
}
