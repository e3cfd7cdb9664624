package dev.unreset.capture;

import java.util.Arrays;

/// Numbers, of which those in a range are counted. They are put in order when somebody first asks.
final class Numbers {

    private static final long[] NONE = {};

    private long[] values = NONE;
    private int count;
    private volatile boolean sorted;

    void add(long value) {
        if (count == values.length) {
            values = Arrays.copyOf(values, Math.max(4, count * 2));
        }
        values[count++] = value;
    }

    private void sort() {
        if (!sorted) {
            sortOnce();
        }
    }

    private synchronized void sortOnce() {
        if (!sorted) {
            Arrays.sort(values, 0, count);
            sorted = true;
        }
    }

    int count() {
        return count;
    }

    /// The number at `index`, in order.
    long get(int index) {
        sort();
        return values[index];
    }

    /// How many are less than `limit`.
    int below(long limit) {
        sort();
        int from = 0;
        int to = count;
        while (from < to) {
            int middle = (from + to) >>> 1;
            if (values[middle] < limit) {
                from = middle + 1;
            } else {
                to = middle;
            }
        }
        return from;
    }

    /// The least that is `from` or more; the greatest number if there is none.
    long next(long from) {
        int at = below(from);
        return at < count ? values[at] : Long.MAX_VALUE;
    }

    /// How many are at least `from` and less than `to`.
    int between(long from, long to) {
        return below(to) - below(from);
    }
}
