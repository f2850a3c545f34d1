// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.fail;

import io.sparkreel.model.collective.CollectiveException;
import io.sparkreel.model.collective.Rendezvous;
import io.sparkreel.model.collective.ThreadRendezvous;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;
import java.util.function.UnaryOperator;

/** Runs ranks as threads of this JVM. */
public final class RankThreads {

    public static final byte[] SECRET = "a secret of thirty-two bytes ...".getBytes(StandardCharsets.US_ASCII);

    private static final Duration DEADLINE = Duration.ofSeconds(60);

    /** What one rank does once it is in the ring. */
    public interface Body<T> {
        T run(TcpRing ring) throws Exception;
    }

    /** What became of one rank: its result, or what it threw. */
    public record Outcome<T>(T value, Throwable thrown) {

        public T get() {
            if (thrown != null) {
                fail("a rank failed", thrown);
            }
            return value;
        }

        public CollectiveException failure() {
            if (!(thrown instanceof CollectiveException failure)) {
                return fail("expected a CollectiveException, found " + thrown, thrown);
            }
            return failure;
        }
    }

    private RankThreads() {}

    public static RingOptions options() {
        return RingOptions.builder("127.0.0.1", SECRET, "attempt-1")
                .transport(Transport.TCP)
                .stallTimeout(Duration.ofSeconds(20))
                .connectTimeout(Duration.ofSeconds(20))
                .build();
    }

    /** Runs {@code body} on every rank of a ring that all ranks join with {@code options}. */
    public static <T> List<Outcome<T>> run(int worldSize, RingOptions options, Body<T> body) {
        ThreadRendezvous meeting = new ThreadRendezvous(worldSize);
        return run(worldSize, meeting::of, rank -> options, body);
    }

    public static <T> List<Outcome<T>> run(
            int worldSize, IntFunction<Rendezvous> meeting, IntFunction<RingOptions> options, Body<T> body) {
        return start(worldSize, rank -> {
            try (TcpRing ring = TcpRing.connect(options.apply(rank), meeting.apply(rank))) {
                return body.run(ring);
            }
        });
    }

    public interface Rank<T> {
        T run(int rank) throws Exception;
    }

    public static <T> List<Outcome<T>> start(int worldSize, Rank<T> body) {
        List<Outcome<T>> outcomes = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int rank = 0; rank < worldSize; rank++) {
            int own = rank;
            outcomes.add(null);
            Thread thread = new Thread(
                    () -> {
                        Outcome<T> outcome;
                        try {
                            outcome = new Outcome<>(body.run(own), null);
                        } catch (Throwable thrown) {
                            outcome = new Outcome<>(null, thrown);
                        }
                        synchronized (outcomes) {
                            outcomes.set(own, outcome);
                        }
                    },
                    "rank-" + rank);
            thread.start();
            threads.add(thread);
        }
        long deadline = System.nanoTime() + DEADLINE.toNanos();
        for (Thread thread : threads) {
            try {
                thread.join(Math.max(1, (deadline - System.nanoTime()) / 1_000_000));
            } catch (InterruptedException interrupt) {
                throw new IllegalStateException(interrupt);
            }
            if (thread.isAlive()) {
                Throwable where = new Throwable(thread.getName() + " hangs here");
                where.setStackTrace(thread.getStackTrace());
                threads.forEach(Thread::interrupt);
                fail(where);
            }
        }
        synchronized (outcomes) {
            return List.copyOf(outcomes);
        }
    }

    /** Values of rank {@code rank} whose sum depends on the order of additions. */
    public static float[] values(int rank, int count, long seed) {
        Random random = new Random(31 * seed + rank);
        float[] values = new float[count];
        for (int index = 0; index < count; index++) {
            values[index] = (float) (random.nextGaussian() * Math.pow(10, random.nextInt(8) - 4));
        }
        return values;
    }

    /** What the documented order gives: chunk c is summed from rank c + 1 upwards, round the ring. */
    public static float[] expectedSum(int worldSize, int count, long seed) {
        float[][] all = new float[worldSize][];
        for (int rank = 0; rank < worldSize; rank++) {
            all[rank] = values(rank, count, seed);
        }
        float[] sums = new float[count];
        for (int chunk = 0; chunk < worldSize; chunk++) {
            int to = (int) ((long) count * (chunk + 1) / worldSize);
            for (int index = (int) ((long) count * chunk / worldSize); index < to; index++) {
                sums[index] = all[(chunk + 1) % worldSize][index];
                for (int hop = 2; hop <= worldSize; hop++) {
                    sums[index] += all[(chunk + hop) % worldSize][index];
                }
            }
        }
        return sums;
    }

    public static ByteBuffer buffer(float[] values) {
        ByteBuffer buffer =
                ByteBuffer.allocateDirect(values.length * Float.BYTES).order(ByteOrder.nativeOrder());
        buffer.asFloatBuffer().put(values);
        return buffer;
    }

    public static float[] floats(ByteBuffer buffer) {
        float[] values = new float[buffer.remaining() / Float.BYTES];
        buffer.slice().order(ByteOrder.nativeOrder()).asFloatBuffer().get(values);
        return values;
    }

    /** Fails if a thread of a ring lives on. */
    public static void assertNoRingThreads() throws InterruptedException {
        long deadline = System.nanoTime() + 5_000_000_000L;
        while (ringThreads() && System.nanoTime() - deadline < 0) {
            Thread.sleep(10);
        }
        assertFalse(
                ringThreads(),
                () -> "threads left: " + Thread.getAllStackTraces().keySet());
    }

    private static boolean ringThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .anyMatch(thread -> thread.getName().startsWith("sparkreel-ring-"));
    }

    public static <T> IntFunction<T> forRank(int special, T value, T others) {
        return rank -> rank == special ? value : others;
    }

    public static Rendezvous rewriting(Rendezvous rendezvous, UnaryOperator<List<String>> change) {
        return new Rendezvous() {
            @Override
            public int rank() {
                return rendezvous.rank();
            }

            @Override
            public int worldSize() {
                return rendezvous.worldSize();
            }

            @Override
            public List<String> allGather(String mine) {
                return change.apply(rendezvous.allGather(mine));
            }
        };
    }
}
