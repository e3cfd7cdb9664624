package dev.unreset.capture;

import java.io.IOException;
import java.util.List;

/// The packets of several files in order of time; of those with the same time, the first file's
/// first.
final class Merge {

    private static final int NONE = -1;

    private final List<Cursor> cursors;

    /// Whether the cursor is at a packet.
    private final boolean[] live;

    private int current = NONE;
    private boolean begun;
    private boolean over;

    Merge(List<Cursor> cursors) {
        this.cursors = cursors;
        this.live = new boolean[cursors.size()];
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
}
