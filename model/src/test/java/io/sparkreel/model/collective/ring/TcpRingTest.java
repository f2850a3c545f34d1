// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import static io.sparkreel.model.collective.ring.RankThreads.buffer;
import static io.sparkreel.model.collective.ring.RankThreads.expectedSum;
import static io.sparkreel.model.collective.ring.RankThreads.floats;
import static io.sparkreel.model.collective.ring.RankThreads.options;
import static io.sparkreel.model.collective.ring.RankThreads.values;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.SingleProcess;
import io.sparkreel.model.collective.ThreadRendezvous;
import io.sparkreel.model.collective.Work;
import io.sparkreel.model.collective.ring.RankThreads.Outcome;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TcpRingTest {

    @AfterEach
    void everythingIsGone() throws InterruptedException {
        RankThreads.assertNoRingThreads();
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8})
    void sumsAreThoseOfTheDocumentedOrderOnEveryRank(int worldSize) {
        int[] counts = {0, 1, 2, 3, 5, 7, 8, 9, 1023, 4096, 100_003};
        List<Outcome<List<float[]>>> outcomes = RankThreads.run(worldSize, options(), ring -> {
            List<float[]> sums = new ArrayList<>();
            for (int count : counts) {
                ByteBuffer data = buffer(values(ring.rank(), count, count));
                ring.allReduceSum(data).await();
                sums.add(floats(data));
            }
            return sums;
        });
        for (int index = 0; index < counts.length; index++) {
            float[] expected = expectedSum(worldSize, counts[index], counts[index]);
            for (Outcome<List<float[]>> outcome : outcomes) {
                assertSameBits(expected, outcome.get().get(index));
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 4", "1, 1048576", "2, 4096", "3, 65536", "5, 1000"})
    void streamsAndSlicesDoNotChangeABit(int streams, int sliceBytes) {
        int count = sliceBytes == 4 ? 1001 : 200_007;
        RingOptions options =
                options().toBuilder().streams(streams).sliceBytes(sliceBytes).build();
        float[] expected = expectedSum(3, count, 5);
        for (int repetition = 0; repetition < 3; repetition++) {
            for (Outcome<float[]> outcome : RankThreads.run(3, options, ring -> {
                ByteBuffer data = buffer(values(ring.rank(), count, 5));
                ring.allReduceSum(data).await();
                return floats(data);
            })) {
                assertSameBits(expected, outcome.get());
            }
        }
    }

    @Test
    void manyQueuedOperationsOverlapAndKeepTheirOrder() {
        int operations = 200;
        RingOptions options = options().toBuilder().sliceBytes(8192).build();
        List<Outcome<List<float[]>>> outcomes = RankThreads.run(4, options, ring -> {
            Random random = new Random(ring.rank());
            List<ByteBuffer> data = new ArrayList<>();
            List<Work> work = new ArrayList<>();
            for (int number = 0; number < operations; number++) {
                data.add(buffer(values(ring.rank(), countOf(number), number)));
                work.add(ring.allReduceSum(data.get(number)));
                if (random.nextInt(20) == 0) {
                    Thread.sleep(1);
                }
                if (number % 50 == 49) {
                    ring.barrier();
                    assertTrue(work.get(number).isDone());
                }
            }
            work.forEach(Work::await);
            return data.stream().map(RankThreads::floats).toList();
        });
        for (int number = 0; number < operations; number++) {
            float[] expected = expectedSum(4, countOf(number), number);
            for (Outcome<List<float[]>> outcome : outcomes) {
                assertSameBits(expected, outcome.get().get(number));
            }
        }
    }

    private static int countOf(int number) {
        return number % 10 == 0 ? 50_000 + number : number * 7 % 301;
    }

    @Test
    void onlyTheRangeBetweenPositionAndLimitIsTouched() {
        for (Outcome<float[]> outcome : RankThreads.run(2, options(), ring -> {
            ByteBuffer data = buffer(new float[] {1, 2, 3, 4, 5});
            data.position(4).limit(12);
            ring.allReduceSum(data).await();
            assertEquals(4, data.position());
            return floats(data.clear());
        })) {
            assertArrayEquals(new float[] {1, 4, 6, 4, 5}, outcome.get());
        }
    }

    @Test
    void broadcastCopiesTheRootsBytesToAll() {
        int bytes = 1_000_001;
        for (int root = 0; root < 3; root++) {
            int from = root;
            byte[] expected = new byte[bytes];
            new Random(from).nextBytes(expected);
            for (Outcome<byte[]> outcome : RankThreads.run(3, options(), ring -> {
                byte[] own = new byte[bytes];
                new Random(ring.rank()).nextBytes(own);
                ByteBuffer data = ByteBuffer.allocateDirect(bytes).put(own).flip();
                ring.broadcast(data, from);
                data.get(0, own);
                return own;
            })) {
                assertArrayEquals(expected, outcome.get());
            }
        }
    }

    @Test
    void gatherTakesAnySizes() {
        for (Outcome<byte[][]> outcome : RankThreads.run(4, options(), ring -> {
            byte[] mine = new byte[ring.rank() * ring.rank() * 50_000];
            Arrays.fill(mine, (byte) (ring.rank() + 1));
            return ring.allGather(mine);
        })) {
            for (int rank = 0; rank < 4; rank++) {
                byte[] expected = new byte[rank * rank * 50_000];
                Arrays.fill(expected, (byte) (rank + 1));
                assertArrayEquals(expected, outcome.get()[rank]);
            }
        }
    }

    @Test
    void barrierHoldsAllUntilTheLast() {
        AtomicInteger arrived = new AtomicInteger();
        for (Outcome<Integer> outcome : RankThreads.run(5, options(), ring -> {
            Thread.sleep(20L * ring.rank());
            arrived.incrementAndGet();
            ring.barrier();
            return arrived.get();
        })) {
            assertEquals(5, outcome.get());
        }
    }

    @Test
    void thirtyTwoRanksInOneProcess() {
        RingOptions options = options().toBuilder().streams(1).build();
        float[] expectedSmall = expectedSum(32, 7, 1);
        float[] expectedLarge = expectedSum(32, 20_001, 2);
        for (Outcome<float[]> outcome : RankThreads.run(32, options, ring -> {
            ByteBuffer small = buffer(values(ring.rank(), 7, 1));
            ByteBuffer large = buffer(values(ring.rank(), 20_001, 2));
            Work first = ring.allReduceSum(small);
            Work second = ring.allReduceSum(large);
            first.await();
            second.await();
            assertSameBits(expectedSmall, floats(small));
            assertEquals(32, ring.allGather(new byte[] {(byte) ring.rank()}).length);
            return floats(large);
        })) {
            assertSameBits(expectedLarge, outcome.get());
        }
    }

    @Test
    void unfitBuffersAreRefusedBeforeAnythingIsSent() {
        RankThreads.run(2, options(), ring -> {
                    ByteBuffer direct = ByteBuffer.allocateDirect(10).order(ByteOrder.nativeOrder());
                    ByteOrder swapped = ByteOrder.nativeOrder() == ByteOrder.BIG_ENDIAN
                            ? ByteOrder.LITTLE_ENDIAN
                            : ByteOrder.BIG_ENDIAN;
                    assertThrows(InvalidInputException.class, () -> ring.allReduceSum(ByteBuffer.allocate(8)));
                    assertThrows(InvalidInputException.class, () -> ring.allReduceSum(direct));
                    assertThrows(InvalidInputException.class, () -> ring.allReduceSum(direct.asReadOnlyBuffer()));
                    assertThrows(
                            InvalidInputException.class,
                            () -> ring.allReduceSum(ByteBuffer.allocateDirect(8).order(swapped)));
                    assertThrows(InvalidInputException.class, () -> ring.broadcast(direct, 2));
                    ring.barrier();
                    return null;
                })
                .forEach(Outcome::get);
    }

    @Test
    void closingTwiceIsFineAndLaterCallsSaySo() {
        RankThreads.run(2, options(), ring -> {
                    ring.barrier();
                    ring.close();
                    ring.close();
                    CollectiveException refused = assertThrows(CollectiveException.class, ring::barrier);
                    assertTrue(refused.getMessage().contains("rank " + ring.rank()), refused.getMessage());
                    return null;
                })
                .forEach(Outcome::get);
    }

    @Test
    void aRankThatLeavesAfterTheLastOperationHarmsNoOne() {
        float[] expected = expectedSum(3, 50_000, 3);
        for (int repetition = 0; repetition < 20; repetition++) {
            for (Outcome<float[]> outcome : RankThreads.run(3, options(), ring -> {
                ByteBuffer data = buffer(values(ring.rank(), 50_000, 3));
                Work work = ring.allReduceSum(data);
                if (ring.rank() == 1) {
                    Thread.sleep(20);
                }
                work.await();
                return floats(data);
            })) {
                assertSameBits(expected, outcome.get());
            }
        }
    }

    @Test
    void ranksOfDifferentSettingsAreNamed() {
        ThreadRendezvous meeting = new ThreadRendezvous(3);
        List<Outcome<Object>> outcomes = RankThreads.run(
                3,
                meeting::of,
                RankThreads.forRank(2, options().toBuilder().streams(3).build(), options()),
                ring -> null);
        assertEquals(2, outcomes.get(0).failure().failedRank());
        assertTrue(outcomes.get(0).failure().getMessage().contains("streams=3"));
    }

    @Test
    void oneRankAloneNeedsNoNetwork() {
        for (Outcome<float[]> outcome : RankThreads.run(1, options(), ring -> {
            ByteBuffer data = buffer(new float[] {1, 2});
            ring.allReduceSum(data).await();
            ring.barrier();
            ring.broadcast(data, 0);
            assertArrayEquals(new byte[][] {{7}}, ring.allGather(new byte[] {7}));
            return floats(data);
        })) {
            assertArrayEquals(new float[] {1, 2}, outcome.get());
        }
    }

    @Test
    void aSingleProcessLeavesDataAlone() {
        try (SingleProcess single = new SingleProcess()) {
            ByteBuffer data = buffer(new float[] {1, 2});
            Work work = single.allReduceSum(data);
            work.await();
            assertTrue(work.isDone());
            single.broadcast(data, 0);
            assertArrayEquals(new float[] {1, 2}, floats(data));
            assertThrows(InvalidInputException.class, () -> single.broadcast(data, 1));
            assertArrayEquals(new byte[][] {{3}}, single.allGather(new byte[] {3}));
        }
    }

    @Test
    void optionsAreCheckedAndNeverShowTheSecret() {
        assertThrows(
                InvalidInputException.class,
                () -> options().toBuilder().ports(9000, 8000).build());
        assertThrows(
                InvalidInputException.class,
                () -> options().toBuilder().streams(0).build());
        assertThrows(
                InvalidInputException.class,
                () -> options().toBuilder().sliceBytes(6).build());
        assertThrows(InvalidInputException.class, () -> RingOptions.of("0.0.0.0", RankThreads.SECRET, "a"));
        assertThrows(InvalidInputException.class, () -> RingOptions.of("127.0.0.1", new byte[15], "a"));
        assertFalse(options().toString().contains("secret"));
    }

    private static void assertSameBits(float[] expected, float[] actual) {
        assertEquals(expected.length, actual.length);
        for (int index = 0; index < expected.length; index++) {
            if (Float.floatToRawIntBits(expected[index]) != Float.floatToRawIntBits(actual[index])) {
                assertEquals(expected[index], actual[index], 0f, "element " + index);
            }
        }
    }
}
