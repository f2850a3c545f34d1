// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.checkpoint;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.sparkreel.model.InvalidInputException;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.api.function.Executable;

/** What the refusal of a hostile file may cost. */
public final class Refusal {
    private static final long MOST_NANOSECONDS = 100_000_000;
    private static final long MOST_BYTES = 64L << 20;
    private static final int ATTEMPTS = 4;

    private Refusal() {}

    /** Opens a file that is to be refused in one line, in under 100 ms and 64 MiB; returns that line. */
    public static String inBounds(String kind, Executable opening) {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        String message = null;
        long shortest = Long.MAX_VALUE;
        // Processor time, the best of a few attempts: the machine may be busy and the code not compiled yet.
        for (int attempt = 0; attempt < ATTEMPTS && shortest > MOST_NANOSECONDS; attempt++) {
            long allocated = threads.getCurrentThreadAllocatedBytes();
            long start = threads.getCurrentThreadCpuTime();
            message = assertThrows(InvalidInputException.class, opening, kind).getMessage();
            shortest = Math.min(shortest, threads.getCurrentThreadCpuTime() - start);
            long bytes = threads.getCurrentThreadAllocatedBytes() - allocated;
            assertTrue(bytes < MOST_BYTES, kind + " allocated " + bytes + " bytes");
            assertFalse(message.contains("\n"), kind + " is refused in several lines");
        }
        assertTrue(shortest < MOST_NANOSECONDS, kind + " took " + shortest / 1_000_000 + " ms");
        return message;
    }
}
