package dev.unreset.client;

import dev.unreset.Attempt;
import dev.unreset.ConnectionFailure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalLong;

/// Fetches part after part over one connection at a time. One thread.
final class SegmentWorker implements Runnable {

    /// A server that cuts without a byte of progress so often, at the same point, will do so for
    /// ever.
    private static final int IDENTICAL_CUTS = 3;

    private static final long SAME_POINT_BYTES = 64 << 10;

    /// An attempt that brought less than this is not continued at once.
    private static final long LITTLE = 64 << 10;

    private static final Duration AFTER_LITTLE = Duration.ofMillis(200);

    private final Transfer transfer;
    private final Tally tally;
    private final LostTries lostTries;
    private long lastCut = -1;
    private int identicalCuts;
    private boolean gaveUp;

    /// What has to wait until the part is free for others.
    private Optional<Lost> lost = Optional.empty();

    SegmentWorker(Transfer transfer, Tally tally, LostTries lostTries) {
        this.transfer = transfer;
        this.tally = tally;
        this.lostTries = lostTries;
    }

    @Override
    public void run() {
        try {
            while (!gaveUp) {
                Optional<Segments.Part> part = transfer.claim(this);
                if (part.isEmpty()) {
                    return;
                }
                try {
                    fetch(part.get());
                } finally {
                    transfer.release(part.get());
                }
                settle();
            }
        } catch (IOException e) {
            transfer.end(new Transfer.Outcome.Failed(e));
        } catch (InterruptedException e) {
            // Nobody but the process's end interrupts a worker.
            Thread.currentThread().interrupt();
        } catch (RuntimeException e) {
            transfer.end(new Transfer.Outcome.Failed(new IOException(e.toString(), e)));
        } finally {
            transfer.left(this);
        }
    }

    /// An attempt that brought nothing.
    ///
    /// @param asked how long a wait the server asked for
    private record Lost(IOException why, Optional<Duration> asked) {}

    private void settle() throws InterruptedException {
        if (lost.isEmpty() || transfer.isOver()) {
            return;
        }
        Lost last = lost.get();
        lost = Optional.empty();
        if (transfer.isLate()) {
            transfer.end(new Transfer.Outcome.Failed(late(last.why())));
            return;
        }
        Optional<Duration> delay = lostTries.next(transfer.fresh());
        if (delay.isEmpty()) {
            gaveUp = true;
            transfer.gaveUp(this, last.why());
            return;
        }
        Duration asked = last.asked().orElse(Duration.ZERO);
        if (asked.compareTo(transfer.retry().maxRetryAfter()) > 0) {
            transfer.end(
                    new Transfer.Outcome.Failed(
                            new DownloadFailed(
                                    last.why().getMessage()
                                            + ", and asks to come back after "
                                            + asked.toSeconds()
                                            + " s: try again then")));
            return;
        }
        transfer.pause(asked.compareTo(delay.get()) > 0 ? asked : delay.get());
    }

    private static DownloadFailed late(IOException why) {
        return new DownloadFailed("the deadline has passed", why);
    }

    private void fetch(Segments.Part part) throws IOException, InterruptedException {
        Transfer.Ask ask = transfer.ask(part);
        Response response;
        try {
            response = transfer.send(ask);
        } catch (ConnectionFailure failure) {
            tally.failed(failure, part.position(), 0);
            lost = Optional.of(new Lost(failure, Optional.empty()));
            return;
        }
        try (response) {
            answered(part, ask, response);
        } finally {
            transfer.closed(response);
        }
    }

    private void answered(Segments.Part part, Transfer.Ask ask, Response response)
            throws IOException, InterruptedException {
        switch (transfer.answer(ask, response)) {
            case PartAnswer.Part(Version version, long end) -> {
                if (transfer.accept(part, ask, version, response, false)) {
                    receive(part, ask, response, end);
                } else {
                    drop(part, response);
                }
            }
            case PartAnswer.Whole(Version version) -> {
                if (transfer.accept(part, ask, version, response, true)) {
                    Transfer.Ask fromStart = new Transfer.Ask(ask.request(), 0);
                    receive(part, fromStart, response, version.length().orElse(Segments.OPEN_END));
                } else {
                    drop(part, response);
                }
            }
            case PartAnswer.Changed(String how) -> {
                drop(part, response);
                transfer.end(new Transfer.Outcome.Changed(how));
            }
            case PartAnswer.NothingThere(OptionalLong length) -> {
                drop(part, response);
                nothingThere(part, length.orElse(part.position()));
            }
            case PartAnswer.Later(int status, Optional<Duration> asked) -> {
                drop(part, response);
                lost =
                        Optional.of(
                                new Lost(new DownloadFailed("the server says " + status), asked));
            }
            case PartAnswer.Wrong(String what) -> {
                drop(part, response);
                transfer.giveUpRanges(what);
            }
            case PartAnswer.Refused(int status) -> {
                drop(part, response);
                transfer.end(
                        new Transfer.Outcome.Failed(
                                new DownloadFailed("the server says " + status + hint(status))));
            }
        }
    }

    private static String hint(int status) {
        return switch (status) {
            case 401, 407 -> " (credentials are needed: give them with a header)";
            case 403 -> " (access is not allowed)";
            case 404, 410 -> " (nothing is there: check the URL)";
            default -> "";
        };
    }

    private void drop(Segments.Part part, Response response) {
        List<Attempt> tries = response.attempts();
        response.close();
        tally.answered(tries, response.diagnosis(), part.position(), 0);
    }

    private void nothingThere(Segments.Part part, long length) {
        if (!transfer.hasBegun()) {
            // Empty content has no range; a plain request shows what is there.
            transfer.giveUpRanges("status 416");
        } else if (transfer.length().isEmpty() && length == part.position()) {
            transfer.endFound(part);
        } else {
            transfer.end(new Transfer.Outcome.Changed("it ends at byte " + length + " now"));
        }
    }

    /// Reads the body, which begins at `ask.from()` and ends at `end`, into the part.
    private void receive(Segments.Part part, Transfer.Ask ask, Response response, long end)
            throws IOException, InterruptedException {
        ResponseBody body = response.body();
        Reception reception = new Reception(part, ask.from(), end, body);
        boolean ended = false;
        try {
            while (!ended && !reception.hasEnough()) {
                ByteBuffer bytes = body.next();
                ended = bytes == null;
                if (bytes != null) {
                    reception.take(bytes);
                }
            }
        } catch (ConnectionFailure failure) {
            cut(failure, part, reception);
            return;
        } finally {
            reception.end();
        }
        List<Attempt> tries = response.attempts();
        if (!ended) {
            response.close();
        } else if (part.to() == Segments.OPEN_END) {
            transfer.endFound(part);
        }
        long carried = tally.answered(tries, response.diagnosis(), ask.from(), reception.received);
        transfer.carried(carried);
        if (reception.fresh == 0 && !part.isDone()) {
            lost =
                    Optional.of(
                            new Lost(
                                    new DownloadFailed("the server's answers bring no more bytes"),
                                    Optional.empty()));
        }
    }

    private void cut(ConnectionFailure failure, Segments.Part part, Reception reception)
            throws InterruptedException {
        if (transfer.isOver()) {
            tally.answered(
                    failure.attempts(), Optional.empty(), reception.from, reception.received);
            return;
        }
        long carried = tally.failed(failure, reception.from, reception.received);
        if (reception.received > 0) {
            transfer.cut(failure, carried);
        }
        if (reception.fresh == 0) {
            identicalCuts = Math.abs(carried - lastCut) <= SAME_POINT_BYTES ? identicalCuts + 1 : 1;
            lost = Optional.of(new Lost(failure, Optional.empty()));
        } else {
            identicalCuts = 0;
        }
        lastCut = carried;
        if (identicalCuts >= IDENTICAL_CUTS && transfer.isSequential()) {
            transfer.end(new Transfer.Outcome.Failed(hopeless(carried, failure)));
        } else if (reception.fresh > 0 && reception.fresh < LITTLE && !part.isDone()) {
            transfer.pause(AFTER_LITTLE);
        }
    }

    private static DownloadFailed hopeless(long bytes, ConnectionFailure failure) {
        return new DownloadFailed(
                String.format(
                        Locale.ROOT,
                        "the server ignores Range and ends each connection after %,d bytes, so nothing after them can be fetched",
                        bytes),
                failure);
    }

    /// One body on its way into a part.
    private final class Reception {
        private final Segments.Part part;
        private final long from;
        private final long end;
        private final ResponseBody body;
        private final PartFile.Writer writer;
        private long at;
        private long received;
        private long fresh;

        Reception(Segments.Part part, long from, long end, ResponseBody body) {
            this.part = part;
            this.from = from;
            this.end = end;
            this.body = body;
            this.writer = transfer.writerOf(body);
            this.at = from;
        }

        /// Whether the rest of the body is not wanted. A body that ends with the part is read to
        /// its end, so that its connection can be used again.
        boolean hasEnough() {
            return transfer.isOver() || (part.isDone() && at < end);
        }

        void take(ByteBuffer bytes) throws IOException, InterruptedException {
            received += bytes.remaining();
            Duration wait = transfer.rateWait(bytes.remaining());
            passKnown(bytes);
            int written = transfer.write(writer, part, bytes, body.isInPlace());
            fresh += written;
            at += bytes.remaining();
            if (wait.isPositive()) {
                transfer.pause(wait);
                part.heldUp(wait.toNanos());
            }
        }

        /// Lets go of the memory that was offered for the body.
        void end() {
            body.withdraw();
            writer.leave(part.isDone());
        }

        /// Goes past bytes that are there already; compares them where no validator vouches for
        /// them.
        private void passKnown(ByteBuffer bytes) throws IOException {
            int known = (int) Math.min(bytes.remaining(), Math.max(0, part.position() - at));
            if (known == 0) {
                return;
            }
            ByteBuffer compared = bytes.duplicate().limit(bytes.position() + known);
            if (!transfer.isProven() && !transfer.has(compared, at)) {
                transfer.end(new Transfer.Outcome.Changed("the bytes before the cut differ"));
            }
            bytes.position(bytes.position() + known);
            at += known;
        }
    }
}
