// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.col;

import io.sparkreel.jobs.dataset.ClipTables;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** Texts that go with videos, or with stretches of them. */
public final class VideoCaptions {
    /** Texts: {@code start_s} and {@code end_s} are null where a text is of all of a video. */
    private static final StructType TEXTS = new StructType()
            .add("uri", DataTypes.StringType, false)
            .add("text", DataTypes.StringType)
            .add("start_s", DataTypes.DoubleType)
            .add("end_s", DataTypes.DoubleType)
            .add("problem", DataTypes.StringType);

    private VideoCaptions() {}

    /**
     * Texts of a table with {@code path}, {@code text} and, for stretches, {@code start_s} and {@code end_s}.
     *
     * @return {@code uri}, {@code text}, {@code start_s}, {@code end_s}, and {@code problem}: why a row is none, or null
     */
    public static Dataset<Row> ofTable(SparkSession spark, MediaInput.Table table, int partitions) throws IOException {
        return MetadataTable.read(spark, table, partitions).map(ofTable(), Encoders.row(TEXTS));
    }

    private static MapFunction<Row, Row> ofTable() {
        return row -> {
            String problem = value(row, "problem");
            AskedPart part = problem == null ? AskedPart.parse(value(row, "part")) : null;
            AskedPart.Seconds seconds = part == null ? null : part.seconds();
            boolean frames = part != null && part.frames() != null;
            String wrong = problem != null
                    ? problem + ": " + value(row, "problem_detail")
                    : frames ? "bad_row: captions are given by start_s and end_s, not by frames" : null;
            return RowFactory.create(
                    value(row, "uri"),
                    value(row, "given_caption"),
                    seconds == null ? null : seconds.start(),
                    seconds == null ? null : seconds.end(),
                    wrong);
        };
    }

    /**
     * Texts beside videos, or in the table that names these.
     *
     * @param videos {@link ClipTables#INVENTORY}
     * @return as {@link #ofTable}
     */
    public static Dataset<Row> ofFiles(SparkSession spark, Dataset<Row> videos) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<SerializableConfiguration> hadoop =
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
        return videos.where(
                        col("given_caption").isNotNull().or(col("caption_uri").isNotNull()))
                .map((MapFunction<Row, Row>) row -> ofFile(row, hadoop.value().value()), Encoders.row(TEXTS));
    }

    private static Row ofFile(Row row, Configuration hadoop) {
        String uri = value(row, "uri");
        String given = value(row, "given_caption");
        if (given != null) {
            return RowFactory.create(uri, given.strip(), null, null, null);
        }
        try {
            return RowFactory.create(uri, CaptionFiles.read(hadoop, value(row, "caption_uri")), null, null, null);
        } catch (CaptionFiles.BadCaption | IOException e) {
            return RowFactory.create(
                    uri, null, null, null, RowProblem.BAD_CAPTION.tableValue() + ": " + e.getMessage());
        }
    }

    /** Rows that come straight from a function have no schema. */
    private static String value(Row row, String column) {
        return row.getString(ClipTables.INVENTORY.fieldIndex(column));
    }
}
