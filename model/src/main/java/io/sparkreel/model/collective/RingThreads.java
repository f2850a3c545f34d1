// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.util.concurrent.TimeUnit;

/** Starts and ends the threads of a ring. */
final class RingThreads {

    private static final long JOIN_NANOS = TimeUnit.SECONDS.toNanos(10);

    private RingThreads() {}

    static Thread start(String role, int rank, Runnable body) {
        Thread thread = new Thread(body, "sparkreel-ring-" + rank + "-" + role);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Waits for the end of a thread that was told to end, even in a thread that was itself interrupted. */
    static void join(Thread thread) {
        boolean interrupted = false;
        long deadline = System.nanoTime() + JOIN_NANOS;
        while (thread.isAlive() && System.nanoTime() - deadline < 0) {
            try {
                thread.join(100);
            } catch (InterruptedException interrupt) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
