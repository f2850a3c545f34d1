// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.current_timestamp;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sequence;
import static org.apache.spark.sql.functions.xxhash64;

import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.bucketing.media.FrameCount;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.bucketing.media.Verify;
import io.sparkreel.jobs.assign.Assignment;
import io.sparkreel.jobs.config.BucketingConfig;
import io.sparkreel.jobs.config.LoadedConfig;
import io.sparkreel.jobs.inventory.ClipProber;
import io.sparkreel.jobs.inventory.MediaInventory;
import io.sparkreel.jobs.storage.BucketingManifest;
import io.sparkreel.jobs.storage.BucketingManifest.BucketRows;
import io.sparkreel.jobs.storage.HadoopStorage;
import java.io.IOException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.deploy.SparkHadoopUtil;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Probes the media below a folder, puts aside what cannot be read, assigns every clip to a three-level bucket
 * and writes the tables {@code clips}, {@code quarantine} and {@code shards} with a manifest.
 */
public final class BucketingJob {
    private static final Logger LOG = LogManager.getLogger(BucketingJob.class);
    private static final String CLIPS = "clips";
    private static final String QUARANTINE = "quarantine";
    private static final String SHARDS = "shards";
    /** Small row groups, so that a reader can begin in the middle. */
    private static final int ROWS_PER_GROUP = 8192;
    private static final int FILES_PER_CORE = 8;

    private final BucketingConfig config;
    private final BucketConfig rule;
    private final SparkSession spark;
    private final HadoopStorage output;
    private final String run = Instant.now().truncatedTo(ChronoUnit.SECONDS).toString().replaceAll("[-:]", "")
            + "-" + UUID.randomUUID().toString().substring(0, 8);

    private BucketingJob(BucketingConfig config, BucketConfig rule, SparkSession spark, HadoopStorage output) {
        this.config = config;
        this.rule = rule;
        this.spark = spark;
        this.output = output;
    }

    /** Entry point for {@code spark-submit}. */
    public static void main(String[] arguments) {
        System.exit(JobMain.run(JobCommand.BUCKETING, arguments, BucketingJob::start));
    }

    /** Everything that can be refused is refused before Spark starts. */
    private static void start(LoadedConfig<BucketingConfig> loaded) throws IOException {
        BucketingConfig config = loaded.config();
        BucketConfig rule = config.buckets();
        requireFlag(config.input(), "--input DIR");
        requireFlag(config.output(), "--output DIR");
        Configuration hadoop = SparkHadoopUtil.get().newConfiguration(new org.apache.spark.SparkConf());
        MediaInventory.existingFolder(hadoop, config.input());
        HadoopStorage output = new HadoopStorage(hadoop, config.output());
        if (output.exists(BucketingManifest.NAME) && !config.overwrite()) {
            throw new UserError("Cannot write to " + output + ": it holds an earlier run. "
                    + "Give --overwrite to replace it, or another --output.");
        }
        try (SparkSession spark = SparkSessions.start("sparkreel bucketing")) {
            new BucketingJob(config, rule, spark, output).run();
        }
    }

    private static void requireFlag(String value, String flag) {
        if (value == null) {
            throw new UserError("Cannot start the bucketing job: no " + flag + ". Give it.");
        }
    }

    private void run() throws IOException {
        Dataset<Row> files = MediaInventory.list(spark, config.input()).persist(StorageLevel.MEMORY_AND_DISK());
        long found = files.count();
        if (found == 0) {
            throw new UserError("Cannot bucket " + config.input() + ": it holds no media files. "
                    + "Give a folder with videos or images in it.");
        }
        LOG.info("Found {} media files in {}", found, config.input());
        Dataset<Row> probed = probe(files, found);
        try {
            long quarantined = probed.where(col("reason").isNotNull()).count();
            checkBadClips(found, quarantined);
            writeTables(probed);
            List<BucketRows> buckets = writeShards();
            publish(found - quarantined, quarantined, buckets);
        } finally {
            probed.unpersist();
            files.unpersist();
        }
    }

    private Dataset<Row> probe(Dataset<Row> files, long found) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<SerializableConfiguration> hadoop =
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
        LongAccumulator probed = spark.sparkContext().longAccumulator("probed files");
        ProbeOptions options = new ProbeOptions(
                FrameCount.valueOf(config.frameCount().name()), Verify.valueOf(config.verify().name()));
        int partitions = (int) Math.min(found, (long) spark.sparkContext().defaultParallelism() * FILES_PER_CORE);
        Dataset<Row> rows = ClipProber.probe(files.repartition(partitions), hadoop, options, probed)
                .persist(StorageLevel.MEMORY_AND_DISK());
        try (Progress progress = Progress.of("probed", found, probed::value)) {
            rows.count();
        }
        return rows;
    }

    private void checkBadClips(long found, long quarantined) {
        if (quarantined > 0) {
            LOG.info("{} of {} files cannot be read and go to {}", quarantined, found, output.uri(QUARANTINE));
        }
        if (quarantined > config.maxBadClips() * found) {
            throw new UserError("Cannot bucket " + config.input() + ": " + quarantined + " of " + found
                    + " files cannot be read, more than max_bad_clips " + config.maxBadClips()
                    + " allows. Check the folder, or raise max_bad_clips.");
        }
    }

    private void writeTables(Dataset<Row> probed) {
        probed.where(col("reason").isNull())
                .select(columns(ClipProber.CLIPS.fieldNames()))
                .write().option("compression", "zstd").mode(SaveMode.Overwrite).parquet(path(CLIPS));
        probed.where(col("reason").isNotNull())
                .select(col("uri"), lit("probe").as("stage"), col("reason"), col("detail"),
                        current_timestamp().as("when"))
                .write().option("compression", "zstd").mode(SaveMode.Overwrite).parquet(path(QUARANTINE));
    }

    /** A plain query from the clips table to the shards: nothing in it is opaque to Catalyst or RAPIDS. */
    private List<BucketRows> writeShards() {
        Dataset<Row> clips = spark.read().schema(ClipProber.CLIPS).parquet(path(CLIPS))
                .withColumn("epoch", explode(sequence(lit(0), lit(config.epochs() - 1))));
        Dataset<Row> assigned = Assignment.of(rule, config.draw(), config.seed()).assign(clips);
        assigned.withColumn("order_key", xxhash64(col("clip_id"), lit(config.seed()), col("epoch").cast("long")))
                .repartition(col("epoch"), col("resolution"), col("bucket_frames"))
                .sortWithinPartitions("epoch", "resolution", "bucket_frames", "aspect", "order_key", "clip_id")
                .drop("order_key")
                .write().option("compression", "zstd").option("parquet.block.row.count.limit", ROWS_PER_GROUP)
                .mode(SaveMode.Overwrite).partitionBy("epoch", "resolution", "bucket_frames").parquet(path(SHARDS));
        return bucketRows();
    }

    private List<BucketRows> bucketRows() {
        if (!hasShards()) {
            return List.of();
        }
        return spark.read().parquet(path(SHARDS))
                .groupBy(col("resolution").cast("string").as("resolution"), col("bucket_frames"), col("aspect"),
                        col("height_px"), col("width_px"))
                .agg(count(lit(1)).as("rows"))
                .orderBy("resolution", "bucket_frames", "aspect")
                .collectAsList().stream()
                .map(row -> new BucketRows(row.getString(0), row.getInt(1), row.getString(2), row.getInt(3),
                        row.getInt(4), row.getLong(5)))
                .toList();
    }

    private boolean hasShards() {
        try {
            return output.list(SHARDS + "/run=" + run).stream().anyMatch(name -> name.startsWith("epoch="));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private void publish(long clips, long quarantined, List<BucketRows> buckets) throws IOException {
        long kept = buckets.stream().mapToLong(BucketRows::rows).sum();
        if (kept == 0) {
            deleteRun();
            throw new UserError("Cannot bucket " + config.input() + ": none of " + clips
                    + " clips fits a bucket of bucket_config. Add smaller resolutions or frame counts.");
        }
        BucketingManifest manifest = new BucketingManifest(run, Instant.now().toString(), config.input(), config.seed(),
                config.epochs(), config.frameInterval(), config.resolutionSlack(), BucketingManifest.levels(config.bucketConfig()),
                BucketingManifest.resolutions(config.resolutions()), clips, quarantined, buckets);
        manifest.publish(output);
        removeEarlierRuns();
        LOG.info("Wrote {} clips and {} rows of shards in {} buckets to {}", clips, kept, buckets.size(), output);
        buckets.forEach(bucket -> LOG.info("  {} x {} frames, {} ({}x{}): {} rows", bucket.resolution(),
                bucket.frames(), bucket.aspect(), bucket.height(), bucket.width(), bucket.rows()));
    }

    private void deleteRun() throws IOException {
        for (String table : List.of(CLIPS, QUARANTINE, SHARDS)) {
            output.delete(table + "/run=" + run);
        }
    }

    private void removeEarlierRuns() throws IOException {
        for (String table : List.of(CLIPS, QUARANTINE, SHARDS)) {
            for (String name : output.list(table)) {
                if (name.startsWith("run=") && !name.equals("run=" + run)) {
                    output.delete(table + "/" + name);
                }
            }
        }
    }

    private String path(String table) {
        return output.uri(table + "/run=" + run);
    }

    private static org.apache.spark.sql.Column[] columns(String[] names) {
        return java.util.Arrays.stream(names).map(org.apache.spark.sql.functions::col)
                .toArray(org.apache.spark.sql.Column[]::new);
    }
}
