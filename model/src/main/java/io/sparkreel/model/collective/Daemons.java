// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.collective;

import java.util.concurrent.TimeUnit;

/** Starts and ends the background threads of a collective. */
public final class Daemons {

    private static final long JOIN_NANOS = TimeUnit.SECONDS.toNanos(10);

    private Daemons() {}

    /** Starts a daemon thread whose name tells its rank and what it does. */
    public static Thread start(String role, int rank, Runnable body) {
        Thread thread = new Thread(body, "sparkreel-ring-" + rank + "-" + role);
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    /** Waits up to 10 s for a thread that was asked to end, even if the caller has been interrupted. */
    public static void join(Thread thread) {
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
