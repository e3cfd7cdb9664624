package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class SideBySideTest {

    private static final List<Integer> MANY = IntStream.range(0, 1000).boxed().toList();

    @Test
    void eachThingIsTakenOnce() throws Exception {
        Queue<Integer> done = new ConcurrentLinkedQueue<>();

        SideBySide.forEach(MANY, done::add);

        assertThat(done).containsExactlyInAnyOrderElementsOf(MANY);
    }

    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void twoAreWorkedOnAtOnce() throws Exception {
        CountDownLatch both = new CountDownLatch(2);

        SideBySide.forEach(
                List.of("a", "b"),
                _ -> {
                    both.countDown();
                    awaitAll(both);
                });

        assertThat(both.getCount()).isZero();
    }

    @Test
    void afterAFailureNothingNewIsBegunAndItIsThrown() {
        List<String> tooMany = Collections.nCopies(1 << 30, "");
        AtomicInteger begun = new AtomicInteger();
        IOException failure = new IOException("gone");

        assertThatThrownBy(() ->
                        SideBySide.forEach(
                                tooMany,
                                _ -> {
                                    if (begun.getAndIncrement() == 0) {
                                        throw failure;
                                    }
                                }))
                .isSameAs(failure);
        assertThat(begun.get()).isLessThan(tooMany.size());
    }

    @Test
    void whatFailsAsWellIsToldToo() {
        CountDownLatch both = new CountDownLatch(2);

        assertThatThrownBy(() ->
                        SideBySide.forEach(
                                List.of("a", "b"),
                                name -> {
                                    both.countDown();
                                    awaitAll(both);
                                    throw new IOException(name);
                                }))
                .satisfies(failure -> assertThat(failure.getSuppressed()).hasSize(1));
    }

    @Test
    void oneThingIsDoneByTheCaller() throws Exception {
        List<Thread> workers = new ArrayList<>();

        SideBySide.forEach(List.of("a"), _ -> workers.add(Thread.currentThread()));

        assertThat(workers).containsExactly(Thread.currentThread());
    }

    /// Whoever interrupts the caller finds nothing running afterwards.
    @Test
    @Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void anInterruptEndsTheWorkOfBoth() {
        List<String> tooMany = Collections.nCopies(1 << 30, "");
        Thread caller = Thread.currentThread();
        AtomicInteger begun = new AtomicInteger();
        AtomicInteger running = new AtomicInteger();

        assertThatThrownBy(() ->
                        SideBySide.forEach(
                                tooMany,
                                _ -> {
                                    running.getAndIncrement();
                                    if (begun.getAndIncrement() == 10) {
                                        caller.interrupt();
                                    }
                                    running.getAndDecrement();
                                }))
                .isInstanceOf(InterruptedIOException.class);
        assertThat(Thread.interrupted()).isTrue();
        assertThat(running).hasValue(0);
        assertThat(begun.get()).isLessThan(tooMany.size());
    }

    private static void awaitAll(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
