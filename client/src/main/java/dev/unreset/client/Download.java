package dev.unreset.client;

import dev.unreset.ConnectionFailure;
import dev.unreset.Origin;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import java.util.random.RandomGenerator;

/// One download, from the first request to the file's final name.
///
/// Each version of the content is fetched by a [Transfer]. When the content changes in between,
/// everything is thrown away and the new version is fetched: parts of two versions never meet.
final class Download {

    /// Content that changes more often than this while it is fetched cannot be had.
    private static final int MOST_VERSIONS = 5;

    private final DownloadRequest request;
    private final Exchanges exchanges;
    private final Time time;
    private final RandomGenerator random;
    private final Tally tally = new Tally();
    private final TransferLimit cuts = new TransferLimit();
    private Path file;
    private Optional<String> sha256 = Optional.empty();
    private long there;
    private boolean sequential;

    Download(DownloadRequest request, Exchanges exchanges, Time time, RandomGenerator random) {
        this.request = request;
        this.exchanges = exchanges;
        this.time = time;
        this.random = random;
        this.file = request.file().orElse(request.folder());
    }

    /// Runs it. Blocks.
    DownloadResult run() throws InterruptedException {
        long started = time.nanos();
        Optional<String> failure = fetched(started);
        return new DownloadResult(
                request.uri(),
                file,
                failure,
                there,
                tally.received(),
                Duration.ofNanos(time.nanos() - started),
                sha256,
                tally.connections(),
                tally.attempts(),
                tally.diagnosis(),
                exchanges.profile(Origin.of(request.uri())));
    }

    /// Fetches the content. Empty if the file is whole, else why it is not.
    private Optional<String> fetched(long started) throws InterruptedException {
        try (Target target = new Target(request)) {
            file = target.file();
            try {
                fetch(target, started);
            } finally {
                file = target.file();
            }
            return Optional.empty();
        } catch (IOException e) {
            there = there == 0 ? 0 : PartFile.keptOf(file);
            return Optional.of(message(e));
        }
    }

    private void fetch(Target target, long started) throws IOException, InterruptedException {
        long deadline =
                request.deadline()
                        .map(allowed -> started + allowed.toNanos())
                        .orElse(Long.MAX_VALUE);
        Optional<Journal.Saved> saved = target.reopen();
        for (int versions = 1; ; versions++) {
            Transfer transfer =
                    new Transfer(
                            request, exchanges, time, random, tally, target, saved, cuts, deadline);
            Transfer.Outcome outcome;
            try {
                outcome = transfer.run();
            } finally {
                there = transfer.there();
                sequential = transfer.isSequential();
            }
            switch (outcome) {
                case Transfer.Outcome.Whole(long length) -> {
                    finish(target, transfer, length);
                    return;
                }
                case Transfer.Outcome.Failed(IOException why) -> throw why;
                case Transfer.Outcome.Changed(String how) -> startOver(target, how, versions);
            }
            saved = Optional.empty();
        }
    }

    private void startOver(Target target, String how, int versions) throws DownloadFailed {
        if (versions == MOST_VERSIONS) {
            throw new DownloadFailed(
                    "the content changed "
                            + versions
                            + " times while it was fetched, the last time: "
                            + how);
        }
        request.listener().notice("the content changed on the server (" + how + "): starting over");
        target.part().ifPresent(PartFile::forgetSaved);
    }

    private void finish(Target target, Transfer transfer, long length)
            throws IOException, InterruptedException {
        PartFile part = target.part().orElseThrow();
        Optional<String> contradiction = transfer.contradiction();
        target.done();
        if (contradiction.isPresent()) {
            part.discard();
            there = 0;
            throw new DownloadFailed(
                    "the content is damaged: " + contradiction.get() + "; nothing was kept");
        }
        part.publish(length);
        sha256 = transfer.sha256();
        there = length;
    }

    private String message(IOException e) {
        if (e instanceof DownloadFailed failed && failed.isAboutFile()) {
            return String.valueOf(e.getMessage());
        }
        String what = e instanceof ConnectionFailure ? String.valueOf(e.getMessage()) : detail(e);
        return request.uri() + ": " + what + kept();
    }

    private static String detail(IOException e) {
        String message = String.valueOf(e.getMessage());
        if (message.contains("No space left on device")
                || message.contains("Disk quota exceeded")) {
            return "the disk is full: free some space";
        }
        return e instanceof DownloadFailed ? message : "cannot write the file: " + message;
    }

    private String kept() {
        Path part = PartFile.partOf(file);
        if (there == 0 || !Files.exists(part)) {
            return "";
        }
        return String.format(
                Locale.ROOT,
                "%n%,d bytes are kept in %s: the same command %s",
                there,
                part,
                sequential
                        ? "starts over, because ranges cannot be used here"
                        : "goes on from there");
    }
}
