// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.apache.spark.sql.functions.col;

import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.bucketing.plan.StepPlanner.BucketClips;
import io.sparkreel.jobs.Components;
import io.sparkreel.jobs.Components.TextSizes;
import io.sparkreel.jobs.PretrainedModel;
import io.sparkreel.jobs.UserError;
import io.sparkreel.jobs.config.BucketLevel;
import io.sparkreel.jobs.config.LoadedConfig;
import io.sparkreel.jobs.config.TrainingConfig;
import io.sparkreel.jobs.storage.BucketingManifest;
import io.sparkreel.jobs.storage.BucketingManifest.BucketRows;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.WeightsCache;
import io.sparkreel.model.autoencoder.LatentSizes;
import io.sparkreel.model.checkpoint.CheckpointReader;
import io.sparkreel.model.stdit.Stdit2Config;
import io.sparkreel.model.train.RunState;
import io.sparkreel.model.train.TrainingCheckpoint;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/**
 * A training run as the driver sees it: plans some epochs, runs them as a barrier stage, and goes on with the
 * next from the checkpoint at the end of that stage.
 */
public final class TrainingRun {
    private static final Logger LOG = LogManager.getLogger(TrainingRun.class);
    /** Epochs are planned together up to about this many clips, so that small data does not mean many stages. */
    private static final long CLIPS_PER_PLAN = 200_000;
    private static final int SECRET_BYTES = 32;

    private final LoadedConfig<TrainingConfig> loaded;
    private final TrainingConfig config;
    private final HadoopStorage data;
    private final BucketingManifest manifest;
    private final HadoopStorage run;
    private final String fingerprint;
    private final Stdit2Config model;
    private final RunState resumed;

    private TrainingRun(LoadedConfig<TrainingConfig> loaded, HadoopStorage data, BucketingManifest manifest,
            HadoopStorage run, String fingerprint, Stdit2Config model, RunState resumed) {
        this.loaded = loaded;
        config = loaded.config();
        this.data = data;
        this.manifest = manifest;
        this.run = run;
        this.fingerprint = fingerprint;
        this.model = model;
        this.resumed = resumed;
    }

    /**
     * Checks all that can be checked without Spark.
     *
     * @throws UserError if the run cannot work
     */
    public static TrainingRun prepare(LoadedConfig<TrainingConfig> loaded, Configuration hadoop) throws IOException {
        TrainingConfig config = loaded.config();
        if (config.dataset().dataPath() == null) {
            throw new UserError("Cannot start the training job: no --data-path DIR. "
                    + "Give the output folder of a bucketing run.");
        }
        HadoopStorage data = dataFolder(hadoop, config.dataset().dataPath());
        BucketingManifest manifest = BucketingManifest.read(data);
        requireSameInterval(config, manifest);
        HadoopStorage run = new HadoopStorage(hadoop, config.run().outputs());
        String fingerprint = fingerprint(config, manifest);
        CheckpointReader load = loadedCheckpoint(config, hadoop, run);
        WeightsCache cache = new WeightsCache(hadoop);
        LatentSizes latent = loaded.resolve("vae", () -> Components.codecSizes(config.vae(), cache));
        TextSizes text = loaded.resolve("text_encoder", () -> Components.textSizes(config.textEncoder(), cache));
        Optional<Stdit2Config> stored = storedSizes(config, load, hadoop, cache);
        Stdit2Config model = loaded.resolve("model", () -> Components.model(config.model(), stored, latent, text));
        RunState resumed = load == null ? null : checkLoad(config, load, model, fingerprint);
        return new TrainingRun(loaded, data, manifest, run, fingerprint, model, resumed);
    }

    /** First weights bring their sizes along; once the run has a checkpoint, that does. */
    private static Optional<Stdit2Config> storedSizes(TrainingConfig config, CheckpointReader load,
            Configuration hadoop, WeightsCache cache) throws IOException {
        if (config.model().fromPretrained() == null) {
            return Optional.empty();
        }
        if (load != null) {
            return Optional.of(TrainingCheckpoint.config(load));
        }
        PretrainedModel first = PretrainedModel.find(config.model(), hadoop, cache);
        first.warnings().forEach(warning -> LOG.warn("{}", warning));
        first.sizes().ifPresent(sizes -> LOG.info("The model has the sizes of {}: {}",
                config.model().fromPretrained(), sizes));
        return first.sizes();
    }

    /** The shards hold clips that are long enough for one interval; another would need other buckets. */
    private static void requireSameInterval(TrainingConfig config, BucketingManifest manifest) {
        if (config.dataset().frameInterval() != manifest.frameInterval()) {
            throw new UserError("Cannot train with dataset.frame_interval " + config.dataset().frameInterval()
                    + ": the clips were bucketed for " + manifest.frameInterval()
                    + ". Set it to that, or bucket them again.");
        }
    }

    /** The output folder of a bucketing run; its {@code shards} folder means the same. */
    private static HadoopStorage dataFolder(Configuration hadoop, String dataPath) throws IOException {
        Path path = new Path(dataPath);
        HadoopStorage given = new HadoopStorage(hadoop, dataPath);
        if (given.status("").isEmpty()) {
            throw new UserError("Cannot read " + dataPath + ": there is no such folder. "
                    + "Give the output folder of a bucketing run as --data-path.");
        }
        if (given.status(BucketingManifest.NAME).isEmpty() && path.getName().equals("shards")
                && path.getParent() != null) {
            return new HadoopStorage(hadoop, path.getParent().toString());
        }
        return given;
    }

    /** The checkpoint to go on from; null for a run that begins. */
    private static CheckpointReader loadedCheckpoint(TrainingConfig config, Configuration hadoop, HadoopStorage run)
            throws IOException {
        if (config.run().load() != null) {
            CheckpointReader.Found found = CheckpointReader.resolve(new HadoopStorage(hadoop, config.run().load()));
            found.warnings().forEach(warning -> LOG.warn("{}", warning));
            return found.checkpoint();
        }
        if (run.list("").stream().anyMatch(name -> name.startsWith("epoch"))) {
            throw new UserError("Cannot begin a run in " + run + ": it holds checkpoints of another. Give --load "
                    + run + " to go on with that, or another --outputs.");
        }
        return null;
    }

    private static RunState checkLoad(TrainingConfig config, CheckpointReader load, Stdit2Config model,
            String fingerprint) throws IOException {
        requireSameModel(load, model);
        RunState state = TrainingCheckpoint.state(load);
        if (config.run().startFromScratch()) {
            return null;
        }
        if (!state.planFingerprint().equals(fingerprint)) {
            throw new UserError("Cannot resume from " + load + ": data, seed, batch sizes or "
                    + "micro_batches_per_step differ from those it was trained with. Restore them, or give "
                    + "--start-from-scratch to take only weights and optimizer.");
        }
        return state;
    }

    private static void requireSameModel(CheckpointReader checkpoint, Stdit2Config model) throws IOException {
        Stdit2Config stored = TrainingCheckpoint.config(checkpoint);
        if (!stored.equals(model)) {
            throw new UserError("Cannot load " + checkpoint + ": its model is " + stored
                    + " and not the configured one. Configure these sizes, or take another checkpoint.");
        }
    }

    /** Changes whenever the same step would not consist of the same clips. */
    private static String fingerprint(TrainingConfig config, BucketingManifest manifest) {
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
        try (OutputStream out = run.create("config.yaml")) {
            out.write(loaded.yaml().getBytes(StandardCharsets.UTF_8));
        }
        Dataset<Row> shards = spark.read().parquet(data.uri(manifest.folder("shards")))
                .withColumn("resolution", col("resolution").cast("string"))
                .withColumnRenamed("epoch", "draw").cache();
        List<List<BucketClips>> draws = draws(shards);
        try (RunLog log = new RunLog(run)) {
            spark.sparkContext().addSparkListener(log);
            train(spark, context, ranks, shards, draws, log);
        }
    }

    private void train(SparkSession spark, JavaSparkContext context, int ranks, Dataset<Row> shards,
            List<List<BucketClips>> draws, RunLog log) throws IOException {
        StepPlanner planner = new StepPlanner(config.run().seed(), config.steps().microBatchesPerStep());
        long stepsPerEpoch = planner.plan(0, draws.get(0)).size();
        long total = totalSteps(stepsPerEpoch);
        int epoch = resumed == null ? 0 : resumed.epoch();
        long epochBegin = resumed == null ? 0 : resumed.globalStep() - resumed.step();
        long done = resumed == null ? 0 : resumed.globalStep();
        String checkpoint = config.run().load();
        LOG.info("{} clips in {} buckets, {} steps an epoch, {} steps in all, {} rank{}",
                manifest.clips(), manifest.buckets().size(), stepsPerEpoch, total, ranks, ranks == 1 ? "" : "s");
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
            String plan = run.uri("plan/epochs=" + epoch + "-" + (epoch + epochs.size() - 1));
            PlanTable.write(spark, PlanTable.places(planner, epoch, epochs, epochBegin), shards, draws.size(), plan);
            long last = Math.min(end, total);
            boolean newRun = done == 0;
            RankResult first = attempt(context, ranks, plan, last, total, checkpoint, newRun, bad, log);
            done = first.steps();
            checkpoint = run.uri(first.checkpoint());
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

    /**
     * Runs the ranks until the plan's last step. When an executor is lost, or a rank fails otherwise, it starts them
     * again from the newest checkpoint, a limited number of times.
     */
    private RankResult attempt(JavaSparkContext context, int ranks, String plan, long last, long total,
            String checkpoint, boolean newRun, List<BadClip> bad, RunLog log) throws IOException {
        String from = checkpoint;
        boolean beginning = newRun;
        for (int restarts = 0; ; restarts++) {
            try {
                List<RankResult> results = attempt(context, ranks, plan, last, total, from, beginning, log);
                results.forEach(result -> bad.addAll(result.bad()));
                return results.get(0);
            } catch (Exception e) { // Spark's own exceptions are checked, and not declared
                if (UserError.in(e) != null || restarts >= config.run().maxRestarts()) {
                    throw e;
                }
                Optional<CheckpointReader.Found> newest = CheckpointReader.newest(run);
                if (newest.isPresent()) {
                    newest.get().warnings().forEach(warning -> LOG.warn("{}", warning));
                    from = run.uri(newest.get().checkpoint().folder());
                    beginning = false;
                }
                LOG.warn("The ranks failed: {} Starting them again ({} of {} restarts) from {}",
                        e.getMessage().lines().findFirst().orElse(""), restarts + 1, config.run().maxRestarts(),
                        from == null ? "the beginning" : from);
            }
        }
    }

    private List<RankResult> attempt(JavaSparkContext context, int ranks, String plan, long last, long total,
            String checkpoint, boolean newRun, RunLog log) throws IOException {
        RecentLines lines = new RecentLines();
        context.sc().register(lines, "training log");
        log.follow(lines);
        byte[] secret = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(secret);
        String attempt = UUID.randomUUID().toString();
        RankTask task = new RankTask(config, model, context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())),
                plan, last, total, fingerprint, checkpoint, newRun, attempt, secret, lines);
        // A rank that waits for a lost one must be interrupted, or it would hold its slot.
        context.setJobGroup(attempt, "training", true);
        try {
            List<RankResult> results = BarrierAttempt.run(context, ranks, task);
            log.take(lines.value());
            return results;
        } finally {
            context.cancelJobGroup(attempt);
            context.clearJobGroup();
            log.flush();
        }
    }

    /** The clips of each draw of the shards, by bucket. */
    private List<List<BucketClips>> draws(Dataset<Row> shards) {
        Map<String, Integer> batchSizes = batchSizes(config, manifest);
        List<List<BucketClips>> draws = new ArrayList<>();
        for (int draw = 0; draw < manifest.epochs(); draw++) {
            draws.add(new ArrayList<>());
        }
        for (BucketRows bucket : manifest.buckets()) {
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
        String path = run.uri("quarantine");
        spark.createDataFrame(rows, io.sparkreel.jobs.inventory.ClipProber.QUARANTINE)
                .coalesce(1).write().mode("append").parquet(path);
        LOG.warn("{} clips could not be decoded; {} says which and why", rows.size(), path);
    }
}
