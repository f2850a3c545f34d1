// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.apache.spark.sql.functions.col;

import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.bucketing.plan.StepPlanner.BucketClips;
import io.sparkreel.jobs.UserError;
import io.sparkreel.jobs.config.BucketLevel;
import io.sparkreel.jobs.config.LoadedConfig;
import io.sparkreel.jobs.config.TrainingConfig;
import io.sparkreel.jobs.storage.BucketingManifest;
import io.sparkreel.jobs.storage.BucketingManifest.BucketRows;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;

/**
 * A training run as the driver sees it: plans some epochs, runs them as a barrier stage, and goes on with the
 * next from the checkpoint at the end of that stage.
 */
public final class TrainingRun {
    private static final Logger LOG = LogManager.getLogger(TrainingRun.class);
    /** Epochs are planned together up to about this many clips, so that small data does not mean many stages. */
    private static final long CLIPS_PER_PLAN = 200_000;

    private final LoadedConfig<TrainingConfig> loaded;
    private final TrainingConfig config;
    private final RunStart start;

    private TrainingRun(LoadedConfig<TrainingConfig> loaded, RunStart start) {
        this.loaded = loaded;
        config = loaded.config();
        this.start = start;
    }

    /**
     * Checks all that can be checked without Spark.
     *
     * @throws UserError if the run cannot work
     */
    public static TrainingRun prepare(LoadedConfig<TrainingConfig> loaded, Configuration hadoop) throws IOException {
        return new TrainingRun(loaded, RunStart.of(loaded, hadoop));
    }

    /** Changes whenever the same step would not consist of the same clips. */
    static String fingerprint(TrainingConfig config, BucketingManifest manifest) {
        String identity = manifest.run() + "|" + config.run().seed() + "|" + config.steps().microBatchesPerStep() + "|"
                + new TreeMap<>(batchSizes(config, manifest));
        try {
            byte[] digest = MessageDigest.getInstance("SHA-256").digest(identity.getBytes(StandardCharsets.UTF_8));
            return HexFormat.of().formatHex(digest, 0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Batch size by "resolution/frames": the shards' own, overridden by the training configuration. */
    private static Map<String, Integer> batchSizes(TrainingConfig config, BucketingManifest manifest) {
        Map<String, Integer> sizes = new TreeMap<>();
        manifest.bucketConfig().forEach((resolution, counts) -> counts.forEach((frames, pair) -> {
            if (pair.get(1) != null) {
                sizes.put(level(resolution, frames), pair.get(1).intValue());
            }
        }));
        if (config.bucketConfig() != null) {
            config.bucketConfig().forEach((resolution, counts) -> counts.forEach((Integer frames, BucketLevel level) -> {
                if (level.batchSize() != null) {
                    sizes.put(level(resolution, frames), level.batchSize());
                }
            }));
        }
        return sizes;
    }

    private static String level(String resolution, int frames) {
        return resolution.toLowerCase(java.util.Locale.ROOT) + "/" + frames;
    }

    /** Trains until the last step. */
    public void execute(SparkSession spark) throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        int ranks = Ranks.count(context);
        try (OutputStream out = start.run().create("config.yaml")) {
            out.write(loaded.yaml().getBytes(StandardCharsets.UTF_8));
        }
        Dataset<Row> shards = spark.read().parquet(start.data().uri(start.manifest().folder("shards")))
                .withColumn("resolution", col("resolution").cast("string"))
                .withColumnRenamed("epoch", "draw").cache();
        List<List<BucketClips>> draws = draws(shards);
        try (RunLog log = new RunLog(start.run())) {
            spark.sparkContext().addSparkListener(log);
            train(spark, context, ranks, shards, draws, log);
        }
    }

    private void train(SparkSession spark, JavaSparkContext context, int ranks, Dataset<Row> shards,
            List<List<BucketClips>> draws, RunLog log) throws IOException {
        StepPlanner planner = new StepPlanner(config.run().seed(), config.steps().microBatchesPerStep());
        long stepsPerEpoch = planner.plan(0, draws.get(0)).size();
        long total = totalSteps(stepsPerEpoch);
        int epoch = start.resumed() == null ? 0 : start.resumed().epoch();
        long epochBegin = start.resumed() == null ? 0 : start.resumed().globalStep() - start.resumed().step();
        long done = start.resumed() == null ? 0 : start.resumed().globalStep();
        String checkpoint = start.checkpoint();
        Attempts attempts = new Attempts(context, ranks, config, start, log);
        LOG.info("{} clips in {} buckets, {} steps an epoch, {} steps in all, {} rank{}",
                start.manifest().clips(), start.manifest().buckets().size(), stepsPerEpoch, total, ranks, ranks == 1 ? "" : "s");
        List<BadClip> bad = new ArrayList<>();
        while (done < total) {
            List<List<BucketClips>> epochs = new ArrayList<>();
            long clips = 0;
            long end = epochBegin;
            while (end < total && (epochs.isEmpty() || clips < CLIPS_PER_PLAN)) {
                List<BucketClips> next = draws.get((epoch + epochs.size()) % draws.size());
                clips += next.stream().mapToLong(bucket -> bucket.clipIds().length).sum();
                end += planner.plan(epoch + epochs.size(), next).size();
                epochs.add(next);
            }
            String plan = start.run().uri("plan/epochs=" + epoch + "-" + (epoch + epochs.size() - 1));
            PlanTable.write(spark, PlanTable.places(planner, epoch, epochs, epochBegin), shards, draws.size(), plan);
            long last = Math.min(end, total);
            boolean newRun = done == 0;
            List<RankResult> results = attempts.run(new Stretch(plan, last, total, checkpoint, newRun));
            results.forEach(result -> bad.addAll(result.bad()));
            done = results.get(0).steps();
            checkpoint = start.run().uri(results.get(0).checkpoint());
            epoch += epochs.size();
            epochBegin = end;
        }
        writeQuarantine(spark, bad);
        LOG.info("Trained {} steps; the last checkpoint is {}", done, checkpoint);
    }

    private long totalSteps(long stepsPerEpoch) {
        long byEpochs = config.run().epochs() * stepsPerEpoch;
        return config.run().maxSteps() == null ? byEpochs : Math.min(byEpochs, config.run().maxSteps());
    }
    /** The clips of each draw of the shards, by bucket. */
    private List<List<BucketClips>> draws(Dataset<Row> shards) {
        Map<String, Integer> batchSizes = batchSizes(config, start.manifest());
        List<List<BucketClips>> draws = new ArrayList<>();
        for (int draw = 0; draw < start.manifest().epochs(); draw++) {
            draws.add(new ArrayList<>());
        }
        for (BucketRows bucket : start.manifest().buckets()) {
            Integer batchSize = batchSizes.get(level(bucket.resolution(), bucket.frames()));
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

    private void writeQuarantine(SparkSession spark, List<BadClip> bad) {
        if (bad.isEmpty()) {
            return;
        }
        Timestamp now = Timestamp.from(Instant.now());
        List<Row> rows = bad.stream().distinct()
                .map(clip -> RowFactory.create(clip.uri(), "decode", clip.reason(), clip.detail(), now)).toList();
        String path = start.run().uri("quarantine");
        spark.createDataFrame(rows, io.sparkreel.jobs.inventory.ClipProber.QUARANTINE)
                .coalesce(1).write().mode("append").parquet(path);
        LOG.warn("{} clips could not be decoded; {} says which and why", rows.size(), path);
    }
}
