package dev.unreset.cli;

import dev.unreset.Diagnosis;
import dev.unreset.Evidence;
import dev.unreset.Place;
import dev.unreset.capture.CaptureReport;
import dev.unreset.capture.ConnectionReport;
import dev.unreset.capture.Traffic;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import tools.jackson.core.JsonGenerator;

/// A report on captures as JSON.
final class CaptureJson {

    private static final int BLOCK = 100;
    private static final int FIRST_ROOM = 256 << 10;

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
                    json.writeNumberProperty("seenAgain", report.seenAgain());
                    json.writeArrayPropertyStart("troubles");
                    report.troubles().forEach(json::writeString);
                    json.writeEndArray();
                    json.writeNumberProperty("seconds", Json.round(seconds));
                    json.writeArrayPropertyStart("connections");
                    json.flush();
                    connections(out, report.connections());
                    json.writeEndArray();
                    json.writeArrayPropertyStart("problems");
                    report.problems().forEach(each -> write(json, each));
                    json.writeEndArray();
                    json.writeEndObject();
                });
    }

    /// Prints blocks of connections, of which two are made at once: there may be millions.
    private static void connections(PrintStream out, List<ConnectionReport> connections) {
        ByteArrayOutputStream even = new ByteArrayOutputStream(FIRST_ROOM);
        ByteArrayOutputStream odd = new ByteArrayOutputStream(FIRST_ROOM);
        try (ExecutorService helper = Executors.newSingleThreadExecutor()) {
            for (int i = 0; i < connections.size(); i += 2 * BLOCK) {
                int first = i;
                Future<?> other = helper.submit(() -> make(connections, first, even));
                make(connections, first + BLOCK, odd);
                await(other);
                print(out, i > 0, even);
                print(out, true, odd);
            }
        }
    }

    /// Puts a block into `bytes`, as elements of an array.
    private static void make(
            List<ConnectionReport> connections, int from, ByteArrayOutputStream bytes) {
        int start = Math.min(from, connections.size());
        int end = Math.min(start + BLOCK, connections.size());
        bytes.reset();
        Json.elements(connections.subList(start, end), CaptureJson::write, bytes);
    }

    private static void await(Future<?> task) {
        try {
            task.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while making the report", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException("making the report failed", e);
        }
    }

    private static void print(PrintStream out, boolean isNext, ByteArrayOutputStream block) {
        if (block.size() > 0 && isNext) {
            out.write(',');
        }
        out.writeBytes(block.toByteArray());
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
