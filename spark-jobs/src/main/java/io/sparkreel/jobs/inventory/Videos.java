// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.asc;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lower;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.row_number;

import io.sparkreel.jobs.dataset.ClipTables;
import java.io.IOException;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.Window;

/** What an input holds for a curation run: videos, and still pictures apart from them. */
public final class Videos {
    private static final String STILLS = ".*[.](png|apng|jpg|jpeg|webp|bmp|tif|tiff)$";

    private Videos() {}

    /**
     * Files of an input, each once.
     *
     * @param videos {@link ClipTables#INVENTORY}
     * @param pictures {@link ClipTables#INVENTORY}
     * @param leftOut counts by reason of what the listing left out; empty: nothing
     */
    public record Found(Dataset<Row> videos, Dataset<Row> pictures, String leftOut) {}

    /** Lists the files of folders, or looks at those that a table names. */
    public static Found list(SparkSession spark, MediaInput input, int partitions) throws IOException {
        Dataset<Row> files;
        String leftOut = "";
        if (input instanceof MediaInput.Folders folders) {
            Dataset<Row> listing = MediaInventory.list(spark, folders);
            leftOut = LeftOut.describe(listing);
            files = MediaInventory.inventory(listing);
        } else {
            files = MetadataTable.of(spark, input, partitions);
        }
        Column still = lower(col("path")).rlike(STILLS);
        Dataset<Row> once = files.withColumn(
                        "time", row_number().over(Window.partitionBy("uri").orderBy(asc("table_row"), asc("path"))))
                .where(col("time").equalTo(1))
                .drop("time");
        return new Found(once.where(not(still)), once.where(still), leftOut);
    }
}
