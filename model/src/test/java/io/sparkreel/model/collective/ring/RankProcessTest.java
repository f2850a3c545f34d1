// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.bench.RankProcesses;
import io.sparkreel.model.collective.CollectiveException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Ranks as real processes, one of which is killed or stopped by the system in mid-run. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RankProcessTest {

    private static final Duration STALL = Duration.ofSeconds(2);

    @ParameterizedTest
    @EnumSource(names = {"TCP", "SHARED"})
    void aKilledProcessIsNamedByAllOthersAtOnce(Transport transport) throws Exception {
        assertNamed("-KILL", transport, false);
    }

    @ParameterizedTest
    @EnumSource(names = {"TCP", "SHARED"})
    void aStoppedProcessIsNamedByAllOthersForItsSilence(Transport transport) throws Exception {
        assertNamed("-STOP", transport, true);
    }

    /** @param silence whether no heartbeat is what gives it away, which takes the timeout */
    private static void assertNamed(String signal, Transport transport, boolean silence)
            throws IOException, InterruptedException {
        try (RankProcesses ranks = new RankProcesses(3, Rank.class, List.of(transport.name()))) {
            for (int rank = 0; rank < 3; rank++) {
                assertEquals("running", ranks.line(rank));
            }
            assertEquals(List.of(), RingTransportTest.sharedFiles());
            Process victim = ranks.process(1);
            assertEquals(
                    0,
                    new ProcessBuilder("kill", signal, String.valueOf(victim.pid()))
                            .start()
                            .waitFor());
            for (int rank : new int[] {0, 2}) {
                String last = ranks.line(rank);
                assertTrue(last != null && last.startsWith("1 Cannot finish"), "rank " + rank + ": " + last);
                assertEquals(silence, last.contains("has sent no heartbeat"), "rank " + rank + ": " + last);
                assertTrue(ranks.process(rank).waitFor(5, TimeUnit.SECONDS));
            }
        }
        assertEquals(List.of(), RingTransportTest.sharedFiles());
    }

    /** The program of each process: sums until it fails, then tells who failed. */
    static final class Rank {

        private Rank() {}

        public static void main(String[] arguments) {
            RingOptions options = RankThreads.options().toBuilder()
                    .transport(Transport.valueOf(arguments[0]))
                    .stallTimeout(STALL)
                    .connectTimeout(Duration.ofSeconds(30))
                    .build();
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
