package dev.unreset.capture;

import java.util.Arrays;

/// Numbers of flows.
final class FlowSet {

    private long[] bits = {};

    /// A set of one flow.
    static FlowSet of(int flow) {
        FlowSet set = new FlowSet();
        set.add(flow);
        return set;
    }

    void add(int flow) {
        int word = flow >>> 6;
        if (word >= bits.length) {
            bits = Arrays.copyOf(bits, Math.max(word + 1, bits.length * 2));
        }
        bits[word] |= 1L << flow;
    }

    boolean has(int flow) {
        int word = flow >>> 6;
        return word < bits.length && (bits[word] >>> flow & 1) != 0;
    }
}
