// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Ranks as real processes, one of which is killed or stopped by the system in mid-run. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RankProcessTest {

    private static final Duration STALL = Duration.ofSeconds(2);

    @Test
    void aKilledProcessIsNamedByAllOthersAtOnce() throws Exception {
        assertNamed("-KILL", Duration.ofSeconds(2));
    }

    @Test
    void aStoppedProcessIsNamedByAllOthersWithinTheTimeout() throws Exception {
        assertNamed("-STOP", STALL.plusMillis(500));
    }

    private static void assertNamed(String signal, Duration within) throws IOException, InterruptedException {
        try (RankProcesses ranks = new RankProcesses(3, Rank.class)) {
            for (int rank = 0; rank < 3; rank++) {
                assertEquals("running", ranks.line(rank));
            }
            Process victim = ranks.process(1);
            long start = System.nanoTime();
            assertEquals(0, new ProcessBuilder("kill", signal, String.valueOf(victim.pid())).start().waitFor());
            for (int rank : new int[] {0, 2}) {
                String last = ranks.line(rank);
                assertTrue(last != null && last.startsWith("1 Cannot finish"), "rank " + rank + ": " + last);
                Duration taken = Duration.ofNanos(System.nanoTime() - start);
                assertTrue(taken.compareTo(within) < 0, "after " + taken + ": " + last);
                assertTrue(ranks.process(rank).waitFor(5, TimeUnit.SECONDS));
            }
        }
    }

    /** The program of each process: sums until it fails, then tells who failed. */
    static final class Rank {

        private Rank() {}

        public static void main(String[] arguments) {
            RingOptions options = RankThreads.options().withTimeouts(STALL, Duration.ofSeconds(30));
            ByteBuffer data = RankThreads.buffer(new float[200_000]);
            try (TcpRing ring = TcpRing.connect(options, RankProcesses.rendezvous())) {
                for (int step = 0; ; step++) {
                    ring.allReduceSum(data).await();
                    if (step == 20) {
                        System.out.println("running");
                    }
                }
            } catch (CollectiveException failure) {
                System.out.println(failure.failedRank() + " " + failure.getMessage());
            }
        }
    }
}
