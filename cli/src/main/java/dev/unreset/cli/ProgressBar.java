package dev.unreset.cli;

import dev.unreset.client.DownloadListener;
import java.io.PrintStream;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/// Shows how a download goes: a line that is rewritten on a terminal, notices only elsewhere.
///
/// Thread-safe.
final class ProgressBar implements DownloadListener {

    private static final int BAR = 24;
    private static final Duration WINDOW = Duration.ofSeconds(5);

    private final PrintStream err;
    private final boolean bar;
    private final boolean notices;
    private final Deque<long[]> samples = new ArrayDeque<>();
    private boolean shown;

    /// @param bar whether to draw
    /// @param notices whether to print notices
    ProgressBar(PrintStream err, boolean bar, boolean notices) {
        this.err = err;
        this.bar = bar;
        this.notices = notices;
    }

    @Override
    public synchronized void progress(Progress progress) {
        if (!bar) {
            return;
        }
        long now = System.nanoTime();
        samples.addLast(new long[] {now, progress.done()});
        while (samples.size() > 2 && now - samples.getFirst()[0] > WINDOW.toNanos()) {
            samples.removeFirst();
        }
        String line = line(progress, bytesPerSecond());
        int most = Math.max(20, Terminal.columns() - 1);
        err.print("\r" + (line.length() > most ? line.substring(0, most) : line) + "\u001b[K");
        err.flush();
        shown = true;
    }

    private double bytesPerSecond() {
        long[] first = samples.getFirst();
        long[] last = samples.getLast();
        double seconds = (last[0] - first[0]) / 1e9;
        return seconds < 0.05 ? 0 : (last[1] - first[1]) / seconds;
    }

    static String line(Progress progress, double bytesPerSecond) {
        StringBuilder line = new StringBuilder();
        if (progress.total().isPresent() && progress.total().getAsLong() > 0) {
            double share = (double) progress.done() / progress.total().getAsLong();
            int full = (int) Math.round(share * BAR);
            line.append('[').append("#".repeat(full)).append(".".repeat(BAR - full)).append("] ");
            line.append((int) (share * 100))
                    .append(" % of ")
                    .append(Text.bytes(progress.total().getAsLong()));
        } else {
            line.append(Text.bytes(progress.done()));
        }
        if (bytesPerSecond > 0) {
            line.append(", ").append(Text.rate(bytesPerSecond));
            if (progress.total().isPresent()) {
                double left = (progress.total().getAsLong() - progress.done()) / bytesPerSecond;
                line.append(", ")
                        .append(Text.duration(Duration.ofMillis((long) (left * 1000))))
                        .append(" left");
            }
        }
        line.append(", ")
                .append(progress.connections())
                .append(progress.connections() == 1 ? " connection" : " connections");
        if (progress.survived() > 0) {
            line.append(", ").append(progress.survived()).append(" survived");
        }
        return line.toString();
    }

    @Override
    public synchronized void notice(String line) {
        if (notices) {
            clear();
            err.println("unreset: " + Text.oneLine(line));
        }
    }

    /// Removes the line.
    synchronized void clear() {
        if (shown) {
            err.print("\r\u001b[K");
            err.flush();
            shown = false;
        }
    }
}
