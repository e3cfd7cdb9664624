package dev.unreset.logs;

import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Finds many strings in one pass over bytes, one table look-up for each byte whatever they are (A.
/// Aho and M. Corasick, 1975). A line feed leads back to the start.
final class Automaton {

    /// Marks a state in which a word ends, and the result of [#run] in which one did.
    static final int HIT = 1 << 31;

    private int[] next = new int[256];
    private int states = 1;
    private final List<int[]> found = new ArrayList<>();

    /// @param words not empty, without line feeds
    Automaton(List<String> words) {
        Arrays.fill(next, -1);
        found.add(new int[0]);
        for (int word = 0; word < words.size(); word++) {
            add(words.get(word).getBytes(StandardCharsets.UTF_8), word);
        }
        link();
    }

    private void add(byte[] word, int number) {
        int state = 0;
        for (byte each : word) {
            int edge = state << 8 | Byte.toUnsignedInt(each);
            if (next[edge] < 0) {
                if (states << 8 == next.length) {
                    int old = next.length;
                    next = Arrays.copyOf(next, old * 2);
                    Arrays.fill(next, old, next.length, -1);
                }
                next[edge] = states++;
                found.add(new int[0]);
            }
            state = next[edge];
        }
        found.set(state, with(found.get(state), number));
    }

    private static int[] with(int[] numbers, int number) {
        int[] more = Arrays.copyOf(numbers, numbers.length + 1);
        more[numbers.length] = number;
        return more;
    }

    private void link() {
        int[] fallback = new int[states];
        ArrayDeque<Integer> open = new ArrayDeque<>();
        for (int edge = 0; edge < 256; edge++) {
            if (next[edge] < 0) {
                next[edge] = 0;
            } else {
                open.add(next[edge]);
            }
        }
        while (!open.isEmpty()) {
            int state = open.remove();
            for (int number : found.get(fallback[state])) {
                found.set(state, with(found.get(state), number));
            }
            for (int each = 0; each < 256; each++) {
                int edge = state << 8 | each;
                int other = next[fallback[state] << 8 | each];
                if (next[edge] < 0) {
                    next[edge] = other;
                } else {
                    fallback[next[edge]] = other;
                    open.add(next[edge]);
                }
            }
            next[state << 8 | '\n'] = 0;
        }
        next['\n'] = 0;
        for (int edge = 0; edge < states << 8; edge++) {
            if (found.get(next[edge]).length > 0) {
                next[edge] |= HIT;
            }
        }
    }

    /// Moves over `bytes` from `from` to `to`, beginning in `state`. Returns the state at the end,
    /// with [#HIT] set if a word ended on the way.
    int run(int state, byte[] bytes, int from, int to) {
        int[] table = next;
        int at = state & ~HIT;
        int seen = 0;
        for (int i = from; i < to; i++) {
            int step = table[at << 8 | Byte.toUnsignedInt(bytes[i])];
            seen |= step;
            at = step & ~HIT;
        }
        return at | (seen & HIT);
    }

    /// The state after `each`.
    int step(int state, byte each) {
        return next[(state & ~HIT) << 8 | Byte.toUnsignedInt(each)] & ~HIT;
    }

    /// The words that end in `state`.
    int[] found(int state) {
        return found.get(state & ~HIT);
    }
}
