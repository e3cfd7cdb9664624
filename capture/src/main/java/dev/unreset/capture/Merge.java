package dev.unreset.capture;

import java.io.IOException;
import java.util.List;

/// The packets of several files in order of time; of those with the same time, the first file's
/// first.
final class Merge {

    private static final int NONE = -1;

    /// A bit for each; what is captured elsewhere counts as seen already, if it was seen anywhere.
    private static final int MOST_POINTS = Long.SIZE;

    private static final int INTERFACE_BITS = 8;
    private static final int INTERFACE_MASK = (1 << INTERFACE_BITS) - 1;

    private final List<Cursor> cursors;

    /// Whether the cursor is at a packet.
    private final boolean[] live;

    // In packets of all files: when each file began, and when it was over; 0 if that is not yet.
    private final long[] began;
    private final long[] ended;

    /// Of the last packet of each.
    private final long[] lastNanos;

    private long packets;

    /// File and interface of each point at which packets were captured, as far as is known.
    private final int[] points = new int[MOST_POINTS];

    private int pointCount;
    private int current = NONE;
    private boolean begun;
    private boolean over;

    Merge(List<Cursor> cursors) {
        this.cursors = cursors;
        this.live = new boolean[cursors.size()];
        this.began = new long[cursors.size()];
        this.ended = new long[cursors.size()];
        this.lastNanos = new long[cursors.size()];
    }

    /// Moves to the next packet; false if there is none.
    boolean advance() throws IOException {
        if (begun) {
            lastNanos[current] = cursors.get(current).timeNanos;
            live[current] = cursors.get(current).advance();
            ended[current] = live[current] ? 0 : packets;
        } else {
            for (int i = 0; i < live.length; i++) {
                live[i] = cursors.get(i).advance();
            }
            begun = true;
        }
        current = earliest();
        over = current == NONE;
        packets++;
        if (!over && began[current] == 0) {
            began[current] = packets;
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

    /// The time of the last packet of a file of which all was read.
    long lastNanos(int file) {
        return lastNanos[file];
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
        while (index < pointCount && points[index] != point) {
            index++;
        }
        if (index == MOST_POINTS) {
            return 0;
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
        boolean haveBegun = began[earlier] > 0 && began[file] > 0;
        boolean overBefore = ended[earlier] > 0 && ended[earlier] < began[file];
        return file == earlier || (haveBegun && !overBefore);
    }
}
