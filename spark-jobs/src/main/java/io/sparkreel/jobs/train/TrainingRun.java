// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.error.Stopped;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.parts.ChosenCheckpoint;
import io.sparkreel.jobs.plan.EpochPlanning;
import io.sparkreel.jobs.plan.HeldOut;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.jobs.preflight.Preflight;
import io.sparkreel.jobs.preflight.RankFacts;
import io.sparkreel.jobs.spark.StopSignal;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.jobs.watch.RunLog;
import io.sparkreel.jobs.watch.WandbSync;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
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
     * Trains until the last step.
     *
     * @param signal may ask the run to stop
     * @throws Stopped if it did; what was trained is saved
     */
    public void execute(SparkSession spark, StopSignal signal) throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        signal.onRequest(context::cancelAllJobs);
        try {
            int ranks = checkedRanks(context);
            try (OutputStream out = start.inputs().run().create("config.yaml")) {
                out.write(loaded.yaml().getBytes(StandardCharsets.UTF_8));
            }
            EpochPlanning planning = new EpochPlanning(
                    spark, start.inputs(), new HeldOut(config.watch().evalFraction()));
            try (RunLog log = RunLog.of(loaded, start.inputs().run(), start.globalStep(), start.checkpointedLines())) {
                spark.sparkContext().addSparkListener(log);
                List<List<PlannedClip>> evalClips = eval == null ? List.of() : eval.microBatches(spark, start.inputs());
                Attempts attempts = new Attempts(context, ranks, config, start, evalClips, evalPictures(), log);
                signal.onRequest(attempts::stop);
                train(spark, attempts, ranks, planning, log);
            }
        } catch (Exception e) { // Spark's own exceptions are checked, and not declared
            if (signal.isRequested() && !(e instanceof Stopped)) {
                throw new Stopped("Stopped on request, before the first step.");
            }
            throw e;
        } finally {
            signal.onRequest(null);
        }
    }

    /** How many ranks there are, once all of them have room for what they will compute. */
    private int checkedRanks(JavaSparkContext context) {
        List<RankFacts> facts = Preflight.ranks(context, config.device());
        start.memoryNeed(config).check(facts, context.getConf());
        return facts.size();
    }

    private PictureRules evalPictures() {
        return (eval == null || eval.manifest() == null ? start.inputs().manifest() : eval.manifest()).pictureRules();
    }

    private void train(SparkSession spark, Attempts attempts, int ranks, EpochPlanning planning, RunLog log)
            throws IOException {
        long stepsPerEpoch = planning.steps(0);
        long total = totalSteps(stepsPerEpoch);
        int epoch = start.resumed() == null ? 0 : start.resumed().epoch();
        long epochBegin = start.resumed() == null
                ? 0
                : start.resumed().globalStep() - start.resumed().step();
        long done = start.globalStep();
        ChosenCheckpoint from = start.checkpoint();
        String checkpoint = from == null ? null : from.uri();
        LOG.info(
                "{} clips in {} buckets, {} steps an epoch, {} steps in all, {} rank{}",
                start.inputs().manifest().clips(),
                start.inputs().manifest().buckets().size(),
                stepsPerEpoch,
                total,
                ranks,
                ranks == 1 ? "" : "s");
        planning.describe(ranks);
        planning.forgetFrom(epochBegin);
        while (done < total) {
            EpochPlanning.Planned planned = planning.next(epoch, epochBegin, total);
            long last = Math.min(planned.endStep(), total);
            boolean newRun = done == 0;
            List<RankResult> results = attempts.run(new StepRange(planned.path(), last, total, from, newRun));
            String stopped = results.get(0).stopped();
            if (stopped != null) {
                throw new UserError("Cannot train any further: " + stopped + "; "
                        + start.inputs().run().uri(BadClips.TABLE)
                        + " says which and why. Bucket the data again with verify: full, or raise max_bad_clips.");
            }
            done = results.get(0).steps();
            checkpoint = results.get(0).checkpoint();
            if (done < total) {
                from = ChosenCheckpoint.verified(spark.sparkContext().hadoopConfiguration(), checkpoint);
            }
            epoch += planned.epochs();
            epochBegin = planned.endStep();
        }
        tellOfBadClips(spark);
        log.append("end", "Trained " + done + " steps; the last checkpoint is " + checkpoint);
    }

    private long totalSteps(long stepsPerEpoch) {
        long byEpochs = config.run().epochs() * stepsPerEpoch;
        return config.run().maxSteps() == null
                ? byEpochs
                : Math.min(byEpochs, config.run().maxSteps());
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
