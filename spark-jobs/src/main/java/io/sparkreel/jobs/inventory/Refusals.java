// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.asc;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min_by;

import io.sparkreel.jobs.error.Reasons;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Sums up what a bucketing run refused, for people who read one line. */
public final class Refusals {
    private Refusals() {}

    /** The reasons of a quarantine table. */
    public static Reasons of(Dataset<Row> quarantine) {
        Reasons reasons = new Reasons();
        quarantine
                .groupBy("reason")
                .agg(count(lit(1)), min_by(concat_ws(": ", col("uri"), col("detail")), coalesce(col("uri"), lit(""))))
                .orderBy(asc("reason"))
                .collectAsList()
                .forEach(row -> reasons.add(row.getString(0), row.getString(2), row.getLong(1)));
        return reasons;
    }

    /** What to do about the commonest reason. */
    public static String advice(Reasons reasons) {
        return switch (reasons.commonest()) {
            case "missing_file" -> "Give paths that are relative to the table, or absolute";
            case "duplicate_clip" -> "Give each row an id of its own, in a column id";
            case "bad_row" -> "Mend the rows of the table";
            case "bad_caption" -> "Mend the captions";
            case "bad_range" -> "Mend the ranges and crop boxes of the table";
            case "metadata_mismatch" -> "Mend the numbers of the table, or leave them out";
            case "read_error" -> "See that the files are there and can be read, and run the job again";
            case "truncated" -> "Fetch the files again, or make them anew";
            case "unsupported_codec" -> "Convert the files";
            default -> "Check the files";
        };
    }
}
