package dev.unreset.client;

import dev.unreset.ConnectionFailure;
import dev.unreset.Limit;
import dev.unreset.Origin;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The fetching of one version of the content by several workers: what they share.
///
/// ```
/// first answer ─▶ begun: file, version and proof are known, more workers start
///     each worker: claim a part ─▶ ask ─▶ receive ─▶ release ─▶ claim …
/// over: whole, changed (the caller starts over), or failed
/// ```
///
/// Thread-safe.
final class Transfer {

    private static final Logger LOG = LoggerFactory.getLogger(Session.class);

    /// What the first request asks for: small content comes whole, and of large content no byte is
    /// asked for twice.
    private static final long FIRST_PART = 16L << 20;

    private static final long FIRST_OF_SEVERAL = 1L << 20;

    /// Content up to this size comes over one connection unless the user says otherwise.
    private static final long ONE_CONNECTION_UP_TO = 64L << 20;

    static final int USUAL_SEGMENTS = 4;
    private static final int OVERLAP = 64 << 10;

    /// The time that a connection may spend on waiting for its next part's answer.
    private static final double REQUEST_COST = 0.05;

    private static final long LEAST_IN_ORDER = 16 << 20;

    /// Requests stay so far below a limit that is known to cut.
    private static final double BELOW_BYTES = 0.99;

    private static final double BELOW_SECONDS = 0.9;
    private static final long LEAST_PART = 256 << 10;
    private static final Duration ALONE = Duration.ofSeconds(1);
    private static final int CUTS_TO_UNDERSTAND = 3;
    private static final int CUTS_WITHOUT_RULE = 5;
    private static final Duration PROGRESS_EVERY = Duration.ofMillis(100);

    private final DownloadRequest request;
    private final Exchanges exchanges;
    private final Time time;
    private final RandomGenerator random;
    private final Tally tally;
    private final Target target;
    private final TransferLimit cuts;
    private final ByteRate rate;
    private final long deadlineNanos;

    private final Segments segments;
    private final Set<SegmentWorker> active = new HashSet<>();
    private final Set<Response> open = new HashSet<>();
    private Version version;
    private @Nullable PartFile file;
    private @Nullable Proof proof;
    private @Nullable Thread proofThread;
    private @Nullable Outcome outcome;
    private boolean sequential;
    private boolean withoutRange;
    private int wantedWorkers = 1;
    private Origin origin;
    private double bytesPerSecond;
    private long fresh;

    /// The shortest time in which the server answered.
    private long answerNanos = Long.MAX_VALUE;

    private int cutCount;
    private int partsDone;
    private final long startedNanos;
    private long there;
    private long progressNanos;

    /// How a transfer ended.
    sealed interface Outcome {
        record Whole(long length) implements Outcome {}

        record Changed(String how) implements Outcome {}

        record Failed(IOException why) implements Outcome {}
    }

    /// A request for a part.
    ///
    /// @param from the first byte asked for: the part's own, or a little before it to compare
    record Ask(Request request, long from) {}

    /// @param saved what an earlier run left
    /// @param cuts shared by all transfers of a download
    /// @param deadlineNanos on `time`'s clock; `Long.MAX_VALUE`: none
    Transfer(
            DownloadRequest request,
            Exchanges exchanges,
            Time time,
            RandomGenerator random,
            Tally tally,
            Target target,
            Optional<Journal.Saved> saved,
            TransferLimit cuts,
            long deadlineNanos)
            throws IOException {
        this.request = request;
        this.exchanges = exchanges;
        this.time = time;
        this.random = random;
        this.tally = tally;
        this.target = target;
        this.cuts = cuts;
        this.deadlineNanos = deadlineNanos;
        this.startedNanos = time.nanos();
        this.rate = new ByteRate(request.bytesPerSecond());
        this.origin = Origin.of(request.uri());
        this.version = saved.map(Version::of).orElse(Version.UNKNOWN);
        this.segments = new Segments(List.of(new Segments.Span(0, Segments.OPEN_END)));
        if (saved.isPresent()) {
            goOn(target.part().orElseThrow(), saved.get());
        }
    }

    private void goOn(PartFile part, Journal.Saved saved) throws IOException {
        file = part;
        part.goOn();
        long end = saved.length().orElse(Segments.OPEN_END);
        List<Segments.Span> have = saved.have();
        if (saved.validator().isEmpty() && !have.isEmpty()) {
            // Only a prefix can be compared with what comes.
            have = have.getFirst().from() == 0 ? have.subList(0, 1) : List.of();
        }
        segments.replace(Segments.invert(have, end));
        there = Segments.length(have);
        wantedWorkers = workersFor(saved.length(), saved.validator().isPresent());
    }

    private int workersFor(OptionalLong length, boolean proven) {
        if (!proven || length.isEmpty() || sequential) {
            return 1;
        }
        int usual = length.getAsLong() > ONE_CONNECTION_UP_TO ? USUAL_SEGMENTS : 1;
        return request.segments().orElse(usual);
    }

    // ---- the caller's side

    /// Runs workers until it is over. Blocks.
    Outcome run() throws InterruptedException {
        startWorkers();
        try {
            synchronized (this) {
                while (!active.isEmpty()) {
                    wait();
                }
            }
            end(
                    segments.isDone()
                            ? new Outcome.Whole(length().orElseThrow())
                            : new Outcome.Failed(new DownloadFailed("no worker is left")));
        } catch (InterruptedException e) {
            end(new Outcome.Failed(new DownloadFailed("interrupted")));
            throw e;
        }
        synchronized (this) {
            return java.util.Objects.requireNonNull(outcome);
        }
    }

    private synchronized void startWorkers() {
        int wanted = Math.min(wantedWorkers, exchanges.connectionLimit(origin));
        int workers = isReadyForMore() ? Math.max(1, wanted) : 1;
        while (active.size() < workers && !isOver()) {
            SegmentWorker worker =
                    new SegmentWorker(this, tally, new LostTries(request.retry(), random));
            active.add(worker);
            Thread.ofPlatform().daemon().name("unreset-segment").start(worker);
        }
    }

    /// Whether one connection has shown enough for others to follow: it brought a part or lasted a
    /// while without being cut, or its cuts are understood. What cuts connections is learned at the
    /// price of one.
    private boolean isReadyForMore() {
        boolean asked = request.segments().isPresent();
        boolean understood = room().isPresent() || cutCount >= CUTS_TO_UNDERSTAND;
        boolean lasted =
                cutCount == 0 && (partsDone > 0 || time.nanos() - startedNanos > ALONE.toNanos());
        return asked || understood || lasted;
    }

    /// Waits for the digests. Empty if nothing speaks against the content.
    Optional<String> contradiction() throws InterruptedException {
        Thread following = proofThread;
        if (following != null) {
            following.join();
        }
        return proof == null ? Optional.empty() : proof.contradiction();
    }

    Optional<String> sha256() {
        return proof == null ? Optional.empty() : proof.sha256();
    }

    /// The bytes that are there.
    synchronized long there() {
        return there;
    }

    // ---- the workers' side

    synchronized boolean isOver() {
        return outcome != null;
    }

    /// Ends the transfer, the first time it is called: every connection is cut off.
    synchronized void end(Outcome how) {
        if (outcome == null) {
            outcome = how;
            open.forEach(Response::abort);
            notifyAll();
        }
    }

    /// The next part for `worker`; empty if there is none for it: then it is no longer counted.
    synchronized Optional<Segments.Part> claim(SegmentWorker worker) {
        Optional<Segments.Part> part = isOver() ? Optional.empty() : next();
        if (part.isEmpty()) {
            left(worker);
        }
        return part;
    }

    private Optional<Segments.Part> next() {
        long now = time.nanos();
        if (file == null && !withoutRange) {
            boolean several = request.segments().orElse(1) > 1;
            long first = several ? FIRST_OF_SEVERAL : FIRST_PART;
            return segments.claim(Math.min(first, room().orElse(first)), now);
        }
        if (sequential || withoutRange) {
            boolean mine = active.size() == 1 && !segments.isDone();
            return mine ? Optional.of(segments.claimRest(end(), now)) : Optional.empty();
        }
        if (active.size() > Math.max(1, exchanges.connectionLimit(origin))) {
            return Optional.empty();
        }
        long most = Math.min(share(), room().orElse(Long.MAX_VALUE));
        Optional<Segments.Part> next = segments.claim(most, now);
        return next.isPresent() || version.validator().isEmpty() ? next : segments.split(most, now);
    }

    /// How many bytes a part is to have. Guided self-scheduling (C. Polychronopoulos and D. Kuck,
    /// 1987): parts get smaller towards the end, so that all workers end together and no answer has
    /// to be cut short. Where the content is proved in its order, parts are no larger than makes
    /// their requests cheap: what comes far ahead would have to be read back from disk.
    private long share() {
        if (wantedWorkers == 1) {
            return Long.MAX_VALUE;
        }
        long whole = end() == Segments.OPEN_END ? Long.MAX_VALUE : end();
        long least = Math.max(1, Math.min(FIRST_PART, whole / wantedWorkers + 1));
        long guided = Math.max(least, segments.unclaimed() / (2L * wantedWorkers));
        if (proof == null || !proof.isNeeded()) {
            return guided;
        }
        double speed = fresh * 1e9 / Math.max(1, time.nanos() - startedNanos) / wantedWorkers;
        long cheap = (long) (speed * answerNanos / 1e9 / REQUEST_COST);
        return Math.min(guided, Math.max(LEAST_IN_ORDER, cheap));
    }

    /// How many bytes one connection may bring where the origin cuts them.
    private OptionalLong room() {
        OptionalLong most = OptionalLong.empty();
        Optional<Double> bytes = exchanges.profile(origin).limit(Limit.TRANSFER_BYTES);
        if (bytes.isPresent()) {
            most = OptionalLong.of((long) (bytes.get() * BELOW_BYTES));
        }
        Optional<Double> seconds = exchanges.profile(origin).limit(Limit.TRANSFER_SECONDS);
        if (seconds.isPresent() && bytesPerSecond > 0) {
            long inTime = (long) (bytesPerSecond * seconds.get() * BELOW_SECONDS);
            most = OptionalLong.of(Math.max(LEAST_PART, Math.min(most.orElse(inTime), inTime)));
        }
        return most;
    }

    /// The end of the content; open while its length is not known.
    private long end() {
        return version.length().orElse(Segments.OPEN_END);
    }

    /// The request for what is left of `part`.
    synchronized Ask ask(Segments.Part part) {
        long from = part.position();
        boolean proven = version.validator().isPresent();
        boolean whole = withoutRange || (file != null && !proven && from == 0);
        long first = whole ? 0 : proven ? from : Math.max(0, from - OVERLAP);
        Headers headers = request.headers().set("Accept-Encoding", "identity");
        if (!whole) {
            String last = part.to() == Segments.OPEN_END ? "" : String.valueOf(part.to() - 1);
            headers = headers.set("Range", "bytes=" + first + "-" + last);
            if (proven) {
                headers = headers.set("If-Range", version.validator().orElseThrow().value());
            }
        }
        if (proof == null) {
            headers = headers.set("Want-Repr-Digest", "sha-256=1");
        }
        if (room().isPresent()) {
            // The next request finds a connection that has carried nothing.
            headers = headers.set("Connection", "close");
        }
        Request asked =
                Request.of("GET", request.uri())
                        .withHeaders(headers)
                        .withRetry(RetryPolicy.none())
                        .withoutResume();
        return new Ask(asked, first);
    }

    /// Sends a request; its response is cut off when the transfer ends.
    Response send(Ask ask) throws IOException, InterruptedException {
        Request timed = ask.request();
        if (deadlineNanos != Long.MAX_VALUE) {
            timed = timed.withDeadline(Duration.ofNanos(Math.max(1, deadlineNanos - time.nanos())));
        }
        long asked = time.nanos();
        Response response = exchanges.send(timed);
        synchronized (this) {
            answerNanos = Math.min(answerNanos, time.nanos() - asked);
            open.add(response);
            if (isOver()) {
                response.abort();
            }
            return response;
        }
    }

    synchronized void closed(Response response) {
        open.remove(response);
    }

    PartAnswer answer(Ask ask, Response response) {
        synchronized (this) {
            return PartAnswer.of(
                    response.status(), response.headers(), version, ask.from(), time.now());
        }
    }

    /// An answer of the version `seen` came for `part`. False if its body is not what is needed
    /// now: it is to be dropped, and another part claimed.
    synchronized boolean accept(
            Segments.Part part, Ask ask, Version seen, Response response, boolean whole)
            throws IOException {
        origin = Origin.of(response.uri());
        boolean wanted = file != null || begin(seen, response, whole);
        startProof(response, whole);
        if (!whole) {
            return wanted;
        }
        if (!sequential && ask.from() + part.position() > 0) {
            request.listener().notice("the server ignores Range: one connection, from the start");
        }
        sequential = true;
        if (active.size() > 1) {
            return false;
        }
        segments.giveAllTo(part, end());
        return wanted;
    }

    private boolean begin(Version seen, Response response, boolean whole) throws IOException {
        response.headers()
                .first("Content-Encoding")
                .filter(encoding -> !encoding.equalsIgnoreCase("identity"))
                .ifPresent(encoding ->
                        request.listener()
                                .notice(
                                        "the server encoded the content ("
                                                + encoding
                                                + ") although it was asked not to: kept as it is"));
        PartFile opened = target.open(response);
        Optional<Journal.Saved> saved =
                opened.saved()
                        .filter(known -> known.uri().equals(request.uri().toString()))
                        .filter(known -> Version.of(known).differs(seen).isEmpty());
        if (saved.isPresent() && !saved.get().have().isEmpty()) {
            version = Version.of(saved.get());
            goOn(opened, saved.get());
            startWorkers();
            return false;
        }
        file = opened;
        version = seen;
        opened.begin(
                new Journal.Saved(
                        request.uri().toString(), seen.length(), seen.validator(), List.of()));
        segments.endAt(end());
        boolean proven = seen.validator().isPresent();
        wantedWorkers = workersFor(seen.length(), proven && !whole);
        // Without a strong validator, one answer that brings everything is the only sure one.
        boolean useful = whole || proven || segments.unclaimed() == 0;
        if (useful) {
            startWorkers();
        }
        return useful;
    }

    private void startProof(Response response, boolean whole) {
        if (proof != null) {
            return;
        }
        List<Checksum> expected = Proof.offered(response.headers(), whole);
        request.checksum().ifPresent(expected::addFirst);
        Proof started = new Proof(expected, request.digest());
        proof = started;
        if (started.isNeeded()) {
            PartFile from = java.util.Objects.requireNonNull(file);
            from.keepFrom(0);
            proofThread =
                    Thread.ofPlatform()
                            .daemon()
                            .name("unreset-proof")
                            .start(() -> prove(started, from));
        }
    }

    private void prove(Proof started, PartFile from) {
        try {
            started.follow(
                    (at, to, reader) -> {
                        from.keepFrom(at);
                        return from.read(at, to, reader);
                    },
                    this::awaitMore);
        } catch (IOException e) {
            end(new Outcome.Failed(e));
        } catch (InterruptedException e) {
            // The transfer ended before the content did.
            Thread.currentThread().interrupt();
        }
    }

    /// Waits until the bytes before the result are more than `at`, or the content ends at `at`.
    private synchronized long awaitMore(long at) throws InterruptedException {
        while (true) {
            long ready = segments.firstMissing(end());
            if (ready > at && ready != Segments.OPEN_END) {
                return ready;
            }
            if (at == end() || outcome instanceof Outcome.Whole) {
                return at;
            }
            if (isOver()) {
                throw new InterruptedException("the transfer ended");
            }
            wait(20);
        }
    }

    /// Writes a body to the file.
    PartFile.Writer writerOf(ResponseBody body) {
        return java.util.Objects.requireNonNull(file).new Writer(body::offer);
    }

    /// Writes what of `bytes` belongs to `part`; returns how many bytes those were.
    ///
    /// @param inPlace whether they are already in the memory that `writer` offered last
    int write(PartFile.Writer writer, Segments.Part part, ByteBuffer bytes, boolean inPlace)
            throws IOException, InterruptedException {
        int mine = (int) Math.min(bytes.remaining(), part.left());
        if (mine > 0) {
            long before = time.nanos();
            writer.write(
                    bytes.duplicate().limit(bytes.position() + mine),
                    part.position(),
                    part.to(),
                    inPlace);
            part.heldUp(time.nanos() - before);
            int counted = part.advance(mine);
            progressed(counted);
        }
        return mine;
    }

    /// Whether the file has these bytes at `offset`.
    boolean has(ByteBuffer bytes, long offset) throws IOException {
        PartFile from = java.util.Objects.requireNonNull(file);
        ByteBuffer left = bytes.duplicate();
        long end = offset + left.remaining();
        AtomicBoolean same = new AtomicBoolean(true);
        while (same.get() && left.hasRemaining()) {
            from.read(
                    end - left.remaining(),
                    end,
                    known -> {
                        ByteBuffer compared = left.slice(left.position(), known.remaining());
                        left.position(left.position() + known.remaining());
                        same.set(known.equals(compared));
                    });
        }
        return same.get();
    }

    private void progressed(int count) {
        DownloadListener.Progress progress;
        synchronized (this) {
            fresh += count;
            there += count;
            long now = time.nanos();
            if (now - progressNanos < PROGRESS_EVERY.toNanos() && progressNanos != 0) {
                return;
            }
            progressNanos = now;
            hireMore();
            progress =
                    new DownloadListener.Progress(
                            there, version.length(), segments.runningCount(), tally.failures());
        }
        request.listener().progress(progress);
    }

    /// Bytes that this transfer brought.
    synchronized long fresh() {
        return fresh;
    }

    /// The content ends where the body of `part` ended.
    synchronized void endFound(Segments.Part part) {
        version = version.withLength(part.position());
        segments.endAt(part.position());
    }

    synchronized void release(Segments.Part part) {
        segments.release(part);
        if (part.isDone()) {
            partsDone++;
        }
        hireMore();
    }

    /// More workers, once there is something for them to do.
    private void hireMore() {
        if (file != null && segments.unclaimed() > 0 && !sequential && !withoutRange) {
            startWorkers();
        }
    }

    /// How long `bytes` that were just received make their receiver wait.
    Duration rateWait(int bytes) {
        return rate.taken(bytes, time.nanos());
    }

    /// Waits, but not after the transfer is over.
    synchronized void pause(Duration duration) throws InterruptedException {
        long until = time.nanos() + duration.toNanos();
        for (long left = duration.toNanos(); left > 0 && !isOver(); left = until - time.nanos()) {
            wait(Math.max(1, left / 1_000_000));
        }
    }

    /// Ranges cannot be trusted here: from now on one plain request brings everything.
    synchronized void giveUpRanges(String why) {
        if (!withoutRange) {
            request.listener()
                    .notice(why + ": ranges cannot be used here, one connection, from the start");
        }
        withoutRange = true;
    }

    /// Whether parts are of no use here: what comes, comes from the start.
    synchronized boolean isSequential() {
        return sequential || withoutRange;
    }

    boolean hasBegun() {
        synchronized (this) {
            return file != null;
        }
    }

    synchronized boolean isProven() {
        return version.validator().isPresent();
    }

    synchronized OptionalLong length() {
        return version.length();
    }

    /// A connection that had carried `bytes` was cut.
    synchronized void cut(ConnectionFailure failure, long bytes) {
        cutCount++;
        Duration age = failure.facts().age();
        bytesPerSecond = bytes / Math.max(0.001, age.toNanos() / 1e9);
        cuts.cut(new TransferLimit.Cut(bytes, age, time.nanos()))
                .ifPresentOrElse(
                        this::learn,
                        () -> {
                            if (cutCount == CUTS_WITHOUT_RULE) {
                                tally.note(Symptoms.irregularCuts(cutCount));
                            }
                        });
    }

    private void learn(TransferLimit.Found found) {
        tally.note(Symptoms.transferLimit(found));
        learn(found.limit(), found.most());
    }

    private void learn(Limit limit, double value) {
        if (exchanges.profile(origin).limit(limit).filter(known -> known <= value).isEmpty()) {
            LOG.info("{}: connections are cut at {} {}", origin, limit.label(), value);
        }
        exchanges.learn(origin, known -> known.failed(limit, value, time.now()));
    }

    /// A connection carried `bytes` and was not cut.
    void carried(long bytes) {
        Origin now;
        synchronized (this) {
            now = origin;
        }
        if (exchanges
                .profile(now)
                .limit(Limit.TRANSFER_BYTES)
                .filter(cut -> bytes >= cut)
                .isPresent()) {
            exchanges.learn(now, known -> known.worked(Limit.TRANSFER_BYTES, (double) bytes));
        }
    }

    /// `worker` tried often enough. The transfer fails if nobody else goes on.
    synchronized void gaveUp(SegmentWorker worker, IOException why) {
        if (active.size() <= 1 && !segments.isDone()) {
            end(new Outcome.Failed(why));
        }
        left(worker);
    }

    synchronized void left(SegmentWorker worker) {
        active.remove(worker);
        notifyAll();
    }

    /// Whether the download may take no longer.
    boolean isLate() {
        return deadlineNanos != Long.MAX_VALUE && time.nanos() - deadlineNanos >= 0;
    }

    RetryPolicy retry() {
        return request.retry();
    }
}
