// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.apache.spark.sql.functions.col;

import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.bucketing.plan.StepPlanner.BucketClips;
import io.sparkreel.jobs.UserError;
import io.sparkreel.jobs.config.TrainingConfig;
import io.sparkreel.jobs.storage.BucketingManifest.BucketRows;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Plans the epochs of a run, some at a time, as tables in the run folder. */
final class EpochPlanning {
    /** Epochs are planned together up to about this many clips, so that small data does not mean many stages. */
    private static final long CLIPS_PER_PLAN = 200_000;

    private final SparkSession spark;
    private final TrainingConfig config;
    private final RunStart start;
    private final Dataset<Row> shards;
    private final List<List<BucketClips>> draws;
    private final StepPlanner planner;

    EpochPlanning(SparkSession spark, TrainingConfig config, RunStart start) {
        this.spark = spark;
        this.config = config;
        this.start = start;
        shards = spark.read().parquet(start.data().uri(start.manifest().folder("shards")))
                .withColumn("resolution", col("resolution").cast("string"))
                .withColumnRenamed("epoch", "draw").cache();
        draws = draws(shards);
        planner = new StepPlanner(config.run().seed(), config.steps().microBatchesPerStep());
    }

    /**
     * Some epochs, planned.
     *
     * @param path of the plan table
     * @param epochs how many
     * @param endStep global number of the step after the last
     */
    record Planned(String path, int epochs, long endStep) {}

    /** Steps of the first epoch. */
    long stepsPerEpoch() {
        return planner.plan(0, draws.get(0)).size();
    }

    /**
     * Plans the epochs that come next.
     *
     * @param epoch the first
     * @param firstStep its first global step
     * @param total steps of the whole run; no more epochs are planned than it takes to get there
     */
    Planned next(int epoch, long firstStep, long total) {
        List<List<BucketClips>> epochs = new ArrayList<>();
        long clips = 0;
        long end = firstStep;
        while (end < total && (epochs.isEmpty() || clips < CLIPS_PER_PLAN)) {
            List<BucketClips> next = draws.get((epoch + epochs.size()) % draws.size());
            clips += next.stream().mapToLong(bucket -> bucket.clipIds().length).sum();
            end += planner.plan(epoch + epochs.size(), next).size();
            epochs.add(next);
        }
        String path = start.run().uri("plan/epochs=" + epoch + "-" + (epoch + epochs.size() - 1));
        PlanTable.write(spark, PlanTable.places(planner, epoch, epochs, firstStep), shards, draws.size(), path);
        return new Planned(path, epochs.size(), end);
    }

    /** The clips of each draw of the shards, by bucket. */
    private List<List<BucketClips>> draws(Dataset<Row> shards) {
        Map<String, Integer> batchSizes = PlanFingerprint.batchSizes(config, start.manifest());
        List<List<BucketClips>> draws = new ArrayList<>();
        for (int draw = 0; draw < start.manifest().epochs(); draw++) {
            draws.add(new ArrayList<>());
        }
        for (BucketRows bucket : start.manifest().buckets()) {
            Integer batchSize = batchSizes.get(PlanFingerprint.level(bucket.resolution(), bucket.frames()));
            if (batchSize == null) {
                throw new UserError("Cannot train on bucket " + bucket.resolution() + " x " + bucket.frames()
                        + ": it has no batch size. Give one in bucket_config.");
            }
            List<Row> rows = shards.where(col("resolution").equalTo(bucket.resolution())
                            .and(col("bucket_frames").equalTo(bucket.frames()))
                            .and(col("aspect").equalTo(bucket.aspect())))
                    .select("draw", "clip_id").collectAsList();
            for (int draw = 0; draw < draws.size(); draw++) {
                int wanted = draw;
                long[] clips = rows.stream().filter(row -> row.getInt(0) == wanted).mapToLong(row -> row.getLong(1)).toArray();
                if (clips.length > 0) {
                    draws.get(draw).add(new BucketClips(
                            bucket.resolution() + "-" + bucket.frames() + "-" + bucket.aspect(), clips, batchSize,
                            (double) bucket.frames() * bucket.height() * bucket.width()));
                }
            }
        }
        return draws;
    }
}
