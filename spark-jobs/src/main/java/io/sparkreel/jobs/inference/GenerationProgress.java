// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.model.ForeignText;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.ToDoubleFunction;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Says every few seconds how far a run is, in all and with each video that is being sampled. The steps that a task has
 * done come with Spark's heartbeats.
 */
final class GenerationProgress extends SparkListener implements AutoCloseable {
    /** Property of the Spark job that is followed. */
    static final String JOB = "sparkreel.generation";

    private static final Logger LOG = LogManager.getLogger(GenerationProgress.class);
    private static final int SECONDS = 5;
    private static final int SHOWN = 8;
    /** Before, most of the time went into loading the model. */
    private static final double LEAST_FOR_AN_ESTIMATE = 0.05;

    private final String run;
    private final List<Batch> batches;
    private final ToDoubleFunction<Batch> cost;
    private final int stepsPerLoop;
    private final long accumulator;
    private final long begin = System.nanoTime();
    private final Set<Integer> stages = new HashSet<>();
    private final Map<Long, Integer> running = new TreeMap<>();
    private final Map<Long, Long> steps = new HashMap<>();
    private final double costOfAll;
    private final int clips;
    private double costDone;
    private int clipsDone;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "progress");
        thread.setDaemon(true);
        return thread;
    });

    /**
     * @param run value of {@link #JOB}
     * @param batches in the order of the job's partitions
     * @param cost of a batch, relative to others
     * @param stepsPerLoop denoising steps
     * @param accumulator that counts the steps of a task
     */
    GenerationProgress(
            String run, List<Batch> batches, ToDoubleFunction<Batch> cost, int stepsPerLoop, long accumulator) {
        this.run = run;
        this.batches = batches;
        this.cost = cost;
        this.stepsPerLoop = stepsPerLoop;
        this.accumulator = accumulator;
        costOfAll = batches.stream().mapToDouble(cost).sum();
        clips = batches.stream().mapToInt(batch -> batch.prompts().size()).sum();
        var unused = timer.scheduleAtFixedRate(() -> LOG.info("{}", this), SECONDS, SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public synchronized void onJobStart(SparkListenerJobStart job) {
        if (job.properties() != null && run.equals(job.properties().getProperty(JOB))) {
            CollectionConverters.asJava(job.stageIds()).forEach(stage -> stages.add((Integer) stage));
        }
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart task) {
        if (stages.contains(task.stageId())) {
            running.put(task.taskInfo().taskId(), task.taskInfo().index());
        }
    }

    @Override
    public synchronized void onTaskEnd(SparkListenerTaskEnd task) {
        running.remove(task.taskInfo().taskId());
        steps.remove(task.taskInfo().taskId());
    }

    @Override
    public synchronized void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate update) {
        for (var task : CollectionConverters.asJava(update.accumUpdates())) {
            for (AccumulableInfo info : CollectionConverters.asJava(task._4())) {
                if (info.id() == accumulator && info.update().isDefined() && running.containsKey(task._1())) {
                    steps.put((Long) task._1(), (Long) info.update().get());
                }
            }
        }
    }

    /** A batch has come back. */
    synchronized void done(Batch batch, List<ClipResult> results) {
        costDone += cost.applyAsDouble(batch);
        for (ClipResult result : results) {
            clipsDone++;
            if (result.isOk()) {
                LOG.info(
                        "{} of {}: {} in {} s",
                        clipsDone,
                        clips,
                        ForeignText.shown(result.fileName()),
                        Math.round(10 * result.seconds()) / 10.0);
            } else {
                LOG.warn("{} of {} failed: {}", clipsDone, clips, result.error());
            }
        }
    }

    /** One line. */
    @Override
    public synchronized String toString() {
        double done = costDone;
        List<String> videos = new ArrayList<>();
        for (Map.Entry<Long, Integer> task : running.entrySet()) {
            Batch batch = batches.get(task.getValue());
            long ofVideo = (long) batch.shape().loops() * stepsPerLoop;
            long step = Math.min(steps.getOrDefault(task.getKey(), 0L), ofVideo);
            done += cost.applyAsDouble(batch) * step / ofVideo;
            videos.add(describe(batch, step, ofVideo));
        }
        StringBuilder line = new StringBuilder()
                .append(clipsDone)
                .append(" of ")
                .append(clips)
                .append(" clips, ")
                .append(Math.round(100 * done / costOfAll))
                .append(" % of the work");
        if (done > LEAST_FOR_AN_ESTIMATE * costOfAll) {
            double left = (System.nanoTime() - begin) / 1e9 * (costOfAll - done) / done;
            line.append(", about ").append(Math.round(left)).append(" s left");
        }
        if (!videos.isEmpty()) {
            line.append("; ").append(String.join(", ", videos.subList(0, Math.min(SHOWN, videos.size()))));
        }
        return line.toString();
    }

    private String describe(Batch batch, long step, long ofVideo) {
        int more = batch.prompts().size() - 1;
        String name = batch.prompts().get(0).fileName(batch.sample()) + (more == 0 ? "" : " and " + more + " more");
        if (step == ofVideo) {
            return name + " is written";
        }
        String loop = batch.shape().loops() == 1
                ? ""
                : " loop " + (step / stepsPerLoop + 1) + " of " + batch.shape().loops();
        return name + loop + " step " + step % stepsPerLoop + " of " + stepsPerLoop;
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
