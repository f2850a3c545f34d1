// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.error.DiskFull;
import io.sparkreel.jobs.error.Stopped;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.parts.ChosenCheckpoint;
import io.sparkreel.jobs.plan.EpochPlanning;
import io.sparkreel.jobs.plan.HeldOut;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.jobs.preflight.MemoryEstimate;
import io.sparkreel.jobs.preflight.Preflight;
import io.sparkreel.jobs.preflight.RankFacts;
import io.sparkreel.jobs.spark.StopSignal;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.jobs.watch.RunLog;
import io.sparkreel.jobs.watch.WandbSync;
import io.sparkreel.model.optim.LearningRate;
import io.sparkreel.model.train.checkpoint.RunCounts;
import io.sparkreel.model.train.checkpoint.TrainingCheckpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSError;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;

/**
 * A training run as the driver sees it: plans some epochs, runs them as a barrier stage, and continues with the
 * next from the checkpoint at the end of that stage.
 */
public final class TrainingRun {
    private static final Logger LOG = LogManager.getLogger(TrainingRun.class);

    private final LoadedConfig<TrainingConfig> loaded;
    private final TrainingConfig config;
    private final ResolvedRun start;
    private final EvalData eval;

    private TrainingRun(LoadedConfig<TrainingConfig> loaded, ResolvedRun start, EvalData eval) {
        this.loaded = loaded;
        config = loaded.config();
        this.start = start;
        this.eval = eval;
    }

    /**
     * Checks all that can be checked without Spark.
     *
     * @throws UserError if the run cannot work
     */
    public static TrainingRun prepare(LoadedConfig<TrainingConfig> loaded, Configuration hadoop) throws IOException {
        if (loaded.config().watch().wandb()) {
            WandbSync.find(System.getenv("PATH")); // not to be found out after days of training
        }
        return new TrainingRun(loaded, ResolvedRun.of(loaded, hadoop), EvalData.of(loaded.config(), hadoop));
    }

    /**
     * How far a run has come.
     *
     * @param steps taken in all
     * @param checkpoint address of the last one
     */
    public record Progress(long steps, String checkpoint) {}

    /**
     * Trains until the last step.
     *
     * @param signal may ask the run to stop
     * @param lease of the run's folder
     * @throws Stopped if it did; what was trained is saved
     */
    public Progress execute(SparkSession spark, StopSignal signal, FolderLease lease) throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        String tag = "sparkreel-training-" + UUID.randomUUID(); // the session may run other jobs
        context.addJobTag(tag);
        signal.onRequest(() -> context.cancelJobsWithTag(tag));
        try {
            int ranks = checkedRanks(context);
            start.inputs().run().deleteUnfinished(""); // of runs that were killed
            try (OutputStream out = start.inputs().run().create("config.yaml")) {
                out.write(loaded.yaml().getBytes(StandardCharsets.UTF_8));
            }
            EpochPlanning planning = new EpochPlanning(
                    spark, start.inputs(), new HeldOut(config.watch().evalFraction()));
            try (RunLog log = RunLog.of(
                    loaded,
                    start.inputs().run(),
                    start.globalStep(),
                    start.checkpointedLines(),
                    start.inputs().data())) {
                spark.sparkContext().addSparkListener(log);
                try {
                    List<List<PlannedClip>> evalClips =
                            eval == null ? List.of() : eval.microBatches(spark, start.inputs());
                    Attempts attempts = new Attempts(
                            context,
                            ranks,
                            config,
                            start,
                            evalClips,
                            evalPictures(),
                            log,
                            lease.claim(),
                            () -> context.cancelJobsWithTag(tag));
                    signal.onRequest(attempts::stop);
                    return train(spark, attempts, ranks, planning, log);
                } finally {
                    spark.sparkContext().removeSparkListener(log);
                }
            }
        } catch (Exception e) { // Spark's own exceptions are checked, and not declared
            if (signal.isRequested() && !(e instanceof Stopped)) {
                throw new Stopped("Stopped on request, before the first step. Start it again with the same command.");
            }
            if (UserError.in(e) == null && DiskFull.isCauseOf(e)) {
                throw Attempts.diskFull(start.inputs().run(), e);
            }
            throw e;
        } catch (FSError e) { // what Hadoop makes of a local disk that refuses a write
            if (DiskFull.isCauseOf(e)) {
                throw Attempts.diskFull(start.inputs().run(), e);
            }
            throw e;
        } finally {
            signal.onRequest(null);
            context.removeJobTag(tag);
        }
    }

    /** How many ranks there are, once all of them have room for what they will compute. */
    private int checkedRanks(JavaSparkContext context) {
        List<RankFacts> facts = Preflight.ranks(context, config.device());
        MemoryEstimate need = start.memoryNeed(config);
        if (config.plan().memoryGib() != null) {
            need.checkLimit(facts.size(), config.plan().memoryGib());
        }
        need.check(facts, context.getConf());
        return facts.size();
    }

    private PictureRules evalPictures() {
        return (eval == null || eval.manifest() == null ? start.inputs().manifest() : eval.manifest()).pictureRules();
    }

    private Progress train(SparkSession spark, Attempts attempts, int ranks, EpochPlanning planning, RunLog log)
            throws IOException {
        int epoch = start.resumed() == null ? 0 : start.resumed().epoch();
        long epochBegin = start.resumed() == null
                ? 0
                : start.resumed().globalStep() - start.resumed().step();
        long total = totalSteps(planning, epoch, epochBegin);
        long done = start.globalStep();
        ChosenCheckpoint from = start.checkpoint();
        String checkpoint = from == null ? null : from.uri();
        LOG.info(
                "{} clips in {} buckets, {}, {} steps in all, {} rank{}",
                start.inputs().manifest().contents().clips(),
                start.inputs().manifest().contents().buckets().size(),
                planning.stepsPerEpoch(),
                total,
                ranks,
                ranks == 1 ? "" : "s");
        planning.describe(ranks);
        if (done >= total) {
            requireFewBadClips();
            log.append(
                    "end",
                    "No step is left: the run has taken all of its " + done + " steps, and the last checkpoint" + " is "
                            + checkpoint + ". Raise epochs or max_steps to train on");
            return new Progress(done, checkpoint);
        }
        if (start.resumed() != null) {
            LearningRate before = start.resumed().learningRate();
            LearningRate now = LearningRates.of(config, total);
            (before == null
                            ? LearningRates.changeByLog(start.checkpointedLines(), now, done)
                            : LearningRates.change(before, now, done))
                    .ifPresent(change -> LOG.warn("{}", change));
        }
        long updatesBefore = from == null
                ? 0
                : TrainingCheckpoint.state(from.open(spark.sparkContext().hadoopConfiguration()))
                        .optimizerSteps();
        long updates = updatesBefore;
        planning.forgetFrom(epochBegin);
        while (done < total) {
            EpochPlanning.Planned planned = planning.next(epoch, epochBegin, total);
            long last = Math.min(planned.endStep(), total);
            boolean newRun = done == 0;
            List<RankResult> results = attempts.run(new StepRange(planned.path(), last, total, from, newRun));
            String stopped = results.get(0).stopped();
            if (stopped != null) {
                throw new UserError("Cannot train any further: " + stopped);
            }
            done = results.get(0).steps();
            updates = results.get(0).updates();
            checkpoint = results.get(0).checkpoint();
            if (done < total) {
                from = ChosenCheckpoint.verified(spark.sparkContext().hadoopConfiguration(), checkpoint);
            }
            epoch += planned.epochs();
            epochBegin = planned.endStep();
        }
        tellOfBadClips(spark);
        if (updates == updatesBefore) {
            throw new UserError("Cannot train: none of the " + (done - start.globalStep())
                    + " steps changed the weights,"
                    + " since no clip could be read or the loss or the gradient was not finite; " + BadClips.TABLE
                    + "/ and skipped/ in " + start.inputs().run() + " say of which clips. Mend or leave out those, or"
                    + " lower lr.");
        }
        log.append("end", "Trained " + done + " steps; the last checkpoint is " + checkpoint);
        return new Progress(done, checkpoint);
    }

    /** The step with which the last epoch ends, or {@code max_steps} if that comes first. */
    private long totalSteps(EpochPlanning planning, int epoch, long epochBegin) {
        long byEpochs = epochBegin + planning.steps(epoch, config.run().epochs());
        return config.run().maxSteps() == null
                ? byEpochs
                : Math.min(byEpochs, config.run().maxSteps());
    }

    /** A run that ended for its bad clips after its last step ends for them again. */
    private void requireFewBadClips() {
        RunCounts counts = start.resumed() == null ? null : start.resumed().counts();
        if (counts != null) {
            new BadClips(config.steps().maxBadClips(), counts.clips(), counts.clipsRead())
                    .tooMany(start.resumed().epochEnded())
                    .ifPresent(tooMany -> {
                        throw new UserError("Cannot call the run trained: " + tooMany + ". "
                                + start.inputs().run().uri(BadClips.TABLE)
                                + " says which and why. Raise max_bad_clips to take it as it is.");
                    });
        }
    }

    private void tellOfBadClips(SparkSession spark) throws IOException {
        if (!start.inputs().run().list(BadClips.TABLE).isEmpty()) {
            String table = start.inputs().run().uri(BadClips.TABLE);
            LOG.warn(
                    "{} clips could not be read; {} says which and why",
                    Tables.reader(spark).parquet(table).count(),
                    table);
        }
    }
}
