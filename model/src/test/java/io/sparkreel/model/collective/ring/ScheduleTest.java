// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective.ring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.function.Function;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ScheduleTest {

    @ParameterizedTest
    @CsvSource({
        "2, 1, 1000, 4",
        "3, 2, 1000, 64",
        "4, 3, 12, 4096",
        "5, 2, 0, 4096",
        "8, 4, 100000, 4096",
        "32, 2, 4000, 64"
    })
    void eachReceiveIsWhatTheLeftNeighbourSends(int worldSize, int streams, int bytes, int sliceBytes) {
        int[] bounds = new int[worldSize + 1];
        Arrays.setAll(bounds, rank -> bytes / 4 * rank / worldSize * rank / worldSize);
        check(worldSize, streams, sliceBytes, cut -> Schedule.allReduce(bytes, cut));
        check(worldSize, streams, sliceBytes, cut -> Schedule.reduceScatter(bytes, cut));
        check(worldSize, streams, sliceBytes, cut -> Schedule.allGather(bounds, cut));
        check(worldSize, streams, sliceBytes, cut -> Schedule.broadcast(bytes, worldSize - 1, cut));
    }

    @ParameterizedTest
    @CsvSource({"2, 1, 1000", "3, 2, 1000", "4, 3, 12", "8, 4, 100000"})
    void allReduceTouchesEachByteOnceInEachDirection(int worldSize, int streams, int bytes) {
        int[] added = new int[bytes];
        int[] stored = new int[bytes];
        for (int rank = 0; rank < worldSize; rank++) {
            for (int stream = 0; stream < streams; stream++) {
                Schedule schedule = Schedule.allReduce(bytes, new Schedule.Cut(rank, worldSize, stream, streams, 64));
                for (int index = 0; index < schedule.receives(); index++) {
                    int[] counts = schedule.arrival(index) == SliceReceiver.Arrival.STORE ? stored : added;
                    for (int offset = 0; offset < schedule.receiveLength(index); offset++) {
                        counts[schedule.receiveOffset(index) + offset]++;
                    }
                }
            }
        }
        assertTrue(Arrays.stream(added).allMatch(count -> count == worldSize - 1));
        assertTrue(Arrays.stream(stored).allMatch(count -> count == worldSize - 1));
    }

    private static void check(int worldSize, int streams, int sliceBytes, Function<Schedule.Cut, Schedule> plan) {
        for (int stream = 0; stream < streams; stream++) {
            for (int rank = 0; rank < worldSize; rank++) {
                Schedule own = plan.apply(new Schedule.Cut(rank, worldSize, stream, streams, sliceBytes));
                Schedule left = plan.apply(
                        new Schedule.Cut(Math.floorMod(rank - 1, worldSize), worldSize, stream, streams, sliceBytes));
                assertEquals(left.sends(), own.receives());
                for (int index = 0; index < own.receives(); index++) {
                    assertEquals(left.sendOffset(index), own.receiveOffset(index));
                    assertEquals(left.sendLength(index), own.receiveLength(index));
                }
            }
        }
    }
}
