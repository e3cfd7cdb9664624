package dev.unreset.capture;

import java.util.SplittableRandom;

/// The hash of a flow: the same for both directions, and another in each process, so that nobody
/// can prepare a capture whose flows share a bucket.
final class FlowHash {

    private static final SplittableRandom RANDOM = new SplittableRandom();
    private static final long HIGH_FACTOR = RANDOM.nextLong() | 1;
    private static final long LOW_FACTOR = RANDOM.nextLong() | 1;
    private static final long PORT_FACTOR = RANDOM.nextLong() | 1;

    private FlowHash() {}

    /// Of a flow between two IPv4 addresses.
    ///
    /// @param addresses as in [PacketRows]
    /// @param ports in the same way
    static int of(long addresses, int ports) {
        return mixed(
                spread((addresses >>> 32) * LOW_FACTOR, ports & 0xffff),
                spread((addresses & 0xffff_ffffL) * LOW_FACTOR, ports >>> 16));
    }

    /// Of a flow between two IPv6 addresses.
    static int of(long sourceHigh, long sourceLow, long targetHigh, long targetLow, int ports) {
        return mixed(
                spread(sourceHigh * HIGH_FACTOR + sourceLow * LOW_FACTOR, ports & 0xffff),
                spread(targetHigh * HIGH_FACTOR + targetLow * LOW_FACTOR, ports >>> 16));
    }

    /// Of an address alone.
    static int ofAddress(long high, long low) {
        long spread = spread(high * HIGH_FACTOR + low * LOW_FACTOR, 0);
        return (int) (spread >>> 32) ^ (int) spread;
    }

    // The quick compiler inlines what is as small as these.

    private static long spread(long address, int port) {
        long end = address + port * PORT_FACTOR;
        return end ^ (end >>> 29);
    }

    private static int mixed(long from, long to) {
        long both = ((from + to) * 0xbf58476d1ce4e5b9L) ^ ((from ^ to) * 0x94d049bb133111ebL);
        return (int) (both >>> 32);
    }
}
