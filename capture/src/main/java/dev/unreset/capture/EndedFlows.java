package dev.unreset.capture;

/// Flows that have ended, in the order in which they did: a queue of their numbers and times.
final class EndedFlows {

    private int[] flows = new int[1 << 10];
    private long[] nanos = new long[1 << 10];
    private int first;
    private int count;

    void add(int flow, long at) {
        if (count == flows.length) {
            grow();
        }
        int last = first + count++ & flows.length - 1;
        flows[last] = flow;
        nanos[last] = at;
    }

    private void grow() {
        int[] oldFlows = flows;
        long[] oldNanos = nanos;
        flows = new int[count * 2];
        nanos = new long[count * 2];
        int tail = count - first;
        System.arraycopy(oldFlows, first, flows, 0, tail);
        System.arraycopy(oldFlows, 0, flows, tail, first);
        System.arraycopy(oldNanos, first, nanos, 0, tail);
        System.arraycopy(oldNanos, 0, nanos, tail, first);
        first = 0;
    }

    /// Whether the first of them was added with a time before `from` or after `to`.
    boolean hasOutside(long from, long to) {
        return count > 0 && (nanos[first] < from || nanos[first] > to);
    }

    int removeFirst() {
        int flow = flows[first];
        first = first + 1 & flows.length - 1;
        count--;
        return flow;
    }
}
