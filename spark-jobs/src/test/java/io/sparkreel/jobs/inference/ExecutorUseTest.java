// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class ExecutorUseTest {
    private static final long SECOND = 1_000_000_000L;
    /** Executors' clocks begin anywhere. */
    private static final long ELSEWHERE = -5_000 * SECOND;

    private static BatchOutcome batch(String executor, double begin, double end, double sampling) {
        return new BatchOutcome(
                List.of(), executor, ELSEWHERE + (long) (begin * SECOND), ELSEWHERE + (long) (end * SECOND), (long)
                        (sampling * SECOND));
    }

    @Test
    void timeIsCountedOnceHoweverManyBatchesShareIt() {
        ExecutorUse use = new ExecutorUse();
        use.add(batch("1", 0, 4, 3), 104 * SECOND);
        use.add(batch("1", 1, 6, 2), 106 * SECOND); // beside the first one
        use.add(batch("1", 8, 10, 2), 110 * SECOND); // two idle seconds before it
        use.add(batch("2", 2, 9, 7), 109 * SECOND); // came two seconds later, had nothing to do in the last one
        assertEquals(8 + 7, use.workedSeconds(), 1e-9);
        assertEquals(10 + 8, use.availableSeconds(), 1e-9);
        assertEquals(14, use.samplingSeconds(), 1e-9);
        assertEquals("2 executors worked 83.3 % of the time, 15.0 of 18.0 s; sampling was 77.8 %", use.toString());
    }
}
