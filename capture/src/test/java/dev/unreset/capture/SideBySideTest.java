package dev.unreset.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.Collections;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class SideBySideTest {

    private static final List<Integer> MANY = IntStream.range(0, 1000).boxed().toList();

    @Test
    void eachThingIsTakenOnce() throws Exception {
        Queue<Integer> done = new ConcurrentLinkedQueue<>();

        SideBySide.forEach(MANY, done::add);

        assertThat(done).containsExactlyInAnyOrderElementsOf(MANY);
    }

    @Test
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

    private static void awaitAll(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }
}
