// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sparkreel.jobs.spark.TaskDevice;
import io.sparkreel.model.torch.Tensors;
import io.sparkreel.model.torch.Torch;
import java.io.IOException;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.TaskKilledException;

/**
 * Runs a rank on its own thread and watches it from that of the task. So a kill by Spark does not interrupt
 * the rank, which first saves the run together with the others; and a rank that hangs while the others have given up
 * is noticed: its threads are written to the log, and in the end its executor goes, which frees the slot for the
 * next attempt.
 */
final class RankThread {
    private static final Logger LOG = LogManager.getLogger(RankThread.class);
    private static final long LOOK_MS = 200;
    private static final long DUMP_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(30);
    private static final int EXIT_CODE = 70; // EX_SOFTWARE

    private final RankTask task;
    private final BarrierTaskContext context;
    private final TrainingRank rank;
    private volatile RankResult result;
    private volatile Throwable failure;
    private boolean killed;
    private long cutOffSince;
    private boolean dumped;

    RankThread(RankTask task, BarrierTaskContext context) {
        this.task = task;
        this.context = context;
        rank = new TrainingRank(task);
        task.progress().writeAs(context.partitionId());
    }

    /**
     * Runs the rank to its end.
     *
     * @throws TaskKilledException if Spark has killed the task; the run was saved if it had begun
     */
    RankResult run() throws IOException {
        Torch.start();
        Tensors tensors = TaskDevice.tensors(task.config().device()); // asks Spark, which knows this thread alone
        Thread thread = new Thread(() -> body(tensors), "sparkreel-rank-" + context.partitionId());
        thread.setDaemon(true);
        thread.start();
        while (thread.isAlive()) {
            try {
                thread.join(LOOK_MS);
                killed |= context.isInterrupted();
            } catch (InterruptedException e) {
                killed = true;
            }
            if (killed && !rank.stop()) {
                thread.interrupt();
            }
            lookWhetherItHangs();
        }
        if (killed) {
            throw new TaskKilledException("the rank has stopped");
        }
        if (failure instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        if (failure instanceof IOException io) {
            throw io;
        }
        if (failure != null) {
            throw new IllegalStateException("the rank failed", failure);
        }
        return result;
    }

    private void body(Tensors tensors) {
        try {
            result = rank.run(context, tensors);
        } catch (Throwable e) {
            failure = e;
        }
    }

    private void lookWhetherItHangs() {
        if (!rank.isCutOff()) {
            return;
        }
        long now = System.nanoTime();
        if (cutOffSince == 0) {
            cutOffSince = now;
        }
        long since = now - cutOffSince;
        if (since > DUMP_NANOS && !dumped) {
            dumped = true;
            String threads = "rank " + context.partitionId() + " hangs, and the others have given it up. Its threads:\n"
                    + threads();
            threads.lines().forEach(line -> LOG.error("{}", line)); // one line of the log is one line
            task.progress()
                    .add(JsonNodeFactory.instance
                            .objectNode()
                            .put("event", "stalled")
                            .put("rank", context.partitionId())
                            .put("message", threads)
                            .toString());
        }
        if (since > PATIENCE_NANOS && !SparkEnv.get().executorId().equals("driver")) {
            LOG.error("rank {} does not come back: ending its executor", context.partitionId());
            Runtime.getRuntime().halt(EXIT_CODE);
        }
    }

    /** All threads with what they do, ours first. */
    private static String threads() {
        Map<String, String> texts = new TreeMap<>();
        Thread.getAllStackTraces().forEach((thread, frames) -> {
            StringBuilder text = new StringBuilder("\"" + thread.getName() + "\" " + thread.getState() + "\n");
            for (StackTraceElement frame : frames) {
                text.append("    at ").append(frame).append('\n');
            }
            texts.put(
                    (thread.getName().startsWith("sparkreel") ? "0" : "1") + thread.getName() + thread.getId(),
                    text.toString());
        });
        return String.join("", texts.values());
    }
}
