// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.nccl;

import static io.sparkreel.model.collective.ring.RankThreads.buffer;
import static io.sparkreel.model.collective.ring.RankThreads.floats;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.jna.Library;
import com.sun.jna.Native;
import com.sun.jna.Pointer;
import io.sparkreel.model.CompiledLibrary;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.FlatRange;
import io.sparkreel.model.collective.ThreadRendezvous;
import io.sparkreel.model.collective.Work;
import io.sparkreel.model.collective.ring.RankThreads;
import io.sparkreel.model.collective.ring.RankThreads.Outcome;
import io.sparkreel.model.collective.ring.RingOptions;
import io.sparkreel.model.collective.ring.TcpRing;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * The binding to NCCL over a small library of the same functions, compiled here, that works on host memory: sums are
 * real, and so are waiting, errors and aborts.
 */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NcclTest {

    private static final Duration STALL = Duration.ofMillis(1500);
    private static final RingOptions OPTIONS = RankThreads.options().toBuilder()
            .stallTimeout(STALL)
            .connectTimeout(Duration.ofSeconds(10))
            .build();

    /** The stream on which libtorch computes, as the library knows it. */
    private static final long COMPUTATIONS = 0x77;

    @TempDir
    private static Path folder;

    private static NcclLibraries libraries;
    private static Fake fake;

    /** What the library has for tests alone. */
    private interface Fake extends Library {
        int fake_aborts();

        int fake_destroyed();

        int fake_live_events();

        int fake_live_streams();

        int fake_misplaced();

        void fake_fail_join(int fails);

        void fake_reset();

        void fake_set_error(int rank, int error);
    }

    @BeforeAll
    static void compile() throws Exception {
        Path library = CompiledLibrary.of("/nccl/fake.c", folder);
        libraries = NcclLibraries.load(library, library);
        fake = Native.load(library.toString(), Fake.class);
    }

    @BeforeEach
    void begin() {
        fake.fake_reset();
    }

    @AfterEach
    void everythingIsGone() throws InterruptedException {
        assertEquals(
                0, fake.fake_misplaced(), "operations that do not wait for computations, on a stream of their own");
        assertEquals(0, fake.fake_live_streams());
        RankThreads.assertNoRingThreads();
    }

    private interface Body<T> {
        T run(Nccl nccl) throws Exception;
    }

    private static <T> List<Outcome<T>> run(int ranks, Body<T> body) {
        return run(ranks, () -> 0, body); // NCCL has all the time there is, so what is found the ring has found
    }

    /** @param nanoTime the clock by which NCCL takes too long; that of the ring beside it is the true one */
    private static <T> List<Outcome<T>> run(int ranks, LongSupplier nanoTime, Body<T> body) {
        ThreadRendezvous meeting = new ThreadRendezvous(ranks);
        return RankThreads.start(ranks, rank -> {
            TcpRing ring = TcpRing.connect(OPTIONS, meeting.of(rank));
            try (ring;
                    Nccl nccl = Nccl.over(ring, 0, STALL, libraries, () -> COMPUTATIONS, nanoTime)) {
                return body.run(nccl);
            }
        });
    }

    /** The buffer as if it were memory of a GPU. */
    private static FlatRange device(ByteBuffer floats) {
        return FlatRange.onDevice(
                Pointer.nativeValue(Native.getDirectBufferPointer(floats)), floats.remaining() / Float.BYTES);
    }

    private static float[] whole(int rank, int count) {
        float[] values = new float[count];
        for (int index = 0; index < count; index++) {
            values[index] = (rank + 1) * (index % 17 - 5);
        }
        return values;
    }

    /** Whole numbers, whose sum is exact in any order. */
    private static float[] sum(int ranks, int count) {
        return whole(ranks * (ranks + 1) / 2 - 1, count);
    }

    @ParameterizedTest
    @CsvSource({"2, 1000", "3, 1001", "4, 1", "2, 7"})
    void rangesOfAGpuAreSummedScatteredAndGathered(int ranks, int count) {
        float[] expected = sum(ranks, count);
        for (Outcome<Object> outcome : run(ranks, nccl -> {
            ByteBuffer data = buffer(whole(nccl.rank(), count));
            ByteBuffer other = buffer(whole(nccl.rank(), 10));
            Work first = nccl.allReduceSum(device(data));
            Work second = nccl.allReduceSum(device(other));
            second.await();
            assertTrue(first.isDone() && second.isDone());
            first.await();
            assertArrayEquals(expected, floats(data));
            assertArrayEquals(sum(ranks, 10), floats(other));

            data = buffer(whole(nccl.rank(), count));
            nccl.reduceScatterSum(device(data)).await();
            int begin = (int) FlatRange.partBegin(count, nccl.rank(), ranks);
            int end = (int) FlatRange.partBegin(count, nccl.rank() + 1, ranks);
            assertArrayEquals(Arrays.copyOfRange(expected, begin, end), Arrays.copyOfRange(floats(data), begin, end));
            nccl.allGatherParts(device(data)).await();
            assertArrayEquals(expected, floats(data));
            return null;
        })) {
            outcome.get();
        }
        assertEquals(ranks, fake.fake_destroyed());
        assertEquals(0, fake.fake_aborts());
        assertEquals(0, fake.fake_live_events());
    }

    @Test
    void hostMemoryAndSmallValuesGoThroughTheRing() {
        for (Outcome<Object> outcome : run(2, nccl -> {
            ByteBuffer data = buffer(whole(nccl.rank(), 100));
            nccl.allReduceSum(data).await();
            assertArrayEquals(sum(2, 100), floats(data));
            nccl.reduceScatterSum(FlatRange.of(data)).await();
            nccl.allGatherParts(FlatRange.of(data)).await();
            nccl.barrier();
            assertArrayEquals(new byte[][] {{0}, {1}}, nccl.allGather(new byte[] {(byte) nccl.rank()}));
            return null;
        })) {
            outcome.get();
        }
    }

    @Test
    void aRankThatLeavesIsNamedAndWhatWaitsForItIsAborted() {
        CountDownLatch waiting = new CountDownLatch(2);
        AtomicLong clock = new AtomicLong();
        // Time passes while two wait for one that has gone, a second at each look.
        LongSupplier nanoTime = () -> clock.addAndGet(waiting.getCount() == 0 ? 1_000_000_000 : 0);
        List<Outcome<Object>> outcomes = run(3, nanoTime, nccl -> {
            Work work = nccl.allReduceSum(device(buffer(whole(nccl.rank(), 10))));
            work.await();
            nccl.barrier();
            if (nccl.rank() == 1) {
                throw new IllegalStateException("this rank's task fails");
            }
            work = nccl.allReduceSum(device(buffer(whole(nccl.rank(), 10))));
            waiting.countDown();
            work.await();
            return null;
        });
        // Rank 1 says goodbye, so nobody is to blame until those that wait lose patience: after four times the stall.
        for (int rank : new int[] {0, 2}) {
            String message = outcomes.get(rank).failure().getMessage();
            assertTrue(message.contains("Cannot finish all-reduce of 10 values on GPU 0"), message);
            assertTrue(message.contains("has waited 6 s for NCCL to finish all-reduce of 10 values"), message);
        }
        assertTrue(clock.get() > 6_000_000_000L, clock::toString);
        assertEquals(2, fake.fake_aborts());
    }

    @Test
    void aTaskThatStallsIsNamedByAllThatWaitForItsGpu() {
        CountDownLatch over = new CountDownLatch(2);
        List<Outcome<Object>> outcomes = run(3, nccl -> {
            nccl.barrier();
            if (nccl.rank() == 1) {
                over.await();
                return assertThrows(CollectiveException.class, nccl::barrier);
            }
            try {
                nccl.allReduceSum(device(buffer(whole(nccl.rank(), 10)))).await();
                return null;
            } finally {
                over.countDown();
            }
        });
        for (int rank : new int[] {0, 2}) {
            CollectiveException failure = outcomes.get(rank).failure();
            assertEquals(1, failure.failedRank(), failure.getMessage());
            assertTrue(failure.getMessage().contains("no progress"), failure.getMessage());
        }
        outcomes.get(1).get();
        assertEquals(3, fake.fake_aborts());
    }

    @Test
    void anErrorInsideNcclIsToldToAllRanks() {
        for (Outcome<Object> outcome : run(2, nccl -> {
            nccl.barrier();
            if (nccl.rank() == 1) {
                fake.fake_set_error(1, 2);
                while (!nccl.hasFailed()) {
                    Thread.sleep(5);
                }
            }
            nccl.allReduceSum(device(buffer(whole(nccl.rank(), 10)))).await();
            return null;
        })) {
            assertEquals(1, outcome.failure().failedRank());
            assertTrue(
                    outcome.failure().getMessage().contains("had an error in NCCL: system error"),
                    outcome.failure().getMessage());
        }
        assertEquals(2, fake.fake_aborts());
    }

    @Test
    void anInterruptAbortsEverywhere() {
        for (Outcome<Object> outcome : run(2, nccl -> {
            if (nccl.rank() == 0) {
                Thread.currentThread().interrupt();
            } else {
                Thread.sleep(100);
            }
            nccl.allReduceSum(device(buffer(whole(nccl.rank(), 10)))).await();
            nccl.allReduceSum(device(buffer(whole(nccl.rank(), 10)))).await();
            nccl.barrier();
            return null;
        })) {
            assertEquals(0, outcome.failure().failedRank(), outcome.failure().getMessage());
        }
    }

    @Test
    void whatCannotBeJoinedSaysWhy() {
        fake.fake_fail_join(1);
        for (Outcome<Object> outcome : run(2, nccl -> null)) {
            assertTrue(
                    outcome.failure().getMessage().contains("NCCL says invalid usage"),
                    outcome.failure().getMessage());
        }
        ThreadRendezvous meeting = new ThreadRendezvous(2);
        for (Outcome<Nccl> outcome : RankThreads.start(2, rank -> {
            try (TcpRing ring = TcpRing.connect(OPTIONS, meeting.of(rank))) {
                return Nccl.over(ring, 99, STALL, libraries, () -> COMPUTATIONS, () -> 0);
            }
        })) {
            assertTrue(
                    outcome.thrown().getMessage().contains("Cannot select GPU 99: CUDA says invalid device ordinal"));
        }
    }

    @Test
    void aLibraryThatIsNotThereIsNamed() {
        String message = assertThrows(
                        InvalidInputException.class,
                        () -> NcclLibraries.find(
                                "NCCL", List.of("libno-nccl.so.2", "libno-nccl.so"), NcclLibrary.class))
                .getMessage();
        assertTrue(
                message.startsWith("Cannot join the GPUs: NCCL was not found (libno-nccl.so.2, libno-nccl.so)."),
                message);
    }
}
