// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import static io.sparkreel.model.collective.ring.RankThreads.buffer;
import static io.sparkreel.model.collective.ring.RankThreads.expectedSum;
import static io.sparkreel.model.collective.ring.RankThreads.floats;
import static io.sparkreel.model.collective.ring.RankThreads.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.ThreadRendezvous;
import io.sparkreel.model.collective.Work;
import io.sparkreel.model.collective.ring.FaultyLink.Fault;
import io.sparkreel.model.collective.ring.FaultyLink.Kind;
import io.sparkreel.model.collective.ring.RankThreads.Outcome;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** A ring of three on a network that fails in one place: nobody hangs, no sum is wrong, everyone learns who failed. */
class RingFaultTest {

    private static final int RANKS = 3;
    private static final int COUNT = 30_000;
    private static final int SLICE = 16_384;
    private static final int AT_ONCE = 9;

    /** Bytes of the barrier that ends the joining: two frames of one byte. */
    private static final int JOINED = 2 * (FrameHeader.BYTES + 1);

    /** A third of the values, in three slices, at each of four steps. */
    private static final int ALL_REDUCE = 4 * (COUNT / RANKS * Float.BYTES + 3 * FrameHeader.BYTES);

    /**
     * Two frames of one byte; of lengths, of offers of memory, of lengths. Then each head of an all-reduce's twelve slices
     * is all that passes.
     */
    private static final int SHARING =
            JOINED + 2 * 2 * (FrameHeader.BYTES + Integer.BYTES) + 2 * FrameHeader.BYTES + 150;

    private static final RingOptions OPTIONS = RankThreads.options().toBuilder()
            .streams(1)
            .sliceBytes(SLICE)
            .stallTimeout(Duration.ofMillis(1200))
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    @AfterEach
    void everythingIsGone() throws InterruptedException {
        RankThreads.assertNoRingThreads();
    }

    @Test
    void theLinkItselfIsHarmless() throws IOException {
        for (RingOptions options : List.of(
                OPTIONS,
                OPTIONS.toBuilder().transport(Transport.SHARED).build(),
                OPTIONS.toBuilder().encrypted(true).build())) {
            for (Outcome<float[]> outcome : run(options, Fault.NONE, 1, 1)) {
                assertArrayEquals(expectedSum(RANKS, COUNT, 1), outcome.get());
            }
        }
    }

    @Test
    void faultsOfDataAreNamedByEveryRank() throws Exception {
        // Magic, operation number, checksum, payload, head of the second frame, end of the last payload.
        int[] points = {0, 22, 49, 9_000, FrameHeader.BYTES + SLICE + 5, ALL_REDUCE - 20};
        List<Case> cases = new ArrayList<>();
        for (Kind kind : List.of(Kind.DROP, Kind.DELAY, Kind.TRUNCATE, Kind.DUPLICATE, Kind.FLIP, Kind.CLOSE)) {
            for (int point : points) {
                for (int target = 0; target < RANKS; target++) {
                    cases.add(new Case(OPTIONS, new Fault(kind, 0, JOINED + point), target));
                }
            }
        }
        checkAll(cases);
    }

    @Test
    void faultsOfControlAreNamedByEveryRank() throws Exception {
        List<Case> cases = new ArrayList<>();
        // The first byte of a message is the highest of its length, the fifth its type.
        for (Kind kind : List.of(Kind.DELAY, Kind.TRUNCATE, Kind.CLOSE, Kind.FLIP)) {
            for (int point : new int[] {0, 4}) {
                cases.add(new Case(OPTIONS, new Fault(kind, Handshake.CONTROL, point), 1));
            }
        }
        checkAll(cases);
    }

    @Test
    void faultsOfEncryptedDataAreNamedByEveryRank() throws Exception {
        List<Case> cases = new ArrayList<>();
        RingOptions encrypted = OPTIONS.toBuilder().encrypted(true).build();
        // In the joining, in a head, its tag, the payload, near the end.
        for (Kind kind : List.of(Kind.DROP, Kind.TRUNCATE, Kind.DUPLICATE, Kind.FLIP, Kind.CLOSE)) {
            for (int point : new int[] {0, 2 * JOINED, 300, 9_000, ALL_REDUCE - 20}) {
                cases.add(new Case(encrypted, new Fault(kind, 0, point), 1));
            }
        }
        cases.add(new Case(encrypted, new Fault(Kind.FLIP, Handshake.CONTROL, 12), 1));
        checkAll(cases);
    }

    @Test
    void faultsBesideSharedMemoryAreNamedByEveryRank() throws Exception {
        List<Case> cases = new ArrayList<>();
        for (Kind kind : List.of(Kind.DROP, Kind.DELAY, Kind.TRUNCATE, Kind.DUPLICATE, Kind.FLIP, Kind.CLOSE)) {
            for (int point : new int[] {JOINED + 30, SHARING + 100, SHARING + 12 * FrameHeader.BYTES}) {
                cases.add(new Case(
                        OPTIONS.toBuilder().transport(Transport.SHARED).build(), new Fault(kind, 0, point), 2));
            }
        }
        checkAll(cases);
    }

    private record Case(RingOptions options, Fault fault, int target) {}

    private static void checkAll(List<Case> cases) throws Exception {
        ExecutorService pool = Executors.newFixedThreadPool(AT_ONCE);
        try {
            List<Future<?>> checks = new ArrayList<>();
            for (Case one : cases) {
                checks.add(pool.submit(() -> {
                    check(one);
                    return null;
                }));
            }
            for (Future<?> check : checks) {
                check.get();
            }
        } catch (ExecutionException failed) {
            throw new AssertionError(failed.getCause().getMessage(), failed.getCause());
        } finally {
            pool.shutdownNow();
        }
    }

    private static void check(Case one) throws IOException {
        int left = Math.floorMod(one.target - 1, RANKS);
        long start = System.nanoTime();
        List<Outcome<float[]>> outcomes =
                run(one.options, one.fault, one.target, one.fault.stream() == Handshake.CONTROL ? 500 : 1);
        double seconds = (System.nanoTime() - start) / 1e9;
        for (int rank = 0; rank < RANKS; rank++) {
            Outcome<float[]> outcome = outcomes.get(rank);
            assertTrue(outcome.thrown() instanceof CollectiveException, () -> one + ": no named error but " + outcome);
            CollectiveException failure = outcome.failure();
            assertTrue(
                    failure.failedRank() == left || failure.failedRank() == one.target,
                    () -> one + ": " + failure.getMessage());
            assertTrue(failure.getMessage().contains("rank " + failure.failedRank()), failure.getMessage());
        }
        assertTrue(seconds < 8, () -> one + " took " + seconds + " s");
    }

    /** Two all-reduces, then barriers; a sum that is handed out although it is wrong fails as an assertion. */
    private static List<Outcome<float[]>> run(RingOptions options, Fault fault, int target, int barriers)
            throws IOException {
        ThreadRendezvous meeting = new ThreadRendezvous(RANKS);
        float[] expected = expectedSum(RANKS, COUNT, 1);
        try (FaultyLink link = new FaultyLink(fault)) {
            int left = Math.floorMod(target - 1, RANKS);
            return RankThreads.run(
                    RANKS,
                    rank -> rank == left ? link.before(target, meeting.of(rank)) : meeting.of(rank),
                    rank -> options,
                    ring -> {
                        var first = buffer(values(ring.rank(), COUNT, 1));
                        var second = buffer(values(ring.rank(), COUNT, 1));
                        Work firstWork = ring.allReduceSum(first);
                        Work secondWork = ring.allReduceSum(second);
                        firstWork.await();
                        assertArrayEquals(expected, floats(first));
                        secondWork.await();
                        assertArrayEquals(expected, floats(second));
                        for (int number = 0; number < barriers; number++) {
                            ring.barrier();
                            Thread.sleep(barriers > 1 ? 10 : 0);
                        }
                        return floats(first);
                    });
        }
    }
}
