// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import static io.sparkreel.model.collective.ring.RankThreads.buffer;
import static io.sparkreel.model.collective.ring.RankThreads.options;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.ThreadRendezvous;
import io.sparkreel.model.collective.Work;
import io.sparkreel.model.collective.ring.FaultyLink.Fault;
import io.sparkreel.model.collective.ring.RankThreads.Outcome;
import java.io.File;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Ranks that die, stall, leave, are interrupted or do something else than the others. The times within which they are
 * named are those of {@link HeartbeatTest}.
 */
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RingFailureTest {

    private static final Duration STALL = Duration.ofMillis(1500);
    private static final RingOptions STRICT = options().toBuilder()
            .stallTimeout(STALL)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    @AfterEach
    void everythingIsGone() throws InterruptedException {
        RankThreads.assertNoRingThreads();
    }

    @Test
    void aRankThatClosesInMidRunIsNamedByAllOthers() {
        List<Outcome<Object>> outcomes = RankThreads.run(5, options(), ring -> {
            ByteBuffer data = buffer(new float[40_000]);
            for (int step = 0; step < 1000; step++) {
                if (ring.rank() == 2 && step == 17) {
                    return null;
                }
                ring.allReduceSum(data).await();
            }
            return null;
        });
        for (int rank = 0; rank < 5; rank++) {
            if (rank != 2) {
                assertEquals(
                        2,
                        outcomes.get(rank).failure().failedRank(),
                        outcomes.get(rank).failure().getMessage());
            }
        }
    }

    @Test
    void aRankCutOffIsNamedThoughTheOthersCompute() throws Exception {
        cutOff(true);
    }

    @Test
    void aRankThatFallsSilentIsNamedThoughTheOthersCompute() throws Exception {
        cutOff(false);
    }

    /** Rank 1 of 4 vanishes while nobody communicates; when they next do, all others know already. */
    private static void cutOff(boolean closed) throws Exception {
        ThreadRendezvous meeting = new ThreadRendezvous(4);
        CountDownLatch started = new CountDownLatch(4);
        CountDownLatch over = new CountDownLatch(3);
        try (FaultyLink before = new FaultyLink(Fault.NONE);
                FaultyLink after = new FaultyLink(Fault.NONE)) {
            List<Outcome<CollectiveException>> outcomes = RankThreads.run(
                    4,
                    rank -> switch (rank) {
                        case 0 -> before.before(1, meeting.of(rank));
                        case 1 -> after.before(2, meeting.of(rank));
                        default -> meeting.of(rank);
                    },
                    rank -> STRICT,
                    ring -> {
                        ring.barrier();
                        started.countDown();
                        if (ring.rank() == 1) {
                            started.await();
                            before.freeze();
                            after.freeze();
                            if (closed) {
                                before.cut();
                                after.cut();
                            }
                            over.await();
                            return null;
                        }
                        try {
                            started.await();
                            while (!ring.hasFailed()) {
                                Thread.sleep(5);
                            }
                            return assertThrows(
                                    CollectiveException.class, () -> ring.allReduceSum(buffer(new float[10])));
                        } finally {
                            over.countDown();
                        }
                    });
            for (int rank : new int[] {0, 2, 3}) {
                assertEquals(
                        1,
                        outcomes.get(rank).get().failedRank(),
                        outcomes.get(rank).get().getMessage());
                assertEquals(
                        !closed,
                        outcomes.get(rank).get().getMessage().contains("no heartbeat"),
                        outcomes.get(rank).get().getMessage());
            }
        }
    }

    @Test
    void aTaskThatStallsIsNamedThoughItsProcessAnswers() {
        CountDownLatch over = new CountDownLatch(3);
        List<Outcome<Object>> outcomes = RankThreads.run(4, STRICT, ring -> {
            if (ring.rank() == 2) {
                over.await();
                return null;
            }
            long start = System.nanoTime();
            try {
                ring.allReduceSum(buffer(new float[1000])).await();
                return null;
            } finally {
                assertTrue(System.nanoTime() - start > STALL.toNanos() / 2, "it was waited for");
                over.countDown();
            }
        });
        for (int rank : new int[] {0, 1, 3}) {
            CollectiveException failure = outcomes.get(rank).failure();
            assertEquals(2, failure.failedRank(), failure.getMessage());
            assertTrue(failure.getMessage().contains("no progress"), failure.getMessage());
        }
    }

    @Test
    void aSlowTaskThatReportsProgressIsWaitedFor() {
        RankThreads.run(3, STRICT, ring -> {
                    if (ring.rank() == 1) {
                        for (int piece = 0; piece < 15; piece++) {
                            Thread.sleep(200);
                            ring.reportProgress();
                        }
                    }
                    ring.allReduceSum(buffer(new float[1000])).await();
                    return null;
                })
                .forEach(Outcome::get);
    }

    @Test
    void anInterruptEndsTheRingEverywhere() {
        List<Outcome<Object>> outcomes = RankThreads.run(3, options(), ring -> {
            if (ring.rank() == 1) {
                Thread own = Thread.currentThread();
                Thread killer = new Thread(() -> {
                    try {
                        Thread.sleep(200);
                    } catch (InterruptedException never) {
                        throw new IllegalStateException(never);
                    }
                    own.interrupt();
                });
                killer.start();
            }
            if (ring.rank() == 2) {
                Thread.sleep(500);
            }
            try {
                ring.barrier();
                return null;
            } finally {
                assertEquals(ring.rank() == 1, Thread.currentThread().isInterrupted());
            }
        });
        for (Outcome<Object> outcome : outcomes) {
            assertEquals(1, outcome.failure().failedRank(), outcome.failure().getMessage());
            assertTrue(
                    outcome.failure().getMessage().contains("interrupted"),
                    outcome.failure().getMessage());
        }
        assertInstanceOf(InterruptedException.class, outcomes.get(1).failure().getCause());
    }

    @Test
    void differentOperationsAreAnErrorAndNotAWrongSum() {
        List<Outcome<Object>> outcomes = RankThreads.run(2, options(), ring -> {
            ByteBuffer data = buffer(new float[ring.rank() == 0 ? 1000 : 1001]);
            ring.allReduceSum(data).await();
            return null;
        });
        for (Outcome<Object> outcome : outcomes) {
            assertTrue(
                    outcome.failure().getMessage().contains("the same operations in the same order"),
                    outcome.failure().getMessage());
        }
    }

    @Test
    void everyPendingAndLaterOperationFailsWithTheSameName() {
        CountDownLatch submitted = new CountDownLatch(2);
        RankThreads.run(3, options(), ring -> {
                    if (ring.rank() == 0) {
                        submitted.await();
                        return null;
                    }
                    List<Work> work = IntStream.range(0, 20)
                            .mapToObj(number -> ring.allReduceSum(buffer(new float[5000])))
                            .toList();
                    submitted.countDown();
                    for (Work one : work) {
                        assertEquals(
                                0,
                                assertThrows(CollectiveException.class, one::await)
                                        .failedRank());
                        assertTrue(one.isDone());
                    }
                    assertEquals(
                            0,
                            assertThrows(CollectiveException.class, ring::barrier)
                                    .failedRank());
                    return null;
                })
                .forEach(Outcome::get);
    }

    @Test
    void failuresLeakNoDescriptors() throws Exception {
        fail(3);
        int before = openFiles();
        fail(20);
        RankThreads.assertNoRingThreads();
        int after = openFiles();
        assertTrue(after <= before + 5, before + " open files became " + after);
    }

    /** Rings that end by a failure and are never closed. */
    private static void fail(int times) {
        for (int time = 0; time < times; time++) {
            ThreadRendezvous meeting = new ThreadRendezvous(3);
            CountDownLatch joined = new CountDownLatch(3);
            RankThreads.start(3, rank -> {
                        @SuppressWarnings("resource") // That it frees itself is the point.
                        TcpRing ring = TcpRing.connect(options(), meeting.of(rank));
                        joined.countDown();
                        joined.await();
                        if (rank == 1) {
                            ring.close();
                        }
                        return assertThrows(CollectiveException.class, ring::barrier);
                    })
                    .forEach(Outcome::get);
        }
    }

    private static int openFiles() {
        String[] names = new File("/proc/self/fd").list();
        return names == null ? 0 : names.length;
    }
}
