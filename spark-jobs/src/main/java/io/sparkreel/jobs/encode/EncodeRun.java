// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.encode;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sequence;
import static org.apache.spark.sql.functions.when;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.jobs.config.reader.LoadedConfig;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.dataset.DataFolder;
import io.sparkreel.jobs.error.Reasons;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.features.FeatureCache;
import io.sparkreel.jobs.loader.BadClip;
import io.sparkreel.jobs.plan.ClipSource;
import io.sparkreel.jobs.plan.PlanSettings;
import io.sparkreel.jobs.spark.Progress;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.model.settings.Choice;
import java.io.IOException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Encodes the clips of a data set into a {@link FeatureCache}: those that it lacks. Each executor keeps what it has
 * finished, so a run that was stopped resumes when it is started again.
 */
public final class EncodeRun {
    private static final Logger LOG = LogManager.getLogger(EncodeRun.class);
    /** Tasks of each executor: encoders are loaded once for each. */
    private static final int TASKS_PER_SLOT = 3;

    private static final int FEW = 16;

    private final TrainingConfig config;
    private final HadoopStorage data;
    private final BucketingManifest manifest;
    private final HadoopStorage folder;
    private final FeatureCache cache;

    private EncodeRun(
            TrainingConfig config,
            HadoopStorage data,
            BucketingManifest manifest,
            HadoopStorage folder,
            FeatureCache cache) {
        this.config = config;
        this.data = data;
        this.manifest = manifest;
        this.folder = folder;
        this.cache = cache;
    }

    /**
     * Checks all that can be checked without Spark.
     *
     * @throws UserError if the folder holds features of other encoders, or the data cannot be used
     */
    public static EncodeRun prepare(LoadedConfig<TrainingConfig> loaded, Configuration hadoop) throws IOException {
        TrainingConfig config = loaded.config();
        if (config.dataset().dataPath() == null) {
            throw new UserError(
                    "Cannot start the encode job: no --data-path DIR. Give the output folder of a bucketing" + " run.");
        }
        if (config.dataset().features() == null) {
            throw new UserError("Cannot start the encode job: no --features DIR. Give the folder to write to.");
        }
        HadoopStorage data = DataFolder.open(hadoop, config.dataset().dataPath(), "--data-path");
        BucketingManifest manifest = BucketingManifest.read(data);
        DataFolder.requireSameInterval(config, manifest);
        HadoopStorage folder = new HadoopStorage(hadoop, config.dataset().features());
        FeatureCache wanted = FeatureCache.of(config, manifest, new WeightsCache(hadoop), hadoop);
        Optional<FeatureCache> found = FeatureCache.find(folder);
        if (found.isPresent() && !found.get().equals(wanted)) {
            throw new UserError("Cannot encode into " + folder + ": it holds features that were encoded otherwise, "
                    + String.join(
                            ", ",
                            found.get().differences(wanted).isEmpty()
                                    ? List.of(found.get().windows() + " windows in "
                                            + Choice.word(found.get().dtype()) + ", now " + wanted.windows() + " in "
                                            + Choice.word(wanted.dtype()))
                                    : found.get().differences(wanted))
                    + ". Restore that, or give another --features.");
        }
        if (found.isEmpty()) {
            wanted.create(folder);
        }
        return new EncodeRun(config, data, manifest, folder, wanted);
    }

    /**
     * Encodes.
     *
     * @param threads of each task
     * @param lease of the folder of features
     */
    public void execute(SparkSession spark, int threads, FolderLease lease) throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        FeatureCache.deleteUnfinished(folder);
        Dataset<Row> wanted = wanted(spark);
        Optional<Dataset<Row>> index = FeatureCache.index(spark, folder);
        Dataset<Row> pending = (index.isEmpty()
                        ? wanted
                        : wanted.join(index.get(), FeatureCache.KEY.toArray(String[]::new), "left_anti"))
                .cache();
        long all = wanted.count();
        long missing = pending.count();
        LOG.info("{} of {} windows of clips are there, {} are to be encoded", all - missing, all, missing);
        List<BadClip> bad = missing == 0 ? List.of() : encode(context, pending, missing, threads);
        pending.unpersist();
        lease.requireHeld();
        writeQuarantine(spark, bad);
        LOG.info("Encoded {} windows of clips into {}", missing - bad.size(), folder);
        if (bad.size() > config.steps().maxBadClips() * all) {
            Reasons reasons = new Reasons();
            bad.forEach(clip -> clip.countIn(reasons));
            throw new UserError("Cannot encode all of " + data + ": " + bad.size() + " of " + all
                    + " windows of clips could not be read, more than max_bad_clips "
                    + config.steps().maxBadClips() + " allows: " + reasons + ". "
                    + folder.uri(FeatureCache.QUARANTINE) + " has all of them. " + BadClip.advice(reasons));
        }
    }

    private List<BadClip> encode(JavaSparkContext context, Dataset<Row> pending, long missing, int threads) {
        int slots = Math.max(1, context.defaultParallelism() / context.getConf().getInt("spark.task.cpus", 1));
        int tasks = (int) Math.max(1, Math.min((long) slots * TASKS_PER_SLOT, missing / FEW));
        LongAccumulator done = context.sc().longAccumulator("encoded");
        EncodeTask task = new EncodeTask(
                config,
                cache,
                manifest.pictureRules(),
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())),
                threads,
                done);
        try (Progress progress = Progress.of("encoded", missing, done::value)) {
            return pending.repartition(tasks, col("clip_id"))
                    .sortWithinPartitions("clip_id", "window")
                    .javaRDD()
                    .mapPartitions(task)
                    .collect();
        }
    }

    /** Every window of every clip in every size. */
    private Dataset<Row> wanted(SparkSession spark) {
        Dataset<Row> clips;
        if (config.dataset().type() == io.sparkreel.jobs.config.train.DatasetType.VIDEO_TEXT_DATASET) {
            Bucket bucket = PlanSettings.fixedBucket(config.dataset());
            clips = ClipSource.longEnough(spark, data, manifest, bucket)
                    .withColumn("bucket_frames", lit(bucket.frames()))
                    .withColumn("height_px", lit(bucket.height()))
                    .withColumn("width_px", lit(bucket.width()));
        } else {
            clips = ClipParts.in(Tables.reader(spark).parquet(data.uri(manifest.folder(BucketingManifest.SHARDS))))
                    .dropDuplicates("clip_id", "height_px", "width_px", "bucket_frames");
        }
        List<Column> columns = ClipParts.COLUMNS.stream().map(name -> col(name)).collect(Collectors.toList());
        columns.addAll(List.of(
                col("clip_id"),
                col("uri"),
                col("kind"),
                col("bytes"),
                col("num_frames"),
                col("fps"),
                col("caption"),
                col("bucket_frames"),
                col("height_px"),
                col("width_px"),
                FeatureCache.content().as("content"),
                explode(sequence(
                                lit(0),
                                when(col("kind").equalTo("image"), lit(0)).otherwise(lit(cache.windows() - 1))))
                        .as("window")));
        return clips.select(columns.toArray(Column[]::new));
    }

    /** The clips that could not be encoded this time. */
    private void writeQuarantine(SparkSession spark, List<BadClip> bad) throws IOException {
        if (bad.isEmpty()) {
            folder.delete(FeatureCache.QUARANTINE);
            return;
        }
        Timestamp now = Timestamp.from(Instant.now());
        spark.createDataFrame(
                        bad.stream()
                                .map(clip -> RowFactory.create(
                                        clip.uri(), "encode", clip.reason(), clip.detail(), now, clip.part()))
                                .toList(),
                        ClipTables.REFUSED)
                .dropDuplicates("uri", "part")
                .coalesce(1)
                .write()
                .mode(SaveMode.Overwrite)
                .parquet(folder.uri(FeatureCache.QUARANTINE));
        LOG.warn(
                "{} windows of clips could not be read; {} says which and why",
                bad.size(),
                folder.uri(FeatureCache.QUARANTINE));
    }
}
