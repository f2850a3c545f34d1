// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.jobs.UserError;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.api.java.JavaSparkContext;

/** How many ranks a run has: one for each executor. */
final class Ranks {
    private static final Pattern LOCAL_CLUSTER = Pattern.compile("local-cluster\\[\\s*(\\d+)\\s*,.*");
    private static final int LONGEST_WAIT_SECONDS = 60;
    private static final int SETTLED_SECONDS = 3;

    private Ranks() {}

    /**
     * The executors that the master is asked for; where no number is asked for, those that have registered once
     * their number has settled.
     */
    static int count(JavaSparkContext context) {
        if (context.isLocal()) {
            return 1;
        }
        Matcher cluster = LOCAL_CLUSTER.matcher(context.master());
        if (cluster.matches()) {
            return Integer.parseInt(cluster.group(1));
        }
        int instances = context.getConf().getInt("spark.executor.instances", 0);
        return instances > 0 ? instances : registered(context);
    }

    private static int registered(JavaSparkContext context) {
        int count = 0;
        int settled = 0;
        for (int waited = 0; waited < LONGEST_WAIT_SECONDS; waited++) {
            int now = context.sc().getExecutorMemoryStatus().size() - 1; // the driver is one of them
            settled = now == count ? settled + 1 : 0;
            count = now;
            if (count > 0 && settled >= SETTLED_SECONDS) {
                return count;
            }
            try {
                TimeUnit.SECONDS.sleep(1);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException(e);
            }
        }
        throw new UserError("Cannot start training: no executor registered within " + LONGEST_WAIT_SECONDS
                + " s. Check the master's free cores and memory, or set spark.executor.instances.");
    }
}
