package dev.unreset.cli;

import dev.unreset.capture.CaptureReport;
import dev.unreset.capture.ConnectionReport;
import dev.unreset.capture.LiveCapture;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Predicate;

/// Tells of each connection of a live capture that ends badly, as soon as it stays that way.
///
/// A connection is told of when two looks in a row found the same: what follows a RST may still
/// show that it was rejected.
final class LiveReport {

    private static final Duration LEAST_PAUSE = Duration.ofSeconds(1);

    /// Looks take a twentieth of the time at most, however much has come.
    private static final int PAUSES_FOR_A_LOOK = 20;

    private final LiveCapture live;
    private final Predicate<ConnectionReport> wanted;
    private final PrintStream out;
    private final Set<String> told = new HashSet<>();
    private Set<String> seen = new HashSet<>();

    LiveReport(LiveCapture live, Predicate<ConnectionReport> wanted, PrintStream out) {
        this.live = live;
        this.wanted = wanted;
        this.out = out;
    }

    /// Returns when no more will come.
    void run() throws IOException, InterruptedException {
        Duration pause = LEAST_PAUSE;
        while (!live.awaitEnd(pause)) {
            if (!live.hasMore() && told.containsAll(seen)) {
                continue;
            }
            long started = System.nanoTime();
            look();
            Duration enough =
                    Duration.ofNanos(System.nanoTime() - started).multipliedBy(PAUSES_FOR_A_LOOK);
            pause = enough.compareTo(LEAST_PAUSE) > 0 ? enough : LEAST_PAUSE;
        }
    }

    private void look() throws IOException {
        if (!live.hasBegun()) {
            return;
        }
        CaptureReport report = live.report();
        Set<String> now = new HashSet<>();
        for (ConnectionReport connection : report.connections()) {
            if (!connection.isProblem() || !wanted.test(connection)) {
                continue;
            }
            String what =
                    String.join(
                            " ",
                            connection.client(),
                            connection.server(),
                            connection.start().toString(),
                            connection.end().label());
            now.add(what);
            if (seen.contains(what) && told.add(what)) {
                out.println(CaptureText.line(connection));
            }
        }
        out.flush();
        seen = now;
    }
}
