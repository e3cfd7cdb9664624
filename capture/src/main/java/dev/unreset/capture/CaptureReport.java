package dev.unreset.capture;

import dev.unreset.Diagnosis;
import dev.unreset.Sender;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;

/// What captures show.
///
/// @param files their names
/// @param packets frames of any kind; what was captured in several files, or segments on several
///   interfaces, count once, here as below
/// @param tcpPackets frames with a TCP segment, in tunnels too
/// @param resets of these, those with RST
/// @param unreadable frames of a link type that cannot be read
/// @param seenAgain how often one of them all was captured at another point as well
/// @param troubles one line for each thing that could not be read
/// @param connectionCount all TCP connections
/// @param connections those that ended badly, or all where that was asked for; in order of time
public record CaptureReport(
        List<String> files,
        long packets,
        long tcpPackets,
        long resets,
        long unreadable,
        long seenAgain,
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

        /// The problem of one connection that ended badly.
        public static Problem of(ConnectionReport connection) {
            Diagnosis diagnosis = connection.diagnosis().orElseThrow();
            return new Problem(
                    connection.server(),
                    connection.end().label(),
                    diagnosis.sender().label(),
                    diagnosis.leading().map(ranked -> ranked.cause().name()).orElse("UNKNOWN"),
                    List.of(connection));
        }

        private Problem with(List<ConnectionReport> others) {
            return new Problem(server, end, sender, cause, others);
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
            if (example().end() == ConnectionEnd.REFUSED && example().resetPacket() == 0) {
                return diagnosis().sender() == Sender.SERVER
                        ? "the server rejected it by ICMP"
                        : "something between client and server rejected it by ICMP";
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
        // Lists as keys: the code for a record's hash would be made anew in each process.
        Map<List<String>, Problem> firsts = new LinkedHashMap<>();
        Map<List<String>, List<ConnectionReport>> members = new HashMap<>();
        for (ConnectionReport connection : connections) {
            if (connection.isProblem()) {
                Problem problem = Problem.of(connection);
                List<String> key =
                        List.of(problem.server, problem.end, problem.sender, problem.cause);
                firsts.putIfAbsent(key, problem);
                members.computeIfAbsent(key, each -> new ArrayList<>()).add(connection);
            }
        }
        List<Problem> problems = new ArrayList<>();
        firsts.forEach(
                (key, first) -> problems.add(first.with(members.getOrDefault(key, List.of()))));
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
                seenAgain,
                troubles,
                connectionCount,
                connections.stream().filter(wanted).toList());
    }
}
