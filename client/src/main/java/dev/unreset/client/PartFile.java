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
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// The unfinished file `NAME.part` and its journal `NAME.part.journal`.
///
/// ```
/// received ─▶ block in memory ─full─▶ written ─forced─▶ journalled
/// ```
///
/// Whoever fills a block writes it; a thread of its own forces what was written to disk and then
/// journals it. Never more than [#WINDOW] bytes are received and not journalled: receivers wait for
/// the disk. One process at a time: the journal is locked. Thread-safe.
final class PartFile implements AutoCloseable {

    /// What a crash can cost at most.
    private static final long WINDOW = 8 << 20;

    private static final long STEP = 2 << 20;

    private final Path finalFile;
    private final Path part;
    private final Path journalFile;
    private final FileChannel journalChannel;
    private final DiskFile disk;
    private final Journal journal;
    private final Blocks blocks;
    private Optional<Journal.Saved> saved;
    private final Thread syncer;

    private final Object lock = new Object();
    private List<Segments.Span> written = new ArrayList<>();
    private long writtenBytes;

    /// Room for bytes that are in memory, and bytes that are written and not journalled.
    private long unjournalled;

    private int waiting;
    private boolean closing;
    private boolean begun;
    private @Nullable IOException failure;

    private PartFile(
            Path finalFile,
            Path part,
            Path journalFile,
            FileChannel journalChannel,
            DiskFile disk,
            int writers)
            throws IOException {
        this.finalFile = finalFile;
        this.part = part;
        this.journalFile = journalFile;
        this.journalChannel = journalChannel;
        this.disk = disk;
        this.journal = new Journal(journalChannel);
        this.blocks = new Blocks(disk, writers, WINDOW / 2);
        this.saved = journal.read().filter(known -> endOf(known) <= sizeOf(disk));
        this.syncer = Thread.ofPlatform().daemon().name("unreset-sync").start(this::sync);
    }

    /// Opens or creates the part file of `finalFile`.
    ///
    /// @param writers how many threads are going to write at a time
    /// @throws DownloadFailed if another process has it, or the folder cannot be written
    static PartFile open(Path finalFile, int writers) throws IOException {
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
            DiskFile disk = DiskFile.open(part);
            return new PartFile(finalFile, part, journalFile, journalChannel, disk, writers);
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

    /// How many bytes of `finalFile` the next run will find.
    static long keptOf(Path finalFile) {
        try (FileChannel channel =
                FileChannel.open(journalOf(finalFile), StandardOpenOption.READ)) {
            return new Journal(channel)
                    .read()
                    .map(saved -> Segments.length(saved.have()))
                    .orElse(0L);
        } catch (IOException e) {
            // No journal: nothing is kept.
            return 0;
        }
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
    /// its end. Only while nobody writes.
    void begin(Journal.Saved state) throws IOException {
        drain();
        blocks.clear();
        synchronized (lock) {
            begun = true;
        }
        forgetSaved();
        disk.truncate(endOf(state));
        journal.begin(state);
    }

    /// Takes bytes that follow each other. For one thread.
    final class Writer {
        private final Consumer<ByteBuffer> offer;
        private Blocks.@Nullable Block block;
        private Blocks.@Nullable Block offered;

        /// @param offer is given memory in which the next bytes may already be when they are
        ///   written, until the writer has left
        Writer(Consumer<ByteBuffer> offer) {
            this.offer = offer;
        }

        /// Takes `bytes`, which belong at `offset`; bytes up to `end` are expected. Waits while too
        /// much is not on disk yet.
        ///
        /// @param inPlace whether they are the first in the memory that was offered last
        void write(ByteBuffer bytes, long offset, long end, boolean inPlace)
                throws IOException, InterruptedException {
            long at = offset;
            while (bytes.hasRemaining()) {
                Blocks.Block into = blockAt(at);
                at += into.fill(bytes, inPlace);
                if (into.isFull()) {
                    block = at < end ? beginAtOnce(at) : null;
                    offerRoom(bytes);
                    writeOut(into);
                } else {
                    offerRoom(bytes);
                }
            }
        }

        private Blocks.Block blockAt(long at) throws IOException, InterruptedException {
            Blocks.Block current = block;
            if (current != null && current.end() == at) {
                return current;
            }
            leave(false);
            Blocks.Block next = blocks.filling(at).orElse(null);
            if (next == null) {
                next = begin(at);
            }
            block = next;
            return next;
        }

        private void offerRoom(ByteBuffer bytes) {
            if (block != null && block != offered && !bytes.hasRemaining()) {
                offered = block;
                offer.accept(block.room());
            }
        }

        /// Whoever goes on where this writer stopped may now do so. Nobody puts bytes into the
        /// offered memory any more.
        ///
        /// @param done whether nobody will go on there
        void leave(boolean done) {
            Blocks.Block left = block;
            block = null;
            if (left == null) {
                return;
            }
            if (done && left.length() > 0) {
                writeOut(left);
            } else if (blocks.leave(left)) {
                synchronized (lock) {
                    unjournalled -= left.capacity();
                    lock.notifyAll();
                }
            }
        }
    }

    /// A new block at `at`, once there is room for it.
    private Blocks.Block begin(long at) throws IOException, InterruptedException {
        int capacity = blocks.capacityAt(at);
        reserve(capacity);
        return blocks.begin(at, capacity);
    }

    /// A new block at `at` if there is room for it now.
    private Blocks.@Nullable Block beginAtOnce(long at) {
        int capacity = blocks.capacityAt(at);
        return isReserved(capacity) ? blocks.begin(at, capacity) : null;
    }

    private boolean isReserved(int capacity) {
        synchronized (lock) {
            boolean fits = failure == null && unjournalled + capacity <= WINDOW;
            if (fits) {
                unjournalled += capacity;
            }
            return fits;
        }
    }

    private void reserve(int capacity) throws IOException, InterruptedException {
        while (!isReserved(capacity)) {
            synchronized (lock) {
                throwFailure();
                if (unjournalled + capacity <= WINDOW) {
                    continue;
                }
                if (blocks.fillingBytes() < unjournalled) {
                    waiting++;
                    lock.notifyAll();
                    lock.wait();
                    waiting--;
                    continue;
                }
            }
            // All of it is in blocks that are not full: one that its writer has left goes.
            Optional<Blocks.Block> left = blocks.left();
            left.ifPresent(this::writeOut);
            if (left.isEmpty()) {
                Thread.onSpinWait();
            }
        }
    }

    private void writeOut(Blocks.Block block) {
        try {
            blocks.writeOut(block);
            synchronized (lock) {
                unjournalled -= block.capacity() - block.length();
                note(block.span());
                if (writtenBytes >= STEP || waiting > 0) {
                    lock.notifyAll();
                }
            }
        } catch (IOException e) {
            fail(e);
        }
    }

    private void note(Segments.Span span) {
        writtenBytes += span.length();
        for (int i = 0; i < written.size(); i++) {
            if (written.get(i).to() == span.from()) {
                written.set(i, new Segments.Span(written.get(i).from(), span.to()));
                return;
            }
        }
        written.add(span);
    }

    private void fail(IOException e) {
        synchronized (lock) {
            failure = e;
            lock.notifyAll();
        }
    }

    /// Gives `reader` some of the bytes from `from` to `to`, which must be there, beginning with
    /// the first; returns how many.
    int read(long from, long to, Consumer<ByteBuffer> reader) throws IOException {
        return blocks.read(from, to, reader);
    }

    /// From now on, what is written stays in memory while there is room, for whoever reads the
    /// content from `offset` on.
    void keepFrom(long offset) {
        blocks.keepFrom(offset);
    }

    /// The syncer's thread: forces what was written, then journals it.
    private void sync() {
        try {
            while (true) {
                synchronized (lock) {
                    while (!closing && writtenBytes < (waiting > 0 ? 1 : STEP)) {
                        lock.wait();
                    }
                    if (closing) {
                        return;
                    }
                }
                journalWritten();
            }
        } catch (InterruptedException e) {
            // Only the end of the process interrupts this thread.
            Thread.currentThread().interrupt();
        }
    }

    private synchronized void journalWritten() {
        List<Segments.Span> spans;
        long count;
        boolean wanted;
        synchronized (lock) {
            spans = written;
            count = writtenBytes;
            written = new ArrayList<>();
            writtenBytes = 0;
            wanted = begun && !spans.isEmpty();
        }
        try {
            if (wanted) {
                disk.force();
                journal.add(spans);
            }
        } catch (IOException e) {
            fail(e);
        } finally {
            synchronized (lock) {
                unjournalled -= count;
                lock.notifyAll();
            }
        }
    }

    /// Returns once everything that was received is journalled. Only while nobody writes.
    private void drain() throws IOException {
        for (Optional<Blocks.Block> left = blocks.left(); left.isPresent(); left = blocks.left()) {
            writeOut(left.get());
        }
        journalWritten();
        synchronized (lock) {
            throwFailure();
        }
    }

    /// Gives the finished content its final name: forced to disk, then renamed, then the folder
    /// forced.
    void publish(long length) throws IOException {
        drain();
        stop();
        if (disk.size() != length) {
            disk.truncate(length);
        }
        disk.force();
        disk.close();
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
        disk.close();
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
        if (!disk.isOpen()) {
            return;
        }
        try {
            drain();
        } catch (IOException e) {
            // Whoever wrote has been told; what is journalled stays.
        }
        stop();
        boolean empty = disk.size() == 0;
        disk.close();
        if (empty) {
            Files.deleteIfExists(part);
            Files.deleteIfExists(journalFile);
        }
        journalChannel.close();
    }

    private static long endOf(Journal.Saved state) {
        return state.have().isEmpty() ? 0 : state.have().getLast().to();
    }

    private static long sizeOf(DiskFile disk) {
        try {
            return disk.size();
        } catch (IOException e) {
            // A part file of unknown size holds nothing that can be trusted.
            return -1;
        }
    }
}
