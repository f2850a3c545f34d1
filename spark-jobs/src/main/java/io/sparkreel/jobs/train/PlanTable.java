// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.train;

import static org.apache.spark.sql.functions.col;

import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.bucketing.plan.StepPlanner.BucketClips;
import io.sparkreel.bucketing.plan.StepPlanner.MicroBatch;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/**
 * The plan of some epochs as a table: one row for each clip of each step, with what a rank needs to read it.
 * "Which clips were in step 5123" is a query on it.
 */
final class PlanTable {
    /** Where a clip stands in the plan. */
    private static final StructType PLACES = new StructType()
            .add("epoch", DataTypes.IntegerType, false)
            .add("step", DataTypes.LongType, false)
            .add("micro_batch", DataTypes.IntegerType, false)
            .add("slot", DataTypes.IntegerType, false)
            .add("bucket", DataTypes.StringType, false)
            .add("cost", DataTypes.DoubleType, false)
            .add("clip_id", DataTypes.LongType, false);

    private static final String[] CLIP_COLUMNS = {
        "uri", "kind", "bytes", "num_frames", "fps", "caption", "bucket_frames", "height_px", "width_px"
    };

    private PlanTable() {}

    /**
     * Plans epochs one after the other.
     *
     * @param epochs clips of each epoch by bucket, beginning with {@code firstEpoch}
     * @param firstStep global number of the first step
     * @return the rows, in order of steps
     */
    static List<Row> places(StepPlanner planner, int firstEpoch, List<List<BucketClips>> epochs, long firstStep) {
        List<Row> rows = new ArrayList<>();
        long step = firstStep;
        for (int i = 0; i < epochs.size(); i++) {
            for (List<MicroBatch> microBatches : planner.plan(firstEpoch + i, epochs.get(i))) {
                for (int m = 0; m < microBatches.size(); m++) {
                    MicroBatch batch = microBatches.get(m);
                    for (int slot = 0; slot < batch.clipIds().length; slot++) {
                        rows.add(RowFactory.create(firstEpoch + i, step, m, slot, batch.bucket(), batch.cost(),
                                batch.clipIds()[slot]));
                    }
                }
                step++;
            }
        }
        return rows;
    }

    /**
     * Writes the plan, joined with the shards it was made from.
     *
     * @param shards one row for each clip and draw; {@code draw} is its epoch in the shards
     * @param draws number of draws in the shards: epoch e of training reads draw e mod draws
     */
    static void write(SparkSession spark, List<Row> places, Dataset<Row> shards, int draws, String path) {
        spark.createDataFrame(places, PLACES)
                .withColumn("draw", col("epoch").mod(draws))
                .join(shards.select(columns()), new String[] {"clip_id", "draw"})
                .drop("draw")
                .repartitionByRange(col("step"))
                .sortWithinPartitions("step", "micro_batch", "slot")
                .write().mode(SaveMode.Overwrite).option("compression", "zstd").parquet(path);
    }

    private static org.apache.spark.sql.Column[] columns() {
        List<org.apache.spark.sql.Column> columns = new ArrayList<>(List.of(col("clip_id"), col("draw")));
        for (String name : CLIP_COLUMNS) {
            columns.add(col(name));
        }
        return columns.toArray(org.apache.spark.sql.Column[]::new);
    }
}
