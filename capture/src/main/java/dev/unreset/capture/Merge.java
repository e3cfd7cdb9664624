package dev.unreset.capture;

import java.io.IOException;
import java.util.List;

/// The packets of several files in order of time; of those with the same time, the first file's
/// first.
final class Merge {

    private static final int NONE = -1;

    /// A bit for each; what was captured elsewhere counts as captured at the last of them.
    private static final int MOST_POINTS = Long.SIZE;

    private static final int INTERFACE_BITS = 8;
    private static final int INTERFACE_MASK = (1 << INTERFACE_BITS) - 1;

    private final List<Cursor> cursors;

    /// Whether the cursor is at a packet.
    private final boolean[] live;

    /// Of each file that has begun, those that were not over then, itself among them: a bit for
    /// each; of more than 64, the first and the 65th have the same.
    private final long[] beside;

    /// File and interface of each point at which packets were captured, as far as is known.
    private final int[] points = new int[MOST_POINTS];

    private int pointCount;
    private int current = NONE;
    private boolean begun;
    private boolean over;

    Merge(List<Cursor> cursors) {
        this.cursors = cursors;
        this.live = new boolean[cursors.size()];
        this.beside = new long[cursors.size()];
    }

    /// Moves to the next packet; false if there is none.
    boolean advance() throws IOException {
        if (begun) {
            live[current] = cursors.get(current).advance();
        } else {
            for (int i = 0; i < live.length; i++) {
                live[i] = cursors.get(i).advance();
            }
            begun = true;
        }
        current = earliest();
        over = current == NONE;
        if (!over && beside[current] == 0) {
            for (int i = 0; i < live.length; i++) {
                beside[current] |= live[i] ? 1L << i : 0;
            }
        }
        return !over;
    }

    private int earliest() {
        int earliest = NONE;
        for (int i = 0; i < live.length; i++) {
            boolean earlier =
                    live[i]
                            && (earliest == NONE
                                    || cursors.get(i).timeNanos < cursors.get(earliest).timeNanos);
            earliest = earlier ? i : earliest;
        }
        return earliest;
    }

    boolean isOver() {
        return over;
    }

    /// At the packet.
    Cursor cursor() {
        return cursors.get(current);
    }

    /// Index of the packet's file.
    int file() {
        return current;
    }

    /// A bit for the point at which the packet was captured: file and interface.
    long point() {
        int point = (current << INTERFACE_BITS) | (cursor().interfaceId & INTERFACE_MASK);
        int index = 0;
        while (index < pointCount && points[index] != point && index < MOST_POINTS - 1) {
            index++;
        }
        if (index == pointCount) {
            points[pointCount++] = point;
        }
        return 1L << index;
    }

    /// Bits of the points at which the packet may have been captured as well, earlier.
    long pointsBeside() {
        long bits = 0;
        for (int i = 0; i < pointCount; i++) {
            bits |= areBeside(current, points[i] >>> INTERFACE_BITS) ? 1L << i : 0;
        }
        return bits;
    }

    /// Whether a packet of `file` may have been captured in `earlier` as well, earlier, or at
    /// another interface of it. Parts of one capture follow each other, and hold no packet twice.
    boolean areBeside(int file, int earlier) {
        return file == earlier || (beside[file] & 1L << earlier) != 0;
    }
}
