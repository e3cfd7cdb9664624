package dev.unreset.capture;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/// Work that is done on several threads at once.
final class SideBySide {

    private SideBySide() {}

    /// A part of the work.
    interface Task {
        void run() throws IOException;
    }

    /// What is done with each of several things.
    interface Work<T> {
        void accept(T thing) throws IOException;
    }

    /// Does `work` with each of `things` on two threads: whichever is free takes the next. Returns
    /// when all is done; after a failure, or when one of the two is interrupted, nothing new is
    /// begun.
    ///
    /// @throws IOException as [#run]
    static <T> void forEach(List<T> things, Work<T> work) throws IOException {
        AtomicInteger taken = new AtomicInteger();
        Task some =
                () -> {
                    boolean done = false;
                    try {
                        int next = taken.getAndIncrement();
                        while (next < things.size()) {
                            if (Thread.currentThread().isInterrupted()) {
                                throw interrupted();
                            }
                            work.accept(things.get(next));
                            next = taken.getAndIncrement();
                        }
                        done = true;
                    } finally {
                        if (!done) {
                            taken.set(things.size());
                        }
                    }
                };
        run(things.size() < 2 ? List.of(some) : List.of(some, some));
    }

    /// Runs `tasks`, each on a thread of its own, the first on the caller's; returns when all are
    /// done. Where the caller is interrupted, so are the others.
    ///
    /// @throws IOException what one of them threw, or that the caller was interrupted
    static void run(List<? extends Task> tasks) throws IOException {
        Queue<Throwable> failures = new ConcurrentLinkedQueue<>();
        List<Thread> threads = new ArrayList<>();
        for (Task task : tasks.subList(1, tasks.size())) {
            threads.add(
                    Thread.ofPlatform()
                            .daemon()
                            .name("capture")
                            .start(() -> runOne(task, failures)));
        }
        runOne(tasks.getFirst(), failures);
        if (joinAll(threads)) {
            failures.add(interrupted());
        }
        @Nullable Throwable first = failures.poll();
        if (first == null) {
            return;
        }
        failures.removeIf(first::equals);
        failures.forEach(first::addSuppressed);
        switch (first) {
            case IOException e -> throw e;
            case Error e -> throw e;
            default -> throw new IllegalStateException("reading a capture failed", first);
        }
    }

    /// Whether the caller was interrupted meanwhile.
    private static boolean joinAll(List<Thread> threads) {
        boolean interrupted = false;
        for (Thread thread : threads) {
            while (thread.isAlive()) {
                try {
                    thread.join();
                } catch (InterruptedException e) {
                    interrupted = true;
                    threads.forEach(Thread::interrupt);
                }
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return interrupted;
    }

    private static IOException interrupted() {
        return new InterruptedIOException("interrupted while reading the capture");
    }

    private static void runOne(Task task, Queue<Throwable> failures) {
        try {
            task.run();
        } catch (UncheckedIOException e) {
            failures.add(e.getCause());
        } catch (IOException | RuntimeException | Error e) {
            failures.add(e);
        }
    }
}
