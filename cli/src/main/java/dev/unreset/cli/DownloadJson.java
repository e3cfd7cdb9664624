package dev.unreset.cli;

import dev.unreset.Diagnosis;
import dev.unreset.OriginProfile;
import dev.unreset.client.DownloadResult;
import java.util.List;
import tools.jackson.core.JsonGenerator;

/// A download's result as JSON.
final class DownloadJson {

    private DownloadJson() {}

    /// One object for one result, an array for several.
    static String of(List<DownloadResult> results) {
        return Json.write(json -> {
            if (results.size() == 1) {
                write(json, results.getFirst());
            } else {
                json.writeStartArray();
                results.forEach(result -> write(json, result));
                json.writeEndArray();
            }
        });
    }

    private static void write(JsonGenerator json, DownloadResult result) {
        json.writeStartObject();
        json.writeStringProperty("url", result.uri().toString());
        json.writeStringProperty("file", result.file().toString());
        json.writeStringProperty("status", result.isComplete() ? "complete" : "failed");
        result.failure().ifPresent(why -> json.writeStringProperty("failure", why));
        json.writeNumberProperty("bytes", result.bytes());
        json.writeNumberProperty("received", result.received());
        json.writeNumberProperty("seconds", result.took().toMillis() / 1000.0);
        json.writeObjectPropertyStart("digest");
        result.sha256().ifPresent(digest -> json.writeStringProperty("sha-256", digest));
        json.writeEndObject();
        json.writeNumberProperty("connections", result.connections());
        json.writeArrayPropertyStart("attempts");
        result.attempts().forEach(attempt -> write(json, attempt));
        json.writeEndArray();
        json.writeName("diagnosis");
        result.diagnosis()
                .ifPresentOrElse(diagnosis -> write(json, diagnosis), () -> json.writeNull());
        json.writeName("profile");
        write(json, result.profile());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, DownloadResult.PartAttempt attempt) {
        json.writeStartObject();
        json.writeNumberProperty("connection", attempt.connection());
        json.writeNumberProperty("from", attempt.from());
        json.writeNumberProperty("to", attempt.to());
        json.writeNumberProperty("received", attempt.received());
        json.writeNumberProperty("seconds", attempt.took().toMillis() / 1000.0);
        json.writeStringProperty("end", attempt.end());
        json.writeStringProperty("phase", attempt.phase().label());
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, Diagnosis diagnosis) {
        json.writeStartObject();
        diagnosis
                .leading()
                .ifPresentOrElse(
                        leading -> {
                            json.writeStringProperty("cause", leading.cause().name());
                            json.writeNumberProperty(
                                    "probability", Json.round(leading.probability()));
                        },
                        () -> {
                            json.writeStringProperty("cause", "UNKNOWN");
                            json.writeNumberProperty(
                                    "probability", Json.round(diagnosis.unknownProbability()));
                        });
        json.writeStringProperty("sender", diagnosis.sender().label());
        json.writeArrayPropertyStart("evidence");
        diagnosis
                .evidence()
                .forEach(evidence -> {
                    json.writeStartObject();
                    json.writeStringProperty("fact", evidence.fact());
                    json.writeStringProperty("place", evidence.place().toString());
                    json.writeObjectPropertyStart("decibans");
                    evidence.decibans()
                            .forEach((cause, weight) ->
                                    json.writeNumberProperty(cause.name(), weight));
                    evidence.senderDecibans()
                            .forEach((sender, weight) ->
                                    json.writeNumberProperty(sender.label(), weight));
                    json.writeEndObject();
                    json.writeEndObject();
                });
        json.writeEndArray();
        Json.remedies(json, diagnosis);
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, OriginProfile profile) {
        json.writeStartObject();
        json.writeStringProperty("origin", profile.origin().toString());
        profile.limits()
                .forEach((limit, bounds) -> {
                    json.writeObjectPropertyStart(limit.label());
                    json.writeNumberProperty("worked", bounds.worked());
                    bounds.limit().ifPresent(failed -> json.writeNumberProperty("failed", failed));
                    json.writeNumberProperty("failures", bounds.failures());
                    json.writeEndObject();
                });
        json.writeEndObject();
    }
}
