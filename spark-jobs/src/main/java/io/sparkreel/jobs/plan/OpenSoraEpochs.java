// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.plan.OpenSoraSampler;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.storage.Tables;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The epochs of Open-Sora 1.1's sampler, as plans: a step has one micro-batch for each of {@code micro_batches_per_step}
 * of its ranks. Its random permutation goes through the clips one by one, so the driver holds their numbers; for
 * comparisons, not for millions.
 *
 * <p>Clips come in the order of the metadata table, or where a folder was bucketed in that of their paths.
 */
final class OpenSoraEpochs {
    private static final StructType PLACES = new StructType()
            .add("epoch", DataTypes.IntegerType, false)
            .add("draw", DataTypes.IntegerType, false)
            .add("step", DataTypes.LongType, false)
            .add("micro_batch", DataTypes.IntegerType, false)
            .add("slot", DataTypes.IntegerType, false)
            .add("cost", DataTypes.DoubleType, false)
            .add("bucket", DataTypes.StringType, false)
            .add("clip_id", DataTypes.LongType, false);

    private final SparkSession spark;
    private final PlanSettings rules;
    private final int perStep;
    private final List<List<Row>> rows = new ArrayList<>();
    private final List<OpenSoraSampler> samplers = new ArrayList<>();

    OpenSoraEpochs(SparkSession spark, ClipSource source, PlanInputs inputs) {
        this.spark = spark;
        rules = inputs.rules();
        perStep = rules.planner().microBatchesPerStep();
        Dataset<Row> order = Tables.reader(spark)
                .parquet(inputs.data().uri(inputs.manifest().folder(BucketingManifest.CLIPS)))
                .select("clip_id", "table_row");
        for (int draw = 0; draw < source.draws(); draw++) {
            List<Row> clips = source.clips()
                    .where("draw = " + draw)
                    .join(order, "clip_id")
                    .orderBy("table_row", "uri")
                    .select("clip_id", "bucket_number")
                    .collectAsList();
            List<Optional<Bucket>> assigned = clips.stream()
                    .map(row -> Optional.of(rules.buckets().get(row.getInt(1))))
                    .toList();
            rows.add(clips);
            samplers.add(new OpenSoraSampler(
                    rules::batchSize, assigned, rules.planner().seed(), true, true));
            if (steps(draw) == 0) {
                throw new UserError(
                        "Cannot train with sampler open-sora: draw " + draw + " of the data does not fill one"
                                + " step of " + perStep + " whole micro-batches, and it drops what is incomplete. Lower"
                                + " micro_batches_per_step or batch sizes, or take sampler: planner.");
            }
        }
    }

    private List<OpenSoraSampler.Batch> batches(int epoch) {
        return samplers.get(epoch % samplers.size()).epoch(epoch, perStep);
    }

    /** Steps of an epoch. */
    long steps(int epoch) {
        return batches(epoch).size() / perStep;
    }

    /** Clips of an epoch that are in a step. */
    long clips(int epoch) {
        return batches(epoch).stream().mapToLong(batch -> batch.rows().size()).sum();
    }

    /** Where the clips of some epochs go. */
    Dataset<Row> places(int firstEpoch, List<Long> firstSteps) {
        List<Row> places = new ArrayList<>();
        for (int i = 0; i < firstSteps.size(); i++) {
            int epoch = firstEpoch + i;
            int draw = epoch % samplers.size();
            List<OpenSoraSampler.Batch> batches = batches(epoch);
            for (int n = 0; n < batches.size(); n++) {
                OpenSoraSampler.Batch batch = batches.get(n);
                double cost = batch.rows().size()
                        * rules.clipCosts().get(batch.bucket().id());
                for (int slot = 0; slot < batch.rows().size(); slot++) {
                    long clip = rows.get(draw).get(batch.rows().get(slot)).getLong(0);
                    places.add(RowFactory.create(
                            epoch,
                            draw,
                            firstSteps.get(i) + n / perStep,
                            n % perStep,
                            slot,
                            cost,
                            batch.bucket().id(),
                            clip));
                }
            }
        }
        return spark.createDataFrame(places, PLACES);
    }
}
