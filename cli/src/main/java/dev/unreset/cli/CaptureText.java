package dev.unreset.cli;

import dev.unreset.Diagnosis;
import dev.unreset.Evidence;
import dev.unreset.Remedy;
import dev.unreset.capture.CaptureReport;
import dev.unreset.capture.ConnectionReport;
import dev.unreset.capture.Traffic;
import java.util.List;
import java.util.Locale;

/// A report on captures for people: one block for each distinct problem, the most frequent first.
final class CaptureText {

    private static final int MOST_EVIDENCE = 6;

    private CaptureText() {}

    static String of(CaptureReport report, boolean all) {
        StringBuilder text = new StringBuilder();
        List<CaptureReport.Problem> problems = report.problems();
        for (int i = 0; i < problems.size(); i++) {
            block(text, i + 1, problems.get(i), report.files().size() > 1);
        }
        if (all) {
            report.connections().forEach(connection -> row(text, connection));
            line(text, "");
        }
        long bad = problems.stream().mapToLong(problem -> problem.connections().size()).sum();
        line(
                text,
                "%s, %,d of them TCP; %s, %,d ended badly; %s.%s%s",
                count(report.packets(), "packet"),
                report.tcpPackets(),
                count(report.connectionCount(), "connection"),
                bad,
                count(report.resets(), "RST"),
                report.seenAgain() > 0
                        ? String.format(
                                Locale.ROOT,
                                " Captured at several points, and counted once: %,d more.",
                                report.seenAgain())
                        : "",
                report.unreadable() > 0
                        ? String.format(
                                Locale.ROOT,
                                " %,d packets could not be read (their link type is not known).",
                                report.unreadable())
                        : "");
        return Text.printable(text.toString());
    }

    /// One problem in one line.
    static String line(ConnectionReport connection) {
        CaptureReport.Problem problem = CaptureReport.Problem.of(connection);
        return Text.printable(
                String.format(
                        Locale.ROOT,
                        "%s  %s -> %s  %s: %s, %s",
                        connection.start(),
                        connection.client(),
                        connection.server(),
                        connection.end().label(),
                        problem.who(),
                        problem.why()));
    }

    private static void block(
            StringBuilder text, int number, CaptureReport.Problem problem, boolean severalFiles) {
        ConnectionReport example = problem.example();
        Diagnosis diagnosis = problem.diagnosis();
        line(text, "%d. %s", number, problem.headline());
        line(text, "   who      %s", problem.who());
        line(text, "   why      %s", problem.why());
        diagnosis.causes().stream()
                .skip(1)
                .filter(cause -> cause.probability() >= 0.1)
                .forEach(cause ->
                        line(
                                text,
                                "            or %s (%s)",
                                cause.cause().title(),
                                Text.percent(cause.probability())));
        diagnosis.evidence().stream()
                .limit(MOST_EVIDENCE)
                .forEach(evidence ->
                        line(
                                text,
                                "   because  %s [%s]",
                                evidence.fact(),
                                place(evidence, severalFiles)));
        for (Remedy remedy : diagnosis.remedies()) {
            line(
                    text,
                    "   do       %s: %s",
                    remedy.where().name().toLowerCase(Locale.ROOT),
                    remedy.action());
        }
        line(text, "   example  %s, from %s", example.client(), example.start());
        line(text, "            %s", traffic(example.traffic()));
        ladder(text, example, severalFiles);
        line(text, "");
    }

    private static String place(Evidence evidence, boolean severalFiles) {
        String place = evidence.place().toString();
        int packet = place.lastIndexOf(" packet ");
        return severalFiles || packet < 0 ? place : place.substring(packet + 1);
    }

    private static void ladder(StringBuilder text, ConnectionReport example, boolean severalFiles) {
        for (ConnectionReport.Step step : example.ladder()) {
            line(
                    text,
                    "    %s %8d %12.6f  %s %-5s seq %-10d ack %-10d len %-6d ttl %d%s",
                    step.decisive() ? ">" : " ",
                    step.packet(),
                    step.seconds(),
                    step.fromClient() ? "client --> server" : "client <-- server",
                    step.flags(),
                    step.sequence(),
                    step.acknowledged(),
                    step.length(),
                    step.ttl(),
                    severalFiles ? "  " + step.file() : "");
        }
    }

    private static void row(StringBuilder text, ConnectionReport connection) {
        line(
                text,
                "%s  %-22s -> %-22s %-14s %s",
                connection.start(),
                connection.client(),
                connection.server(),
                connection.end().label(),
                traffic(connection.traffic()));
    }

    private static String count(long count, String what) {
        return String.format(Locale.ROOT, "%,d %s%s", count, what, count == 1 ? "" : "s");
    }

    private static String traffic(Traffic traffic) {
        StringBuilder text = new StringBuilder();
        side(text, "client", traffic.client());
        text.append("; ");
        side(text, "server", traffic.server());
        if (traffic.began() != Traffic.Began.HANDSHAKE) {
            text.append("; ").append(traffic.began().label().replace('-', ' '));
        }
        traffic.roundTrip()
                .ifPresent(time ->
                        text.append(
                                String.format(
                                        Locale.ROOT,
                                        "; round trip %.1f ms",
                                        time.toNanos() / 1e6)));
        return text.append(
                        String.format(
                                Locale.ROOT,
                                "; longest silence %.1f s",
                                traffic.longestSilence().toMillis() / 1e3))
                .toString();
    }

    private static void side(StringBuilder text, String name, Traffic.Side side) {
        text.append(name)
                .append(' ')
                .append(side.state().label())
                .append(String.format(Locale.ROOT, ", %,d B", side.bytes()));
        if (side.repeated() > 0) {
            text.append(String.format(Locale.ROOT, ", %,d repeated", side.repeated()));
        }
    }

    private static void line(StringBuilder text, String format, Object... arguments) {
        text.append(String.format(Locale.ROOT, format, arguments)).append('\n');
    }
}
