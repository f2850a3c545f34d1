// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.spark;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;

/** Says every few seconds how far counted work has come. */
public final class Progress implements AutoCloseable {
    private static final Logger LOG = LogManager.getLogger(Progress.class);
    private static final int SECONDS = 5;

    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "progress");
        thread.setDaemon(true);
        return thread;
    });

    private Progress() {}

    /**
     * @param what past participle of the work, such as "probed"
     * @param done how much is done now
     */
    public static Progress of(String what, long total, Supplier<Long> done) {
        Progress progress = new Progress();
        var unused = progress.timer.scheduleAtFixedRate(
                () -> LOG.info("{} {} of {}", what, done.get(), total), SECONDS, SECONDS, TimeUnit.SECONDS);
        return progress;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
