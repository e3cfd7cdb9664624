package dev.unreset.capture;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// How far the conversations of a server were when it ended them: those of a script all end at one
/// step, which is the server's fault; those that a timer ends, wherever they are.
///
/// Any thread may ask. A question costs the logarithm of the server's connections.
final class Steps {

    private final List<Connection> connections;

    /// Made when somebody first asks.
    private @Nullable Map<Endpoint, OfServer> servers;

    /// Where a connection ended badly.
    ///
    /// @param age from the handshake, in nanoseconds
    /// @param answers of the server before that
    private record Step(long age, int answers) {}

    /// The steps of a server.
    private static final class OfServer {

        /// So many are looked at.
        private static final int MOST_LOOKED_AT = 64;

        private final List<Step> inOrder;
        private final Numbers ages = new Numbers();

        OfServer(List<Step> steps) {
            steps.sort((a, b) -> Long.compare(a.age(), b.age()));
            inOrder = steps;
            for (Step step : steps) {
                ages.add(step.age());
            }
        }

        /// Whether a third, or more, of those of these ages is at another step than the most.
        boolean differ(long from, long to) {
            int first = ages.below(from);
            int last = Math.min(ages.below(to + 1), first + MOST_LOOKED_AT);
            Numbers answers = new Numbers();
            for (int i = first; i < last; i++) {
                answers.add(inOrder.get(i).answers());
            }
            int most = 0;
            for (int i = 0; i < answers.count(); i++) {
                long step = answers.get(i);
                most = Math.max(most, answers.between(step, step + 1));
            }
            return 3 * (answers.count() - most) >= answers.count() && most < answers.count();
        }
    }

    /// @param connections that are looked at closely
    Steps(List<Connection> connections) {
        this.connections = connections;
    }

    /// Whether those connections of the server that ended badly at `age`, within `most`, were at
    /// different steps.
    boolean differ(Endpoint server, long age, long most) {
        OfServer known = servers().get(server);
        return known != null && known.differ(age - most, age + most);
    }

    private synchronized Map<Endpoint, OfServer> servers() {
        if (servers == null) {
            Map<Endpoint, List<Step>> steps = new HashMap<>();
            for (Connection connection : connections) {
                FlowSummary summary = connection.summary();
                if (summary.suspicious()) {
                    long age = summary.endNanos() - summary.letInNanos();
                    steps.computeIfAbsent(summary.server(), each -> new ArrayList<>())
                            .add(new Step(age, connection.answers()));
                }
            }
            Map<Endpoint, OfServer> made = new HashMap<>();
            steps.forEach((server, each) -> made.put(server, new OfServer(each)));
            servers = made;
        }
        return servers;
    }
}
