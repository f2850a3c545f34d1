// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import java.util.concurrent.TimeUnit;
import org.apache.spark.api.java.JavaSparkContext;

/** Waits for executors to register with the driver. */
public final class ExecutorRegistration {
    /** Where no number is asked for, executors are all there once none has come for so long. */
    private static final int SETTLED_S = 3;

    private ExecutorRegistration() {}

    /**
     * Waits until the wanted number of executors has registered or, where {@code wanted} is 0, until their number has
     * settled.
     *
     * @param longestS seconds after which waiting ends in any event
     * @param lateS seconds without a new executor after which waiting ends although some are missing
     * @return the executors that are registered
     * @throws InterruptedException if the thread is interrupted meanwhile
     */
    public static int await(JavaSparkContext context, int wanted, long longestS, long lateS)
            throws InterruptedException {
        int registered = 0;
        int settled = 0;
        for (long waited = 0; waited < longestS && !context.sc().isStopped(); waited++) {
            int now = registered(context);
            settled = now == registered ? settled + 1 : 0;
            registered = now;
            boolean complete = wanted > 0 ? registered >= wanted : registered > 0 && settled >= SETTLED_S;
            if (complete || (registered > 0 && settled >= lateS)) {
                break;
            }
            TimeUnit.SECONDS.sleep(1);
        }
        return registered;
    }

    private static int registered(JavaSparkContext context) {
        return context.sc().getExecutorMemoryStatus().size() - 1; // the driver is one of them
    }
}
