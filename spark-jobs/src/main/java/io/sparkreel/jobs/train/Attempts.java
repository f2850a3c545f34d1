// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.error.DiskFull;
import io.sparkreel.jobs.error.Stopped;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.parts.ChosenCheckpoint;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.jobs.spark.BarrierStage;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.watch.RecentLines;
import io.sparkreel.jobs.watch.RunLog;
import io.sparkreel.model.ForeignText;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import java.io.IOException;
import java.security.SecureRandom;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.SparkThrowable;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Runs the ranks, and starts them again from the newest checkpoint when one of them fails. Spark itself does not
 * retry a barrier stage that returns results.
 */
final class Attempts {
    private static final Logger LOG = LogManager.getLogger(Attempts.class);
    private static final int SECRET_BYTES = 32;
    /** How long ranks may take to end their step and save the run when asked to stop. */
    private static final long SAVING_S = 600;
    /** How long ranks may take to end when one has failed; one that hangs has its executor ended before that. */
    private static final long GIVING_UP_S = 45;

    private final JavaSparkContext context;
    private final int ranks;
    private final TrainingConfig config;
    private final ResolvedRun start;
    private final RunLog log;
    private final FolderLease.Claim lease;
    private final Runnable cancel;
    private final Broadcast<SerializableConfiguration> hadoop;
    private final Broadcast<List<List<PlannedClip>>> evalClips;
    private final PictureRules evalPictures;
    private volatile boolean stopping;

    /**
     * @param evalClips micro-batches that the model is evaluated on, possibly none
     * @param evalPictures what a picture is in their data set
     * @param lease of the run's folder
     * @param cancel ends the Spark jobs of this run
     */
    Attempts(
            JavaSparkContext context,
            int ranks,
            TrainingConfig config,
            ResolvedRun start,
            List<List<PlannedClip>> evalClips,
            PictureRules evalPictures,
            RunLog log,
            FolderLease.Claim lease,
            Runnable cancel) {
        this.context = context;
        this.ranks = ranks;
        this.config = config;
        this.start = start;
        this.log = log;
        this.lease = lease;
        this.cancel = cancel;
        this.evalClips = context.broadcast(evalClips);
        this.evalPictures = evalPictures;
        hadoop = context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
    }

    /**
     * Runs the ranks until the plan's last step and returns what they report, by rank.
     *
     * @throws Stopped if they were asked to stop, and have saved the run
     */
    List<RankResult> run(StepRange whole) throws IOException {
        StepRange rest = whole;
        for (int restarts = 0; ; restarts++) {
            Exception failure;
            try {
                return once(rest);
            } catch (Exception e) { // Spark's own exceptions are checked, and not declared
                failure = e;
            }
            boolean stop = stopping || isCancelled(failure);
            if (!stop
                    && (UserError.in(failure) != null
                            || restarts >= config.run().maxRestarts()
                            || context.sc().isStopped())) {
                throw unchecked(failure);
            }
            if (!stop && DiskFull.isCauseOf(failure)) { // it would be full again
                throw diskFull(failure);
            }
            rest = fromNewest(rest);
            String checkpoint =
                    rest.checkpoint() == null ? null : rest.checkpoint().uri();
            if (stop) {
                throw stopped(checkpoint, start.inputs().run());
            }
            log.append(
                    "restart",
                    String.format(
                            Locale.ROOT,
                            "The ranks failed: %s Starting them again (%d of %d restarts) from %s",
                            reason(failure),
                            restarts + 1,
                            config.run().maxRestarts(),
                            checkpoint == null ? "the beginning" : checkpoint));
        }
    }

    /** What a run ends with that was asked to stop, and how to go on with it. */
    static Stopped stopped(String checkpoint, HadoopStorage run) {
        return new Stopped(
                checkpoint == null
                        ? "Stopped on request. Nothing was trained yet; start it again with the same command."
                        : "Stopped on request. To resume from " + ForeignText.line(checkpoint) + ", give --load " + run
                                + ".");
    }

    /** Lets the ranks save the run and stop; any thread may call this. */
    void stop() {
        stopping = true;
        cancel.run();
    }

    /**
     * What a failure is as an error of the user's, if it came from a full disk: the ranks' own words if they name a
     * place.
     */
    private UserError diskFull(Exception failure) {
        String reason = reason(failure);
        return reason.startsWith("Cannot ")
                ? new UserError(reason, failure)
                : diskFull(start.inputs().run(), failure);
    }

    /** A failure for want of space, of which it is not known which file it befell. */
    static UserError diskFull(HadoopStorage run, Throwable failure) {
        return new UserError(
                "Cannot go on training into " + run + ": no space is left there or in Spark's local folders. Make room,"
                        + " and resume with --load " + run + ".",
                failure);
    }

    /** What is left to do after the newest intact checkpoint of this run, with the log as it was then. */
    private StepRange fromNewest(StepRange steps) throws IOException {
        Optional<CheckpointReader.Found> newest =
                CheckpointReader.newest(start.inputs().run(), path -> true);
        if (newest.isEmpty()) {
            log.rewind(start.globalStep(), List.of());
            return steps;
        }
        newest.get().warnings().forEach(warning -> LOG.warn("{}", warning));
        CheckpointReader checkpoint = newest.get().checkpoint();
        log.rewind(TrainingCheckpoint.state(checkpoint).globalStep(), RunLog.notes(checkpoint));
        return steps.from(ChosenCheckpoint.of(start.inputs().run(), checkpoint));
    }

    /** Whether someone has cancelled the job or its stage, such as on Spark's web page. */
    private static boolean isCancelled(Exception failure) {
        return failure instanceof SparkThrowable spark && "SPARK_JOB_CANCELLED".equals(spark.getCondition());
    }

    /** One line. Spark says in the first that a task of the stage has failed, and in the second how, as Java tells it. */
    static String reason(Exception failure) {
        List<String> lines = String.valueOf(failure.getMessage()).lines().toList();
        if (lines.size() > 1 && lines.get(0).contains("barrier task")) {
            return lines.get(1).replaceFirst("^((\\w+\\.)+[\\w$]+: )+", "");
        }
        return lines.isEmpty() ? "" : lines.get(0);
    }

    private static RuntimeException unchecked(Exception failure) throws IOException {
        if (failure instanceof IOException io) {
            throw io;
        }
        return failure instanceof RuntimeException runtime
                ? runtime
                : new IllegalStateException(String.valueOf(failure.getMessage()), failure);
    }

    private List<RankResult> once(StepRange steps) throws IOException {
        if (stopping) {
            throw new Stopped("stopped before the attempt");
        }
        RecentLines lines = new RecentLines();
        context.sc().register(lines, "training log");
        log.follow(lines);
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        String attempt = UUID.randomUUID().toString();
        RankTask task = new RankTask(
                config,
                start.model(),
                start.firstWeights(),
                hadoop,
                steps,
                start.fingerprint(),
                start.inputs().features(),
                attempt,
                secret,
                evalClips,
                start.inputs().manifest().pictureRules(),
                evalPictures,
                lines,
                lease);
        AttemptTasks tasks = new AttemptTasks(attempt, () -> {
            if (stopping) { // a stop was requested after this attempt began and before its job was
                context.cancelJobGroup(attempt);
            }
        });
        context.sc().addSparkListener(tasks);
        context.setJobGroup(attempt, "training", true);
        try {
            List<RankResult> results =
                    BarrierStage.run(context, ranks, RankResult.class, rank -> new RankThread(task, rank).run());
            log.take(lines.value());
            return results;
        } catch (Exception e) {
            context.cancelJobGroup(attempt);
            tasks.awaitEnd(stopping || isCancelled(e) ? SAVING_S : GIVING_UP_S);
            throw e;
        } finally {
            context.clearJobGroup();
            context.sc().removeSparkListener(tasks);
            log.flush();
        }
    }
}
