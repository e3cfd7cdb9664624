package dev.unreset.capture;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/// How far the conversations of a server were when it ended them: those of a script all end at one
/// step, which is the server's fault; those that a timer ends, wherever they are.
final class Steps {

    /// Where a connection ended badly.
    ///
    /// @param age from the handshake, in nanoseconds
    /// @param answers of the server before that
    private record Step(long age, int answers) {}

    private final List<Connection> connections;
    private final Map<Endpoint, List<Step>> ofServers = new ConcurrentHashMap<>();

    /// @param connections that are looked at closely
    Steps(List<Connection> connections) {
        this.connections = connections;
    }

    /// Whether those connections of the server that ended badly at `age`, within `most`, were at
    /// different steps.
    boolean differ(Endpoint server, long age, long most) {
        int least = Integer.MAX_VALUE;
        int furthest = 0;
        for (Step step : ofServers.computeIfAbsent(server, this::made)) {
            if (Math.abs(step.age() - age) <= most) {
                least = Math.min(least, step.answers());
                furthest = Math.max(furthest, step.answers());
            }
        }
        return least < furthest;
    }

    private List<Step> made(Endpoint server) {
        List<Step> made = new ArrayList<>();
        for (Connection connection : connections) {
            FlowSummary summary = connection.summary();
            if (summary.suspicious() && summary.server().equals(server)) {
                long age = summary.endNanos() - summary.letInNanos();
                made.add(new Step(age, connection.answers()));
            }
        }
        return made;
    }
}
