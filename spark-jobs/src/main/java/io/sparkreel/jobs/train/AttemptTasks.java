// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;

/**
 * The tasks of an attempt that still run. Spark reports a job as failed at once, while its tasks may go on: to save
 * the run, or because they hang.
 */
final class AttemptTasks extends SparkListener {
    private final String group;
    private final Runnable started;
    private final Set<Integer> stages = new HashSet<>();
    private final Set<Long> running = new HashSet<>();

    /**
     * @param group the job group of the attempt
     * @param started called when a task has started
     */
    AttemptTasks(String group, Runnable started) {
        this.group = group;
        this.started = started;
    }

    @Override
    public synchronized void onStageSubmitted(SparkListenerStageSubmitted submitted) {
        if (group.equals(submitted.properties().getProperty("spark.jobGroup.id"))) {
            stages.add(submitted.stageInfo().stageId());
        }
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart start) {
        if (stages.contains(start.stageId())) {
            running.add(start.taskInfo().taskId());
            started.run();
        }
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
        running.remove(end.taskInfo().taskId());
        notifyAll();
    }

    /** Waits until none runs, or the time is over. */
    synchronized boolean awaitEnd(long seconds) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        try {
            while (!running.isEmpty()) {
                long left = TimeUnit.NANOSECONDS.toMillis(deadline - System.nanoTime());
                if (left <= 0) {
                    return false;
                }
                wait(left);
            }
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
