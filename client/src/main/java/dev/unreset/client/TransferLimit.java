package dev.unreset.client;

import dev.unreset.Limit;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;
import java.util.Optional;

/// Finds out whether connections are cut again and again at about the same number of bytes, or
/// after about the same time.
///
/// Three cuts one after the other that lie close together are taken for a limit. Not thread-safe.
final class TransferLimit {

    private static final int CUTS = 3;
    private static final double CLOSE = 0.005;
    private static final long CLOSE_BYTES = 64 << 10;
    private static final double CLOSE_IN_TIME = 0.03;
    private static final long LEAST_BYTES = 64 << 10;
    private static final Duration LEAST_TIME = Duration.ofSeconds(2);

    private static final Duration APART = Duration.ofMillis(200);

    private final Deque<Cut> last = new ArrayDeque<>();

    /// A connection that ended in the middle of a body.
    ///
    /// @param bytes body bytes that it had carried
    /// @param atNanos when it ended
    record Cut(long bytes, Duration age, long atNanos) {}

    /// What was found.
    sealed interface Found {
        /// Which limit of the origin it is.
        Limit limit();

        /// In the limit's unit.
        double most();

        /// The connection ends after so many body bytes.
        record Bytes(long bytes) implements Found {
            @Override
            public Limit limit() {
                return Limit.TRANSFER_BYTES;
            }

            @Override
            public double most() {
                return (double) bytes;
            }

            @Override
            public String toString() {
                return String.format(Locale.ROOT, "%,d body bytes", bytes);
            }
        }

        /// The connection ends when it is so old.
        record Age(Duration age) implements Found {
            @Override
            public Limit limit() {
                return Limit.TRANSFER_SECONDS;
            }

            @Override
            public double most() {
                return age.toMillis() / 1000.0;
            }

            @Override
            public String toString() {
                return String.format(Locale.ROOT, "%.1f s", most());
            }
        }
    }

    /// Notes a cut; says what the last ones have in common.
    Optional<Found> cut(Cut cut) {
        last.addLast(cut);
        if (last.size() > CUTS) {
            last.removeFirst();
        }
        if (last.size() < CUTS) {
            return Optional.empty();
        }
        long least = last.stream().mapToLong(Cut::bytes).min().orElseThrow();
        long most = last.stream().mapToLong(Cut::bytes).max().orElseThrow();
        if (least >= LEAST_BYTES && most - least <= Math.max(CLOSE_BYTES, CLOSE * most)) {
            return Optional.of(new Found.Bytes(least));
        }
        Duration youngest = last.stream().map(Cut::age).min(Duration::compareTo).orElseThrow();
        Duration oldest = last.stream().map(Cut::age).max(Duration::compareTo).orElseThrow();
        boolean close = oldest.minus(youngest).toMillis() <= CLOSE_IN_TIME * oldest.toMillis();
        return youngest.compareTo(LEAST_TIME) >= 0 && close && atDifferentTimes()
                ? Optional.of(new Found.Age(youngest))
                : Optional.empty();
    }

    /// Connections that end together tell of one event, not of a limit.
    private boolean atDifferentTimes() {
        long before = Long.MIN_VALUE;
        for (Cut cut : last) {
            if (before != Long.MIN_VALUE && cut.atNanos() - before < APART.toNanos()) {
                return false;
            }
            before = cut.atNanos();
        }
        return true;
    }
}
