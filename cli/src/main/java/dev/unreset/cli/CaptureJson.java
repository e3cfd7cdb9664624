package dev.unreset.cli;

import dev.unreset.Diagnosis;
import dev.unreset.Evidence;
import dev.unreset.Place;
import dev.unreset.capture.CaptureReport;
import dev.unreset.capture.ConnectionReport;
import dev.unreset.capture.Traffic;
import java.io.PrintStream;
import tools.jackson.core.JsonGenerator;

/// A report on captures as JSON.
final class CaptureJson {

    private CaptureJson() {}

    static void print(PrintStream out, CaptureReport report, double seconds) {
        Json.print(
                out,
                json -> {
                    json.writeStartObject();
                    json.writeArrayPropertyStart("files");
                    report.files().forEach(json::writeString);
                    json.writeEndArray();
                    json.writeNumberProperty("packets", report.packets());
                    json.writeNumberProperty("tcpPackets", report.tcpPackets());
                    json.writeNumberProperty("resets", report.resets());
                    json.writeNumberProperty("unreadable", report.unreadable());
                    json.writeArrayPropertyStart("troubles");
                    report.troubles().forEach(json::writeString);
                    json.writeEndArray();
                    json.writeNumberProperty("seconds", Json.round(seconds));
                    json.writeArrayPropertyStart("connections");
                    report.connections().forEach(each -> write(json, each));
                    json.writeEndArray();
                    json.writeArrayPropertyStart("problems");
                    report.problems().forEach(each -> write(json, each));
                    json.writeEndArray();
                    json.writeEndObject();
                });
    }

    private static void write(JsonGenerator json, ConnectionReport connection) {
        json.writeStartObject();
        json.writeStringProperty("client", connection.client());
        json.writeStringProperty("server", connection.server());
        json.writeStringProperty("start", connection.start().toString());
        json.writeStringProperty("end", connection.end().label());
        write(json, connection.traffic());
        json.writeStringProperty("file", connection.file());
        json.writeName("resetPacket");
        if (connection.resetPacket() > 0) {
            json.writeNumber(connection.resetPacket());
        } else {
            json.writeNull();
        }
        connection.diagnosis().ifPresent(diagnosis -> write(json, diagnosis));
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, Traffic traffic) {
        json.writeStringProperty("began", traffic.began().label());
        json.writeStringProperty("clientState", traffic.client().state().label());
        json.writeStringProperty("serverState", traffic.server().state().label());
        json.writeNumberProperty("clientBytes", traffic.client().bytes());
        json.writeNumberProperty("serverBytes", traffic.server().bytes());
        json.writeNumberProperty("clientRepeated", traffic.client().repeated());
        json.writeNumberProperty("serverRepeated", traffic.server().repeated());
        json.writeName("roundTripSeconds");
        if (traffic.roundTrip().isPresent()) {
            json.writeNumber(Math.rint(traffic.roundTrip().get().toNanos() / 1e3) / 1e6);
        } else {
            json.writeNull();
        }
        json.writeNumberProperty(
                "longestSilenceSeconds", Json.round(traffic.longestSilence().toMillis() / 1e3));
    }

    private static void write(JsonGenerator json, Diagnosis diagnosis) {
        json.writeStringProperty("sender", diagnosis.sender().label());
        json.writeNumberProperty("senderProbability", Json.round(diagnosis.senderProbability()));
        json.writeStringProperty(
                "cause",
                diagnosis.leading().map(ranked -> ranked.cause().name()).orElse("UNKNOWN"));
        json.writeNumberProperty(
                "causeProbability",
                Json.round(
                        diagnosis
                                .leading()
                                .map(Diagnosis.RankedCause::probability)
                                .orElse(diagnosis.unknownProbability())));
        json.writeArrayPropertyStart("evidence");
        diagnosis.evidence().forEach(each -> write(json, each));
        json.writeEndArray();
        Json.remedies(json, diagnosis);
    }

    private static void write(JsonGenerator json, Evidence evidence) {
        json.writeStartObject();
        json.writeStringProperty("fact", evidence.fact());
        if (evidence.place() instanceof Place.Packet(String file, long number)) {
            json.writeStringProperty("file", file);
            json.writeNumberProperty("packet", number);
        }
        json.writeObjectPropertyStart("decibans");
        evidence.decibans()
                .forEach((cause, weight) -> json.writeNumberProperty(cause.name(), weight));
        evidence.senderDecibans()
                .forEach((sender, weight) -> json.writeNumberProperty(sender.label(), weight));
        json.writeEndObject();
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, CaptureReport.Problem problem) {
        json.writeStartObject();
        json.writeStringProperty("server", problem.server());
        json.writeStringProperty("end", problem.end());
        json.writeStringProperty("sender", problem.sender());
        json.writeStringProperty("cause", problem.cause());
        json.writeNumberProperty("count", problem.connections().size());
        json.writeStringProperty("first", problem.connections().getFirst().start().toString());
        json.writeStringProperty("last", problem.connections().getLast().start().toString());
        json.writeStringProperty("example", problem.connections().getFirst().client());
        json.writeEndObject();
    }
}
