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

        private final Numbers ages = new Numbers();

        /// Of each in order of age, the index of the first one after it that has another number of
        /// answers.
        private final int[] nextOther;

        OfServer(List<Step> steps) {
            steps.sort((a, b) -> Long.compare(a.age(), b.age()));
            nextOther = new int[steps.size()];
            for (int i = steps.size() - 1; i >= 0; i--) {
                boolean same =
                        i + 1 < steps.size()
                                && steps.get(i + 1).answers() == steps.get(i).answers();
                nextOther[i] = same ? nextOther[i + 1] : i + 1;
                ages.add(steps.get(i).age());
            }
        }

        boolean differ(long from, long to) {
            int first = ages.below(from);
            int last = ages.below(to + 1);
            return first < last && nextOther[first] < last;
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
