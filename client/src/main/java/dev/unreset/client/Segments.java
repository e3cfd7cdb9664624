package dev.unreset.client;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/// Which bytes are missing, and who is fetching which. Thread-safe.
final class Segments {

    /// The end of content whose length is not known.
    static final long OPEN_END = Long.MAX_VALUE;

    /// A running part is split only if its rest is larger than this and would take longer: else a
    /// new request would cost more than it saves.
    private static final long LEAST_SPLIT_BYTES = 4 << 20;

    private static final Duration LEAST_SPLIT_TIME = Duration.ofSeconds(2);

    /// The part of its size by which a part may get smaller to end where a block does.
    private static final int MOST_CUT_OFF = 32;

    private final List<Span> missing = new ArrayList<>();
    private final List<Part> running = new ArrayList<>();

    /// Bytes from `from` up to, not including, `to`.
    record Span(long from, long to) {
        Span {
            if (from < 0 || to < from) {
                throw new IllegalArgumentException(
                        "span: " + from + " to " + to + " (expected: 0 <= from <= to)");
            }
        }

        long length() {
            return to - from;
        }
    }

    /// A span that is being fetched: its end may come nearer while it is.
    final class Part {
        private final long startedNanos;
        private final long from;
        private long position;
        private long to;
        private long heldNanos;

        private Part(Span span, long startedNanos) {
            this.startedNanos = startedNanos;
            this.from = span.from();
            this.position = span.from();
            this.to = span.to();
        }

        /// The first byte that is not there yet.
        long position() {
            synchronized (Segments.this) {
                return position;
            }
        }

        long to() {
            synchronized (Segments.this) {
                return to;
            }
        }

        /// How many bytes are left to fetch.
        long left() {
            synchronized (Segments.this) {
                return to - position;
            }
        }

        /// Notes that the receiver itself held the connection up: it waited for its disk, or for
        /// the rate that its user allows. The connection is not slow for that.
        void heldUp(long nanos) {
            synchronized (Segments.this) {
                heldNanos += nanos;
            }
        }

        /// Notes that `count` more bytes are there; returns how many of them are of this part.
        int advance(int count) {
            synchronized (Segments.this) {
                int mine = (int) Math.min(count, to - position);
                position += mine;
                return mine;
            }
        }

        boolean isDone() {
            synchronized (Segments.this) {
                return position >= to;
            }
        }

        /// How long the connection will take for the rest at its speed so far, from `now`. A part
        /// that has only just begun is not known to be slow: its first bytes say little.
        private double secondsLeft(long now) {
            double elapsed = (now - startedNanos - heldNanos) / 1e9;
            if (elapsed < LEAST_SPLIT_TIME.toSeconds()) {
                return 0;
            }
            return elapsed * (to - position) / Math.max(1, position - from);
        }
    }

    Segments(List<Span> missing) {
        this.missing.addAll(missing);
    }

    /// The first of the spans that nobody fetches, cut to about `most` bytes and never more; empty
    /// if there is none.
    synchronized Optional<Part> claim(long most, long now) {
        if (missing.isEmpty()) {
            return Optional.empty();
        }
        Span first = missing.removeFirst();
        Span claimed = cut(first, most);
        if (claimed.to() < first.to()) {
            missing.addFirst(new Span(claimed.to(), first.to()));
        }
        return Optional.of(start(claimed, now));
    }

    /// Two parts meet where two blocks do, so that each block has one writer, unless they are so
    /// small that it would take many more of them.
    private static Span cut(Span span, long most) {
        if (span.length() <= most) {
            return span;
        }
        long end = span.from() + most;
        long over = end % Blocks.LARGEST;
        return new Span(span.from(), over > most / MOST_CUT_OFF ? end : end - over);
    }

    /// The further half of the slowest running part, cut to `most` bytes; empty if none is worth
    /// it.
    synchronized Optional<Part> split(long most, long now) {
        Part slowest =
                running.stream()
                        .max(Comparator.comparingDouble(part -> part.secondsLeft(now)))
                        .orElse(null);
        if (slowest == null
                || slowest.to == OPEN_END
                || slowest.to - slowest.position < LEAST_SPLIT_BYTES
                || slowest.secondsLeft(now) < LEAST_SPLIT_TIME.toSeconds()) {
            return Optional.empty();
        }
        long middle = slowest.position + (slowest.to - slowest.position) / 2;
        long half = middle - middle % Blocks.LARGEST;
        missing.addFirst(new Span(half, slowest.to));
        slowest.to = half;
        return claim(most, now);
    }

    private Part start(Span span, long now) {
        Part part = new Part(span, now);
        running.add(part);
        return part;
    }

    /// A connection is done with its part, or lost: the rest is missing again.
    synchronized void release(Part part) {
        if (running.remove(part) && part.position < part.to) {
            missing.addFirst(new Span(part.position, part.to));
        }
    }

    /// One part that covers everything from the first missing byte to `end`. Only while none runs.
    synchronized Part claimRest(long end, long now) {
        long first = firstMissing(end);
        missing.clear();
        return start(new Span(first, end), now);
    }

    /// The length is known now: nothing is missing after it. `OPEN_END` stands for unknown.
    synchronized void endAt(long length) {
        missing.replaceAll(span -> clip(span, length));
        missing.removeIf(span -> span.length() == 0);
        running.forEach(part -> part.to = Math.max(part.position, Math.min(part.to, length)));
    }

    private static Span clip(Span span, long length) {
        return new Span(Math.min(span.from(), length), Math.min(span.to(), length));
    }

    /// `part` fetches everything that is missing, up to `end`.
    synchronized void giveAllTo(Part part, long end) {
        missing.clear();
        part.to = end;
    }

    /// Replaces everything that is missing.
    synchronized void replace(List<Span> spans) {
        missing.clear();
        missing.addAll(spans);
        running.clear();
    }

    synchronized boolean isDone() {
        return missing.isEmpty() && running.stream().allMatch(part -> part.position >= part.to);
    }

    synchronized int runningCount() {
        return running.size();
    }

    /// How many bytes nobody fetches yet.
    synchronized long unclaimed() {
        return missing.stream().mapToLong(Span::length).sum();
    }

    /// The first byte that has not been received; `end` if all have.
    synchronized long firstMissing(long end) {
        long first = end;
        for (Span span : missing) {
            first = Math.min(first, span.from());
        }
        for (Part part : running) {
            if (part.position < part.to) {
                first = Math.min(first, part.position);
            }
        }
        return first;
    }

    /// The spans of content that ends at `end` that are not among `spans`.
    static List<Span> invert(List<Span> spans, long end) {
        List<Span> sorted = new ArrayList<>(spans);
        sorted.sort(Comparator.comparingLong(Span::from));
        List<Span> between = new ArrayList<>();
        long at = 0;
        for (Span span : sorted) {
            if (span.from() > at) {
                between.add(new Span(at, span.from()));
            }
            at = Math.max(at, span.to());
        }
        if (at < end) {
            between.add(new Span(at, end));
        }
        return between;
    }

    static long length(List<Span> spans) {
        return spans.stream().mapToLong(Span::length).sum();
    }
}
