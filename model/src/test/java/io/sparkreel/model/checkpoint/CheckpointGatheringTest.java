// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class CheckpointGatheringTest {
    private static final long SECOND = 1_000_000_000L;
    private static final long PATIENCE_SECONDS = 30;

    private final MemoryStorage storage = new MemoryStorage(MemoryStorage.Kind.DISK, Map.of());

    /**
     * @param times what the clock shows at each look
     * @param announced how many of them are left when rank 1 tells of its files
     */
    private CheckpointGathering gathering(Deque<Long> times, int announced) {
        return new CheckpointGathering(storage, "folder", "attempt", 3, () -> {
            if (times.size() == announced) {
                announce(1);
            }
            return times.remove();
        });
    }

    private CheckpointFile announce(int rank) {
        CheckpointFile file = new CheckpointFile("optimizer/rank-" + rank, rank, "0".repeat(64));
        try {
            new CheckpointGathering(storage, "folder", "attempt", 3).announce(rank, List.of(file));
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
        return file;
    }

    @Test
    void patienceEndsSoLongAfterTheLastListThatCame() throws Exception {
        announce(0);
        long patience = PATIENCE_SECONDS * SECOND;
        Deque<Long> times = new ArrayDeque<>(List.of(0L, 0L, patience, patience, 2 * patience, 2 * patience + 1));
        CheckpointGathering gathering = gathering(times, 4);
        String message = assertThrows(IOException.class, () -> gathering.await(PATIENCE_SECONDS))
                .getMessage();
        assertEquals("rank 2 has not written its part within 30 s", message);
        assertEquals(0, times.size());
    }

    @Test
    void theListsOfAllRanksAreOne() throws Exception {
        Set<CheckpointFile> files = Set.of(announce(0), announce(2), announce(1));
        storage.files().put("folder/written/other-2.json", new byte[0]);
        assertEquals(
                files, Set.copyOf(gathering(new ArrayDeque<>(List.of(0L)), 0).await(PATIENCE_SECONDS)));
        gathering(new ArrayDeque<>(), 0).clear();
        assertEquals(Map.of(), storage.files());
    }
}
