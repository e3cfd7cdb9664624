package dev.unreset.lab;

import dev.unreset.Cause;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/// Sends body bytes as the rules of the connection allow: slowly, up to a limit, or up to a chance
/// cut.
final class Meter {

    private static final long MEBIBYTE = 1 << 20;
    private static final int SLICE = 256 << 10;

    private final Link link;
    private final Rules rules;
    private final SplittableRandom chance;
    private long nextCut;
    private long paidNanos = System.nanoTime();

    Meter(Link link, Rules rules) {
        this.link = link;
        this.rules = rules;
        this.chance = new SplittableRandom(rules.seed() * 1_000_003 + link.number());
        this.nextCut = nextCut(0);
    }

    /// Where the next cut by chance comes, from body byte `from` on: each MiB is cut with the
    /// probability of the rule, somewhere in it.
    private long nextCut(long from) {
        if (rules.endProbability() == 0) {
            return Long.MAX_VALUE;
        }
        for (long block = from / MEBIBYTE; ; block++) {
            if (chance.nextDouble() < rules.endProbability()) {
                return block * MEBIBYTE + chance.nextLong(MEBIBYTE);
            }
        }
    }

    void send(ByteBuffer bytes) throws IOException, InterruptedException {
        while (bytes.hasRemaining()) {
            long allowed = Math.min(untilLimit(), nextCut - link.bodyBytes());
            if (allowed <= 0) {
                // What the kernel has not sent yet would be lost with a RST, and the cut come too
                // early.
                link.awaitDelivery();
                throw new Ended(
                        rules.ending(), untilLimit() <= 0 ? Cause.TRANSFER_LIMIT : Cause.MIDDLEBOX);
            }
            int count = (int) Math.min(bytes.remaining(), Math.min(allowed, SLICE));
            ByteBuffer slice = bytes.slice(bytes.position(), count);
            bytes.position(bytes.position() + count);
            slow(count);
            link.writeBody(slice);
        }
    }

    private long untilLimit() {
        return rules.endAfterBytes().isPresent()
                ? rules.endAfterBytes().getAsLong() - link.bodyBytes()
                : Long.MAX_VALUE;
    }

    private void slow(int bytes) throws InterruptedException {
        if (rules.bytesPerSecond().isPresent()) {
            paidNanos =
                    Math.max(paidNanos, System.nanoTime() - 10_000_000)
                            + (long) (bytes * 1e9 / rules.bytesPerSecond().getAsLong());
            long wait = paidNanos - System.nanoTime();
            if (wait > 0) {
                Thread.sleep(java.time.Duration.ofNanos(wait));
            }
        }
    }
}
