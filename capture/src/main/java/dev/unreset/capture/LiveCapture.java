package dev.unreset.capture;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.List;

/// A capture that is still being made: it comes in a stream, and what has come so far can be
/// reported at any time.
///
/// A thread of its own takes what comes, into a temporary file. [#stop] may be called by any
/// thread; the others belong to one.
public final class LiveCapture implements AutoCloseable {

    /// After [#stop]: who makes the capture is probably told to stop too, and has last packets.
    private static final Duration LAST_PACKETS = Duration.ofSeconds(1);

    /// Of what is before the first packet, enough to know it by.
    private static final int LONGEST_HEADER = 64;

    private final CaptureOptions options;
    private final Incoming incoming;
    private long reportedBytes;

    // Both guarded by this.
    private boolean ended;
    private long endNanos = Long.MAX_VALUE;

    private LiveCapture(CaptureOptions options, Incoming incoming) {
        this.options = options;
        this.incoming = incoming;
    }

    /// Begins to take what comes from `in`: pcap or pcapng, also in gzip or zstd.
    public static LiveCapture start(InputStream in, CaptureOptions options) throws IOException {
        LiveCapture live = new LiveCapture(options, new Incoming(Incoming.STANDARD_INPUT));
        Thread.ofPlatform().daemon().name("unreset-incoming").start(() -> live.take(in));
        return live;
    }

    private void take(InputStream in) {
        try {
            incoming.take(in);
        } finally {
            synchronized (this) {
                ended = true;
                notifyAll();
            }
        }
    }

    /// Waits until all has come, but no longer than `most`. Whether no more will come.
    public synchronized boolean awaitEnd(Duration most) throws InterruptedException {
        long now = System.nanoTime();
        long until = now + most.toNanos();
        while (!ended && now < Math.min(until, endNanos)) {
            long left = Math.min(until, endNanos) - now;
            wait(left / 1_000_000 + 1);
            now = System.nanoTime();
        }
        return ended || now >= endNanos;
    }

    /// No more is waited for, but for a second: what comes in it still counts.
    public synchronized void stop() {
        endNanos = Math.min(endNanos, System.nanoTime() + LAST_PACKETS.toNanos());
        notifyAll();
    }

    /// Whether so much has come that it can be told whether it is a capture.
    public boolean hasBegun() throws IOException {
        return incoming.soFar().size() >= LONGEST_HEADER;
    }

    /// Whether something has come since the last report.
    public boolean hasMore() throws IOException {
        return incoming.soFar().size() > reportedBytes;
    }

    /// What is known of all that has come so far. It is read anew each time: that takes about a
    /// second for 3 GB.
    ///
    /// @throws CaptureException if it is no capture
    public CaptureReport report() throws IOException {
        CaptureFile file = incoming.soFar();
        reportedBytes = file.size();
        return Capture.read(List.of(file), options);
    }

    @Override
    public void close() throws IOException {
        incoming.close();
    }
}
