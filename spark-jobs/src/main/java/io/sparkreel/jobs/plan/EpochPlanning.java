// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import static org.apache.spark.sql.functions.col;

import io.sparkreel.bucketing.plan.EpochPlan;
import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.bucketing.plan.StepPlanner.BucketLoad;
import io.sparkreel.jobs.config.train.StepSampler;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.features.FeatureCache;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/** Plans the epochs of a run, some at a time, as tables in the run folder. */
public final class EpochPlanning {
    private static final Logger LOG = LogManager.getLogger(EpochPlanning.class);
    /** Epochs are planned together up to about this many clips, so that small data does not mean many stages. */
    private static final long CLIPS_PER_PLAN = 200_000;

    private static final int EPOCHS_PER_PLAN = 2000;
    private static final String FOLDER = "plan";
    /** The steps of a table, the second number being that of the step after its last. */
    private static final Pattern STEPS = Pattern.compile("steps=(\\d+)-(\\d+)");
    /** Below this, waiting for the most loaded rank is worth a word. */
    private static final double LOW_EFFICIENCY = 0.9;

    private final SparkSession spark;
    private final PlanInputs inputs;
    private final ClipSource source;
    private final PlanTable table;
    private final StepPlanner planner;
    private final List<List<BucketLoad>> draws = new ArrayList<>();
    private final OpenSoraEpochs openSora;
    /** Steps of the epochs of each draw. */
    private final long[] steps;

    /** Of all clips but those held out. */
    public EpochPlanning(SparkSession spark, PlanInputs inputs, HeldOut heldOut) throws IOException {
        this.spark = spark;
        this.inputs = inputs;
        source = inputs.rules().isOneSize()
                ? ClipSource.ofOneSize(spark, inputs, heldOut)
                : ClipSource.ofShards(spark, inputs, heldOut);
        planner = inputs.rules().planner();
        for (int draw = 0; draw < source.draws(); draw++) {
            draws.add(inputs.rules().loads(source.counts(draw)));
            if (source.clips(draw) == 0) {
                throw new UserError("Cannot train on " + inputs.data() + ": draw " + draw + " of its " + source.draws()
                        + " holds no clip. Bucket more clips, or with fewer epochs.");
            }
        }
        int windows = inputs.features() == null ? 1 : inputs.features().windows();
        table = new PlanTable(spark, source, inputs.rules(), features(), windows);
        openSora = inputs.rules().sampler() == StepSampler.OPEN_SORA ? new OpenSoraEpochs(spark, source, inputs) : null;
        steps = new long[draws.size()];
        for (int draw = 0; draw < steps.length; draw++) {
            steps[draw] = openSora == null ? plan(draw).steps() : openSora.steps(draw);
        }
    }

    /** The index of stored features, null if the run takes none. */
    private Dataset<Row> features() throws IOException {
        if (inputs.features() == null) {
            return null;
        }
        HadoopStorage folder = inputs.featuresFolder();
        Optional<Dataset<Row>> index = FeatureCache.index(spark, folder);
        if (index.isEmpty()) {
            LOG.warn("{} holds no features yet: clips are decoded and encoded as they are needed", folder);
            return null;
        }
        long stored = FeatureCache.stored(source.clips(), index.get(), folder.toString());
        LOG.info(
                "{} clips of the data have stored features in {}; others are decoded and encoded as they are needed",
                stored,
                folder);
        return index.get();
    }

    /**
     * Some epochs, planned.
     *
     * @param path of the plan table
     * @param epochs how many
     * @param endStep global number of the step after the last
     */
    public record Planned(String path, int epochs, long endStep) {}

    private EpochPlan plan(int epoch) {
        return planner.plan(epoch, draws.get(epoch % draws.size()));
    }

    /** Steps of an epoch. Epochs of the same draw have as many. */
    public long steps(int epoch) {
        return steps[epoch % steps.length];
    }

    /** Steps of the epochs from {@code first} on and before {@code end}. */
    public long steps(int first, int end) {
        int count = Math.max(0, end - first);
        int cycles = count / steps.length;
        long sum = cycles * Arrays.stream(steps).sum();
        for (int epoch = first + cycles * steps.length; epoch < end; epoch++) {
            sum += steps(epoch);
        }
        return sum;
    }

    /** Such as "12 steps an epoch", or "9 to 12" where the draws are of unequal size. */
    public String stepsPerEpoch() {
        return range(steps) + " steps an epoch";
    }

    private static String range(long[] ofDraws) {
        long least = Arrays.stream(ofDraws).min().orElseThrow();
        long most = Arrays.stream(ofDraws).max().orElseThrow();
        return least == most ? Long.toString(least) : least + " to " + most;
    }

    /** Says what the plan is like, and what to do where ranks would wait for each other. */
    public void describe(int ranks) {
        inputs.rules().batchSizes().forEach((tag, size) -> LOG.info("  {}: micro-batches of {}", tag, size));
        if (openSora != null) {
            long all = 0;
            long taken = 0;
            for (int draw = 0; draw < draws.size(); draw++) {
                all += source.clips(draw);
                taken += openSora.clips(draw);
            }
            LOG.info("  sampler open-sora leaves out {} of {} clips in {}", all - taken, all, epochs(draws.size()));
            return;
        }
        double efficiency = 1;
        long[] microBatches = new long[draws.size()];
        for (int draw = 0; draw < draws.size(); draw++) {
            EpochPlan plan = plan(draw);
            efficiency = Math.min(efficiency, plan.efficiency(ranks));
            microBatches[draw] = plan.microBatches();
        }
        LOG.info(
                "  {} micro-batches an epoch; ranks are expected to be busy {} % of a step",
                range(microBatches), String.format(Locale.ROOT, "%.1f", 100 * efficiency));
        if (ranks > 1 && efficiency < LOW_EFFICIENCY) {
            LOG.warn(
                    "Ranks will wait for each other: {} micro-batches of unequal cost are shared by {} of them. Raise"
                            + " micro_batches_per_step to at least {}, set batch_sizes: auto, or step_mix: similar",
                    planner.microBatchesPerStep(),
                    ranks,
                    4 * ranks);
        }
    }

    private static String epochs(int count) {
        return count == 1 ? "each epoch" : "the first " + count + " epochs";
    }

    /**
     * Removes the plans of steps that are still to come and will be planned now; those of steps that were taken stay.
     *
     * @param step the first that is still to come, or will be planned again as it was
     */
    public void forgetFrom(long step) throws IOException {
        HadoopStorage run = inputs.run();
        for (String name : run.list(FOLDER)) {
            Matcher steps = STEPS.matcher(name);
            if (!steps.matches() || Long.parseLong(steps.group(1)) >= step) {
                run.delete(FOLDER + "/" + name);
            } else if (Long.parseLong(steps.group(2)) > step) {
                Tables.reader(spark)
                        .parquet(run.uri(FOLDER + "/" + name))
                        .where(col("step").lt(step))
                        .write()
                        .mode(SaveMode.Overwrite)
                        .option("compression", "zstd")
                        .parquet(run.uri(FOLDER + "/steps=" + steps.group(1) + "-" + step));
                run.delete(FOLDER + "/" + name);
            }
        }
    }

    /**
     * Plans the epochs that come next.
     *
     * @param epoch the first
     * @param firstStep its first global step
     * @param total steps of the whole run; no more epochs are planned than it takes to get there
     */
    public Planned next(int epoch, long firstStep, long total) {
        List<Long> firstSteps = new ArrayList<>();
        long clips = 0;
        long end = firstStep;
        while (end < total
                && (firstSteps.isEmpty() || (clips < CLIPS_PER_PLAN && firstSteps.size() < EPOCHS_PER_PLAN))) {
            firstSteps.add(end);
            clips += source.clips((epoch + firstSteps.size() - 1) % draws.size());
            end += steps(epoch + firstSteps.size() - 1);
        }
        String path = inputs.run().uri(FOLDER + "/steps=" + firstStep + "-" + end);
        if (openSora == null) {
            table.write(draws, epoch, firstSteps, end, path);
        } else {
            table.write(openSora.places(epoch, firstSteps), clips, firstStep, end, path);
        }
        return new Planned(path, firstSteps.size(), end);
    }
}
