// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.xxhash64;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.BucketingManifest.ShardFile;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.dataset.ShardFiles;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The clips of a run, each with its number in its bucket. The rows of shards have one order, whatever order the clips
 * came in, so a clip's number is where it stands in the files: nothing is sorted or moved to find it.
 */
public final class ClipSource {
    private static final Logger LOG = LogManager.getLogger(ClipSource.class);
    private static final String FOLDER = "data";
    private static final int CLIPS_PER_FILE = 1 << 18;

    private final Dataset<Row> clips;
    private final long[][] counts;

    private ClipSource(Dataset<Row> clips, long[][] counts) {
        this.clips = clips;
        this.counts = counts;
    }

    /** The shards' columns with {@code draw} for their epoch, {@code bucket}, a number, and {@code number}. */
    Dataset<Row> clips() {
        return clips;
    }

    /** Draws in the data: epoch e of training reads draw e mod this. */
    int draws() {
        return counts.length;
    }

    /** Clips of each bucket in a draw. */
    long[] counts(int draw) {
        return counts[draw].clone();
    }

    /** Clips of a draw. */
    long clips(int draw) {
        return java.util.Arrays.stream(counts[draw]).sum();
    }

    /**
     * The shards of a bucketing run. Where clips are held out, the others are written in the form of shards into the run
     * folder.
     */
    static ClipSource ofShards(SparkSession spark, PlanInputs inputs, HeldOut heldOut) throws IOException {
        if (!heldOut.isEmpty()) {
            return without(spark, inputs, heldOut);
        }
        return numbered(
                spark,
                inputs.data().uri(inputs.manifest().folder(BucketingManifest.SHARDS)),
                inputs.manifest().contents().files(),
                inputs.manifest().rule().epochs(),
                inputs.rules().buckets());
    }

    private static ClipSource without(SparkSession spark, PlanInputs inputs, HeldOut heldOut) throws IOException {
        Dataset<Row> rest = Tables.reader(spark)
                .parquet(inputs.data().uri(inputs.manifest().folder(BucketingManifest.SHARDS)))
                .where(heldOut.isTrainedOn());
        long count =
                inputs.manifest().contents().clips() * inputs.manifest().rule().epochs();
        Column[] order = {
            col("epoch"), col("resolution"), col("bucket_frames"), col("aspect"), col("order"), col("clip_id")
        };
        inputs.run().delete(FOLDER); // another part of an earlier start
        rest.withColumn("order", xxhash64(col("clip_id")))
                .repartitionByRange((int) (1 + count / CLIPS_PER_FILE), order)
                .sortWithinPartitions(order)
                .drop("order")
                .write()
                .mode(SaveMode.Overwrite)
                .option("compression", "zstd")
                .partitionBy("epoch", "resolution", "bucket_frames")
                .parquet(inputs.run().uri(FOLDER));
        return written(spark, inputs, inputs.manifest().rule().epochs());
    }

    /** What was just written into the run folder. */
    private static ClipSource written(SparkSession spark, PlanInputs inputs, int draws) throws IOException {
        String folder = inputs.run().uri(FOLDER);
        List<ShardFile> files = ShardFiles.read(JavaSparkContext.fromSparkContext(spark.sparkContext()), folder);
        if (files.isEmpty()) {
            throw new UserError(
                    "Cannot train on " + inputs.data() + ": all of its clips are held out. Lower eval_fraction.");
        }
        return numbered(spark, folder, files, draws, inputs.rules().buckets());
    }

    /**
     * All clips of a bucketing run that are long enough, brought to one size. They are written in the form of shards
     * into the run folder.
     */
    static ClipSource ofOneSize(SparkSession spark, PlanInputs inputs, HeldOut heldOut) throws IOException {
        Bucket bucket = inputs.rules().buckets().get(0);
        Dataset<Row> longEnough = longEnough(spark, inputs.data(), inputs.manifest(), bucket);
        long count = longEnough.count();
        if (count < inputs.manifest().contents().clips()) {
            LOG.info(
                    "{} of {} clips have fewer than {} frames and are left out",
                    inputs.manifest().contents().clips() - count,
                    inputs.manifest().contents().clips(),
                    bucket.frames());
        }
        if (count == 0) {
            throw new UserError("Cannot train on " + inputs.data() + ": none of "
                    + inputs.manifest().contents().clips() + " clips has " + bucket.frames()
                    + " frames. Lower dataset.num_frames.");
        }
        HadoopStorage run = inputs.run();
        run.delete(FOLDER); // a size of an earlier start
        oneSize(longEnough, bucket)
                .where(heldOut.isTrainedOn())
                .withColumn("order", xxhash64(col("clip_id")))
                .repartitionByRange((int) (1 + count / CLIPS_PER_FILE), col("order"), col("clip_id"))
                .sortWithinPartitions("order", "clip_id")
                .drop("order")
                .write()
                .mode(SaveMode.Overwrite)
                .option("compression", "zstd")
                .parquet(run.uri(
                        FOLDER + "/epoch=0/resolution=" + bucket.resolution() + "/bucket_frames=" + bucket.frames()));
        return written(spark, inputs, 1);
    }

    /** The clips of a bucketing run of which samples of a number of frames can be taken. */
    public static Dataset<Row> longEnough(
            SparkSession spark, HadoopStorage data, BucketingManifest manifest, Bucket bucket) {
        return Tables.reader(spark)
                .schema(ClipTables.CLIPS)
                .parquet(data.uri(manifest.folder(BucketingManifest.CLIPS)))
                .where(col("kind").equalTo("image").or(col("num_frames").geq(bucket.frames())));
    }

    /** Clips in the form of shards, as if all were assigned to one bucket. */
    public static Dataset<Row> oneSize(Dataset<Row> clips, Bucket bucket) {
        return clips.drop(ClipTables.NOT_IN_SHARDS.toArray(String[]::new))
                .withColumn("aspect", lit(bucket.aspect()))
                .withColumn("height_px", lit(bucket.height()))
                .withColumn("width_px", lit(bucket.width()));
    }

    private static ClipSource numbered(
            SparkSession spark, String folder, List<ShardFile> files, int draws, List<Bucket> buckets) {
        Dataset<Row> shards = ClipParts.in(Tables.reader(spark).parquet(folder))
                .withColumn("file", col("_metadata.file_name"))
                .withColumn("row", col("_metadata.row_index"))
                .withColumn("resolution", col("resolution").cast("string"))
                .withColumnRenamed("epoch", "draw");
        Map<Bucket, Integer> numbers = new HashMap<>();
        buckets.forEach(bucket -> numbers.put(bucket, numbers.size()));
        long[][] counts = new long[draws][buckets.size()];
        Dataset<Row> bucketTable = buckets(spark, shards, numbers, counts);
        Dataset<Row> numbered = shards.join(
                        broadcast(files(spark, files)), new String[] {"draw", "resolution", "bucket_frames", "file"})
                .join(broadcast(bucketTable), new String[] {"draw", "resolution", "bucket_frames", "aspect"})
                .withColumn("number", col("file_begin").plus(col("row")).minus(col("bucket_begin")))
                .drop("file", "row", "file_begin", "bucket_begin");
        return new ClipSource(numbered, counts);
    }

    /** Where files begin among the rows of their draw, resolution and frames. */
    private static Dataset<Row> files(SparkSession spark, List<ShardFile> files) {
        Map<List<Object>, Long> ends = new HashMap<>();
        List<Row> rows = new ArrayList<>();
        for (ShardFile file : files) {
            List<Object> group = List.of(file.epoch(), file.resolution(), file.frames());
            long begin = ends.getOrDefault(group, 0L);
            rows.add(RowFactory.create(
                    file.epoch(),
                    file.resolution(),
                    file.frames(),
                    file.path().substring(file.path().lastIndexOf('/') + 1),
                    begin));
            ends.put(group, begin + file.rows());
        }
        return spark.createDataFrame(
                rows,
                new StructType()
                        .add("draw", DataTypes.IntegerType, false)
                        .add("resolution", DataTypes.StringType, false)
                        .add("bucket_frames", DataTypes.IntegerType, false)
                        .add("file", DataTypes.StringType, false)
                        .add("file_begin", DataTypes.LongType, false));
    }

    /** Where buckets begin among the rows of their draw, resolution and frames, and how many clips they have. */
    private static Dataset<Row> buckets(
            SparkSession spark, Dataset<Row> shards, Map<Bucket, Integer> numbers, long[][] counts) {
        List<Row> counted =
                new ArrayList<>(shards.groupBy("draw", "resolution", "bucket_frames", "aspect", "height_px", "width_px")
                        .count()
                        .collectAsList());
        // As the shards are sorted.
        counted.sort(Comparator.comparing((Row row) -> row.<String>getAs("aspect")));
        Map<List<Object>, Long> ends = new TreeMap<>(Comparator.comparing(Object::toString));
        List<Row> rows = new ArrayList<>();
        for (Row row : counted) {
            int draw = row.getAs("draw");
            String resolution = row.getAs("resolution");
            int frames = row.getAs("bucket_frames");
            Integer number = numbers.get(new Bucket(
                    resolution,
                    frames,
                    row.getAs("aspect"),
                    row.<Integer>getAs("height_px"),
                    row.<Integer>getAs("width_px")));
            if (number == null || draw >= counts.length) {
                throw new UserError("Cannot train on these shards: bucket " + Bucket.tag(resolution, frames) + "-"
                        + row.getAs("aspect") + " is not in their manifest. Run the bucketing job again.");
            }
            long begin = ends.getOrDefault(List.of(draw, resolution, frames), 0L);
            long count = row.getAs("count");
            rows.add(RowFactory.create(draw, resolution, frames, row.getAs("aspect"), number, begin));
            ends.put(List.of(draw, resolution, frames), begin + count);
            counts[draw][number] = count;
        }
        return spark.createDataFrame(
                rows,
                new StructType()
                        .add("draw", DataTypes.IntegerType, false)
                        .add("resolution", DataTypes.StringType, false)
                        .add("bucket_frames", DataTypes.IntegerType, false)
                        .add("aspect", DataTypes.StringType, false)
                        .add("bucket_number", DataTypes.IntegerType, false)
                        .add("bucket_begin", DataTypes.LongType, false));
    }
}
