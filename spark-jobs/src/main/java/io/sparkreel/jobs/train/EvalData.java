// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.jobs.config.train.TrainingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.DataFolder;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.plan.ClipRef;
import io.sparkreel.jobs.plan.ClipSource;
import io.sparkreel.jobs.plan.HeldOut;
import io.sparkreel.jobs.plan.PlanInputs;
import io.sparkreel.jobs.plan.PlannedClip;
import io.sparkreel.jobs.plan.SampleSize;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;

/**
 * The clips that the model is evaluated on while it trains: those of the first draw of a bucketing run.
 *
 * @param data output folder of a bucketing run of their own; null: they are held out of the data that is trained on
 * @param manifest what lies in it, or null
 * @param heldOut which of them are held out otherwise
 */
public record EvalData(HadoopStorage data, BucketingManifest manifest, HeldOut heldOut) {
    private static final Logger LOG = LogManager.getLogger(EvalData.class);
    /** Judging takes little memory, so this need not be the batch size of the bucket. */
    private static final int BATCH_SIZE = 4;
    /** In the run folder. */
    public static final String TABLE = "eval";

    /**
     * @return null if the model is not evaluated
     * @throws UserError if the clips were bucketed otherwise than those of the run
     */
    static EvalData of(TrainingConfig config, Configuration hadoop) throws IOException {
        if (config.watch().evalEvery() == null) {
            return null;
        }
        if (config.watch().evalDataPath() == null) {
            return new EvalData(null, null, new HeldOut(config.watch().evalFraction()));
        }
        HadoopStorage data = DataFolder.open(hadoop, config.watch().evalDataPath(), "eval_data_path");
        BucketingManifest manifest = BucketingManifest.read(data);
        DataFolder.requireSameInterval(config, manifest);
        return new EvalData(data, manifest, HeldOut.NONE);
    }

    /**
     * The clips as micro-batches. What is in a micro-batch depends on the clips alone. The clips are also written as a
     * table {@code eval} into the run folder.
     *
     * @throws UserError if there are no clips, or some that are trained on as well
     */
    public List<List<PlannedClip>> microBatches(SparkSession spark, PlanInputs inputs) {
        Dataset<Row> clips = data == null ? heldOut(spark, inputs) : apart(spark, inputs);
        List<Row> rows = clips.orderBy("resolution", "bucket_frames", "aspect", "clip_id")
                .collectAsList();
        if (rows.isEmpty()) {
            throw new UserError(
                    data == null
                            ? "Cannot evaluate the model: eval_fraction " + heldOut.fraction() + " of "
                                    + inputs.manifest().contents().clips()
                                    + " clips holds out none. Raise it, or give other clips as eval_data_path."
                            : "Cannot evaluate the model on " + data
                                    + ": it holds no clips in buckets. Bucket others for" + " eval_data_path.");
        }
        clips.select("clip_id", "uri", "resolution", "bucket_frames", "aspect")
                .coalesce(1)
                .write()
                .mode(SaveMode.Overwrite)
                .parquet(inputs.run().uri(TABLE));
        LOG.info(
                "{} clips are held out for validation; {} lists them",
                rows.size(),
                inputs.run().uri(TABLE));
        return cut(rows);
    }

    private Dataset<Row> heldOut(SparkSession spark, PlanInputs inputs) {
        if (!inputs.rules().isOneSize()) {
            return shards(spark, inputs.data(), inputs.manifest())
                    .where(col("epoch").equalTo(0).and(heldOut.isHeldOut()));
        }
        Bucket bucket = inputs.rules().buckets().get(0);
        return ClipSource.oneSize(ClipSource.longEnough(spark, inputs.data(), inputs.manifest(), bucket), bucket)
                .withColumn("resolution", lit(bucket.resolution()))
                .withColumn("bucket_frames", lit(bucket.frames()))
                .where(heldOut.isHeldOut());
    }

    private Dataset<Row> apart(SparkSession spark, PlanInputs inputs) {
        Dataset<Row> clips = shards(spark, data, manifest).where(col("epoch").equalTo(0));
        Dataset<Row> trained =
                Tables.reader(spark).parquet(inputs.data().uri(inputs.manifest().folder(BucketingManifest.CLIPS)));
        List<Row> both = clips.join(trained.select("clip_id").distinct(), "clip_id")
                .select("uri")
                .orderBy("uri")
                .limit(1)
                .collectAsList();
        if (!both.isEmpty()) {
            throw new UserError(
                    "Cannot evaluate the model on " + data + ": " + both.get(0).getString(0) + " is trained on"
                            + " as well. Bucket for eval_data_path only clips that --data-path does not hold.");
        }
        return clips;
    }

    private static Dataset<Row> shards(SparkSession spark, HadoopStorage data, BucketingManifest manifest) {
        return Tables.reader(spark)
                .parquet(data.uri(manifest.folder(BucketingManifest.SHARDS)))
                .withColumn("resolution", col("resolution").cast("string"));
    }

    private static List<List<PlannedClip>> cut(List<Row> rows) {
        List<List<PlannedClip>> microBatches = new ArrayList<>();
        List<PlannedClip> current = new ArrayList<>();
        for (Row row : rows) {
            String bucket = bucket(row);
            if (!current.isEmpty()
                    && (current.size() == BATCH_SIZE
                            || !current.get(0).place().bucket().equals(bucket))) {
                microBatches.add(List.copyOf(current));
                current.clear();
            }
            current.add(clip(row, microBatches.size()));
        }
        microBatches.add(List.copyOf(current));
        return List.copyOf(microBatches);
    }

    private static PlannedClip clip(Row row, int microBatch) {
        SampleSize size = SampleSize.of(row);
        double cost = (double) size.frames() * size.height() * size.width();
        return new PlannedClip(new PlannedClip.Place(0, 0, microBatch, bucket(row), cost), ClipRef.of(row), size, null);
    }

    private static String bucket(Row row) {
        return new Bucket(
                        row.getAs("resolution"),
                        row.<Integer>getAs("bucket_frames"),
                        row.getAs("aspect"),
                        row.<Integer>getAs("height_px"),
                        row.<Integer>getAs("width_px"))
                .id();
    }
}
