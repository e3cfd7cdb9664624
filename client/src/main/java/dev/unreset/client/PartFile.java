package dev.unreset.client;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/// The unfinished file `NAME.part` and its journal `NAME.part.journal`.
///
/// Writers write where they are; a thread of its own forces the bytes to disk and then journals
/// them. Never more than [#WINDOW] bytes are written and not journalled: writers wait for the disk.
/// One process at a time: the journal is locked. Thread-safe.
final class PartFile implements AutoCloseable {

    /// What a crash can cost at most.
    private static final long WINDOW = 8 << 20;

    private static final long STEP = 4 << 20;

    private final Path finalFile;
    private final Path part;
    private final Path journalFile;
    private final FileChannel journalChannel;
    private final FileChannel channel;
    private final Journal journal;
    private Optional<Journal.Saved> saved;
    private final Thread syncer;

    private final ReentrantLock writing = new ReentrantLock();
    private final Object lock = new Object();
    private List<Segments.Span> written = new ArrayList<>();
    private long writtenBytes;
    private long unjournalled;
    private boolean closing;
    private boolean begun;
    private @Nullable IOException failure;

    private PartFile(
            Path finalFile,
            Path part,
            Path journalFile,
            FileChannel journalChannel,
            FileChannel channel)
            throws IOException {
        this.finalFile = finalFile;
        this.part = part;
        this.journalFile = journalFile;
        this.journalChannel = journalChannel;
        this.channel = channel;
        this.journal = new Journal(journalChannel);
        this.saved = journal.read().filter(known -> endOf(known) <= sizeOf(channel));
        this.syncer = Thread.ofPlatform().daemon().name("unreset-sync").start(this::sync);
    }

    /// Opens or creates the part file of `finalFile`.
    ///
    /// @throws DownloadFailed if another process has it, or the folder cannot be written
    static PartFile open(Path finalFile) throws IOException {
        Path part = partOf(finalFile);
        Path journalFile = journalOf(finalFile);
        FileChannel journalChannel = null;
        try {
            journalChannel =
                    FileChannel.open(
                            journalFile,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            if (!isLocked(journalChannel)) {
                throw DownloadFailed.ofFile(
                        finalFile,
                        "another process is downloading to it (it holds "
                                + journalFile.getFileName()
                                + ")",
                        null);
            }
            FileChannel channel =
                    FileChannel.open(
                            part,
                            StandardOpenOption.CREATE,
                            StandardOpenOption.READ,
                            StandardOpenOption.WRITE);
            return new PartFile(finalFile, part, journalFile, journalChannel, channel);
        } catch (IOException e) {
            if (journalChannel != null) {
                journalChannel.close();
            }
            throw e instanceof DownloadFailed ? e : cannotWrite(finalFile, e);
        }
    }

    static Path partOf(Path finalFile) {
        return finalFile.resolveSibling(finalFile.getFileName() + ".part");
    }

    static Path journalOf(Path finalFile) {
        return finalFile.resolveSibling(finalFile.getFileName() + ".part.journal");
    }

    private static boolean isLocked(FileChannel journal) throws IOException {
        try {
            FileLock held = journal.tryLock();
            return held != null;
        } catch (OverlappingFileLockException e) {
            // Another download of this very process holds it.
            return false;
        }
    }

    static DownloadFailed cannotWrite(Path file, IOException e) {
        String why =
                switch (e) {
                    case AccessDeniedException denied -> "permission denied";
                    case NoSuchFileException missing -> "the folder does not exist";
                    default -> String.valueOf(e.getMessage());
                };
        return DownloadFailed.ofFile(file, "cannot be written: " + why, e);
    }

    /// What an earlier run left and can be trusted.
    Optional<Journal.Saved> saved() {
        return saved;
    }

    /// What an earlier run left is of no use.
    void forgetSaved() {
        saved = Optional.empty();
    }

    /// Goes on with what an earlier run left.
    void goOn() throws IOException {
        journal.goOn();
        synchronized (lock) {
            begun = true;
        }
    }

    /// Begins with what `state` says is there: the journal is written anew, the part file cut to
    /// its end.
    void begin(Journal.Saved state) throws IOException {
        drain();
        synchronized (lock) {
            written.clear();
            writtenBytes = 0;
            unjournalled = 0;
            begun = true;
        }
        forgetSaved();
        channel.truncate(endOf(state));
        journal.begin(state);
    }

    /// Writes `bytes` at `offset`. Waits while too much is not on disk yet.
    void write(ByteBuffer bytes, long offset) throws IOException, InterruptedException {
        int count = bytes.remaining();
        synchronized (lock) {
            while (unjournalled + count > WINDOW && unjournalled > 0 && failure == null) {
                lock.wait();
            }
            throwFailure();
            unjournalled += count;
        }
        // The kernel lets one thread write to a file at a time and makes the others spin.
        writing.lock();
        try {
            long at = offset;
            while (bytes.hasRemaining()) {
                at += channel.write(bytes, at);
            }
        } finally {
            writing.unlock();
        }
        synchronized (lock) {
            note(new Segments.Span(offset, offset + count));
            writtenBytes += count;
            if (writtenBytes >= STEP) {
                lock.notifyAll();
            }
        }
    }

    private void note(Segments.Span span) {
        for (int i = 0; i < written.size(); i++) {
            if (written.get(i).to() == span.from()) {
                written.set(i, new Segments.Span(written.get(i).from(), span.to()));
                return;
            }
        }
        written.add(span);
    }

    /// Reads back what was written.
    int read(ByteBuffer into, long offset) throws IOException {
        return channel.read(into, offset);
    }

    /// The syncer's thread: forces what was written, then journals it.
    private void sync() {
        try {
            while (true) {
                List<Segments.Span> spans;
                long count;
                synchronized (lock) {
                    while (writtenBytes < STEP && !closing) {
                        lock.wait();
                    }
                    if (closing && written.isEmpty()) {
                        return;
                    }
                    spans = written;
                    count = writtenBytes;
                    written = new ArrayList<>();
                    writtenBytes = 0;
                }
                flush(spans, count);
            }
        } catch (InterruptedException e) {
            // Only the end of the process interrupts this thread.
            Thread.currentThread().interrupt();
        }
    }

    private void flush(List<Segments.Span> spans, long count) {
        try {
            if (begun && !spans.isEmpty()) {
                channel.force(false);
                journal.add(spans);
            }
        } catch (IOException e) {
            synchronized (lock) {
                failure = e;
            }
        } finally {
            synchronized (lock) {
                unjournalled -= count;
                lock.notifyAll();
            }
        }
    }

    /// Waits until everything written is journalled.
    private void drain() throws IOException {
        List<Segments.Span> spans;
        long count;
        synchronized (lock) {
            spans = written;
            count = writtenBytes;
            written = new ArrayList<>();
            writtenBytes = 0;
        }
        flush(spans, count);
        synchronized (lock) {
            boolean interrupted = false;
            while (unjournalled > 0 && failure == null) {
                try {
                    lock.wait();
                } catch (InterruptedException e) {
                    interrupted = true;
                }
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
            throwFailure();
        }
    }

    /// Gives the finished content its final name: forced to disk, then renamed, then the folder
    /// forced.
    void publish(long length) throws IOException {
        drain();
        if (channel.size() != length) {
            channel.truncate(length);
        }
        channel.force(true);
        stop();
        channel.close();
        Files.move(
                part,
                finalFile,
                StandardCopyOption.ATOMIC_MOVE,
                StandardCopyOption.REPLACE_EXISTING);
        Files.deleteIfExists(journalFile);
        journalChannel.close();
        forceFolder();
    }

    /// Deletes what is there, so that the next run starts from nothing.
    void discard() throws IOException {
        stop();
        channel.close();
        Files.deleteIfExists(part);
        Files.deleteIfExists(journalFile);
        journalChannel.close();
    }

    private void forceFolder() throws IOException {
        Path folder = finalFile.toAbsolutePath().getParent();
        if (folder == null) {
            return;
        }
        try (FileChannel opened = FileChannel.open(folder, StandardOpenOption.READ)) {
            opened.force(true);
        } catch (AccessDeniedException e) {
            // Windows opens no folders; there the rename is durable by itself.
        }
    }

    private void throwFailure() throws IOException {
        if (failure != null) {
            throw failure;
        }
    }

    private void stop() {
        synchronized (lock) {
            closing = true;
            lock.notifyAll();
        }
        boolean interrupted = false;
        while (syncer.isAlive()) {
            try {
                syncer.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    /// Keeps what is there for a later run. A part file with nothing in it is deleted.
    @Override
    public void close() throws IOException {
        if (!channel.isOpen()) {
            return;
        }
        stop();
        boolean empty = channel.size() == 0;
        channel.close();
        if (empty) {
            Files.deleteIfExists(part);
            Files.deleteIfExists(journalFile);
        }
        journalChannel.close();
    }

    private static long endOf(Journal.Saved state) {
        return state.have().isEmpty() ? 0 : state.have().getLast().to();
    }

    private static long sizeOf(FileChannel channel) {
        try {
            return channel.size();
        } catch (IOException e) {
            // A part file of unknown size holds nothing that can be trusted.
            return -1;
        }
    }
}
