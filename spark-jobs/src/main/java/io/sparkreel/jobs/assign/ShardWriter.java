// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.assign;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.sequence;
import static org.apache.spark.sql.functions.xxhash64;

import io.sparkreel.jobs.dataset.ClipTables;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;

/** The query from the clips table to the shards. With keyed draws nothing in it is opaque to Catalyst or RAPIDS. */
public final class ShardWriter {
    /** Small row groups, so that a reader can begin in the middle. */
    public static final int ROWS_PER_GROUP = 8192;

    private static final int ROWS_PER_TASK = 32 * ROWS_PER_GROUP;
    private static final String ORDER = "order_key";

    private ShardWriter() {}

    /** Each clip once for each draw, with the number of the draw in the column of that name. */
    public static Dataset<Row> withEpochs(Dataset<Row> clips, int epochs) {
        // Also for a single draw: Spark takes a constant out of an order, and its writer then sorts once more by the
        // folders alone, which loses the order within them.
        return clips.withColumn("epoch", explode(sequence(lit(0), lit(epochs - 1))));
    }

    /**
     * The shards in their order: by epoch, resolution, frames, aspect, then a keyed order. It is one order over all
     * partitions and does not depend on how the clips came.
     *
     * @param clips the clips table
     * @param rows that will be assigned, which decides the number of tasks
     */
    public static Dataset<Row> shards(Dataset<Row> clips, Assignment assignment, int epochs, long seed, long rows) {
        Column[] order = {
            col("epoch"), col("resolution"), col("bucket_frames"), col("aspect"), col(ORDER), col("clip_id"), col("uri")
        };
        return assignment
                .assign(withEpochs(clips, epochs))
                .drop(ClipTables.NOT_IN_SHARDS.toArray(String[]::new))
                // A folder's name that might be null would be sorted by once more, and lose the order within.
                .withColumn("resolution", coalesce(col("resolution"), lit("")))
                .withColumn(
                        ORDER, xxhash64(col("clip_id"), lit(seed), col("epoch").cast("long")))
                .repartitionByRange((int) (1 + rows / ROWS_PER_TASK), order)
                .sortWithinPartitions(order)
                .drop(ORDER);
    }

    /** How shards are written. */
    public static DataFrameWriter<Row> writer(Dataset<Row> shards) {
        return shards.write()
                .option("compression", "zstd")
                .option("parquet.block.row.count.limit", ROWS_PER_GROUP)
                .mode(SaveMode.Overwrite)
                .partitionBy("epoch", "resolution", "bucket_frames");
    }
}
