package dev.unreset.capture;

import dev.unreset.Diagnosis;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/// What captures show.
///
/// @param files their names
/// @param packets frames of any kind
/// @param tcpPackets frames with a TCP segment, in tunnels too
/// @param resets of these, those with RST
/// @param unreadable frames of a link type that cannot be read
/// @param troubles one line for each thing that could not be read
/// @param connectionCount all TCP connections
/// @param connections those that ended badly, or all where that was asked for; in order of time
public record CaptureReport(
        List<String> files,
        long packets,
        long tcpPackets,
        long resets,
        long unreadable,
        List<String> troubles,
        long connectionCount,
        List<ConnectionReport> connections) {

    public CaptureReport {
        files = List.copyOf(files);
        troubles = List.copyOf(troubles);
        connections = List.copyOf(connections);
    }

    /// Connections with the same server, sender and cause; the most frequent first.
    ///
    /// @param cause the name of the leading cause, or `UNKNOWN`
    /// @param connections in order of time, at least one
    public record Problem(
            String server,
            String end,
            String sender,
            String cause,
            List<ConnectionReport> connections) {

        public Problem {
            connections = List.copyOf(connections);
        }

        /// `10.0.0.1:443: 12 connections reset`.
        public String headline() {
            int count = connections.size();
            String verb =
                    switch (example().end()) {
                        case RESET -> "reset";
                        case REFUSED -> "refused";
                        case TIMEOUT -> "lost without an answer";
                        case REJECTED_RESET -> "with a reset that the receiver rejected";
                        case CLOSED -> "closed";
                        case OPEN -> "open";
                    };
            return String.format(
                    Locale.ROOT,
                    "%s: %,d %s %s",
                    server,
                    count,
                    count == 1 ? "connection" : "connections",
                    verb);
        }

        /// Who sent the reset, in words.
        public String who() {
            if (example().end() == ConnectionEnd.TIMEOUT) {
                return "nobody sent a RST: packets were dropped";
            }
            String words =
                    switch (diagnosis().sender()) {
                        case CLIENT -> "the client sent the RST";
                        case SERVER -> "the server sent the RST";
                        case MIDDLEBOX -> "something between client and server sent the RST";
                        case UNKNOWN -> "who sent the RST is not known";
                    };
            return words + " (" + percent(diagnosis().senderProbability()) + ")";
        }

        /// Why, in words.
        public String why() {
            return diagnosis()
                    .leading()
                    .map(leading ->
                            leading.cause().title() + " (" + percent(leading.probability()) + ")")
                    .orElse("unknown (" + percent(diagnosis().unknownProbability()) + ")");
        }

        /// The first of the connections: the example that is shown.
        public ConnectionReport example() {
            return connections.getFirst();
        }

        /// Who and why, of the example.
        public Diagnosis diagnosis() {
            return example().diagnosis().orElseThrow();
        }

        private static String percent(double probability) {
            return Math.round(100 * probability) + " %";
        }
    }

    /// The distinct problems, the most frequent first.
    public List<Problem> problems() {
        Map<List<String>, List<ConnectionReport>> groups = new LinkedHashMap<>();
        for (ConnectionReport connection : connections) {
            connection
                    .diagnosis()
                    .ifPresent(diagnosis -> {
                        String cause =
                                diagnosis
                                        .leading()
                                        .map(ranked -> ranked.cause().name())
                                        .orElse("UNKNOWN");
                        List<String> key =
                                List.of(
                                        connection.server(),
                                        connection.end().label(),
                                        diagnosis.sender().label(),
                                        cause);
                        groups.computeIfAbsent(key, each -> new ArrayList<>()).add(connection);
                    });
        }
        List<Problem> problems = new ArrayList<>();
        groups.forEach((key, members) ->
                problems.add(new Problem(key.get(0), key.get(1), key.get(2), key.get(3), members)));
        problems.sort((a, b) -> Integer.compare(b.connections().size(), a.connections().size()));
        return problems;
    }

    /// This report with those of its connections that `wanted` accepts.
    public CaptureReport only(Predicate<ConnectionReport> wanted) {
        return new CaptureReport(
                files,
                packets,
                tcpPackets,
                resets,
                unreadable,
                troubles,
                connectionCount,
                connections.stream().filter(wanted).toList());
    }
}
