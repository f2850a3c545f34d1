// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import static org.apache.spark.sql.functions.asc;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.desc;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.least;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.when;

import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;

/** Gives each clip the text whose stretch of the video covers most of it, if that is more than half of the clip. */
final class CaptionJoin {
    private static final double LEAST_SHARE = 0.5;

    private CaptionJoin() {}

    /**
     * Adds {@code caption}, empty where there is none, and {@code caption_source}: table, file or null.
     *
     * @param clips {@link CurateTables#CUT}
     * @param texts with their {@code uri}, stretch ({@code start_s} and {@code end_s}; null: all of the video) and {@code source}
     */
    static Dataset<Row> join(Dataset<Row> clips, Dataset<Row> texts) {
        Column shared = when(col("from_s").isNull(), col("end_s").minus(col("start_s")))
                .otherwise(least(col("end_s"), col("until_s")).minus(greatest(col("start_s"), col("from_s"))));
        Dataset<Row> named = texts.where(col("text").isNotNull().and(col("text").notEqual("")))
                .select(
                        col("uri").as("of_uri"),
                        col("text").as("caption"),
                        col("start_s").as("from_s"),
                        col("end_s").as("until_s"),
                        col("source").as("caption_source"));
        // Texts of all of a video come after those of stretches, and a table's before those of files.
        Dataset<Row> best = clips.select("clip_id", "uri", "start_s", "end_s")
                .join(named, col("uri").equalTo(col("of_uri")))
                .withColumn("shared_s", shared)
                .where(col("shared_s").gt(col("end_s").minus(col("start_s")).multiply(LEAST_SHARE)))
                .withColumn(
                        "place",
                        row_number()
                                .over(Window.partitionBy("clip_id")
                                        .orderBy(
                                                ofAllLast(), desc("caption_source"), desc("shared_s"), asc("caption"))))
                .where(col("place").equalTo(1))
                .select("clip_id", "caption", "caption_source");
        return clips.join(
                        best.withColumnRenamed("clip_id", "of_clip"),
                        col("clip_id").equalTo(col("of_clip")),
                        "left_outer")
                .drop("of_clip")
                .withColumn("caption", coalesce(col("caption"), lit("")));
    }

    private static Column ofAllLast() {
        return when(col("from_s").isNull(), 1).otherwise(0).asc();
    }
}
