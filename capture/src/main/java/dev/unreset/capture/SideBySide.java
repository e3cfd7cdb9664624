package dev.unreset.capture;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;

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
    /// when all is done; after a failure, nothing new is begun.
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
        run(List.of(some, some));
    }

    /// Runs `tasks`, each on a thread of its own, the first on the caller's; returns when all are
    /// done.
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
        try {
            for (Thread thread : threads) {
                thread.join();
            }
        } catch (InterruptedException e) {
            threads.forEach(Thread::interrupt);
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while reading the capture", e);
        }
        Throwable caught = failures.peek();
        if (caught instanceof UncheckedIOException e) {
            throw e.getCause();
        }
        if (caught instanceof IOException e) {
            throw e;
        }
        if (caught != null) {
            throw new IllegalStateException("reading a capture failed", caught);
        }
    }

    private static void runOne(Task task, Queue<Throwable> failures) {
        try {
            task.run();
        } catch (IOException | RuntimeException | Error e) {
            failures.add(e);
        }
    }
}
