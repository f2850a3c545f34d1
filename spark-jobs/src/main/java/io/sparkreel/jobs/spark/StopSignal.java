// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.util.ShutdownHookManager;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/**
 * Lets a job end well when it is asked to: by {@link #request}, or, once it listens, by what its process is sent:
 * SIGTERM, as {@code spark-submit --kill} and clusters send it, or SIGINT. Spark stops itself in a shutdown hook; this
 * one runs before, asks the job to stop, and waits for it.
 */
public final class StopSignal implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(StopSignal.class);
    /** Spark's own hooks are at most at 50, and the higher number comes first. */
    private static final int BEFORE_SPARK = 100;

    private static final long PATIENCE_S = 900;

    private final CountDownLatch ended = new CountDownLatch(1);
    private final Runnable hook = this::stop;
    private Runnable action;
    private boolean requested;

    /** From now on signals count. */
    public void listen() {
        ShutdownHookManager.get().addShutdownHook(hook, BEFORE_SPARK, PATIENCE_S, TimeUnit.SECONDS);
    }

    private void stop() {
        request();
        try {
            if (!ended.await(PATIENCE_S, TimeUnit.SECONDS)) {
                LOG.error("The job has not ended within {} s of the signal", PATIENCE_S);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /** Asks the job to stop, as a signal does; any thread may. */
    public synchronized void request() {
        requested = true;
        if (action != null) {
            LOG.info("Stopping on request");
            action.run();
        }
    }

    /** What makes the job stop; runs at once if the signal has come already. Null: nothing has to be done. */
    public synchronized void onRequest(Runnable stop) {
        action = stop;
        if (requested && stop != null) {
            stop.run();
        }
    }

    /** Whether it was asked to stop. */
    public synchronized boolean isRequested() {
        return requested;
    }

    /** The job has ended. */
    @Override
    public void close() {
        ended.countDown();
        if (!ShutdownHookManager.get().isShutdownInProgress()) {
            ShutdownHookManager.get().removeShutdownHook(hook);
        }
    }
}
