// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.asc;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.desc;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min_by;
import static org.apache.spark.sql.functions.struct;

import java.util.List;
import java.util.stream.Collectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Sums up a table of what was refused, for people who read one line. */
public final class Refusals {
    private static final int REASONS = 3;

    private Refusals() {}

    /** The commonest reasons with their counts, and an example of each. */
    public static String describe(Dataset<Row> quarantine) {
        return commonest(quarantine).stream()
                .map(row -> "%d %s, such as %s: %s"
                        .formatted(
                                row.getLong(1),
                                row.getString(0),
                                row.getStruct(2).getString(0),
                                row.getStruct(2).getString(1)))
                .collect(Collectors.joining("; "));
    }

    /** What to do about the commonest reason. */
    public static String advice(Dataset<Row> quarantine) {
        return switch (commonest(quarantine).get(0).getString(0)) {
            case "missing_file" -> "Give paths that are relative to the table, or absolute";
            case "duplicate_clip" -> "Give each row an id of its own, in a column id";
            case "bad_row" -> "Mend the rows of the table";
            case "bad_caption" -> "Mend the captions";
            case "metadata_mismatch" -> "Mend the numbers of the table, or leave them out";
            case "read_error" -> "See that the files are there and can be read, and run the job again";
            case "truncated" -> "Fetch the files again, or make them anew";
            case "unsupported_codec" -> "Convert the files";
            default -> "Check the files";
        };
    }

    private static List<Row> commonest(Dataset<Row> quarantine) {
        return quarantine
                .groupBy("reason")
                .agg(
                        count(lit(1)).as("times"),
                        min_by(struct(col("uri"), col("detail")), col("uri")).as("example"))
                .orderBy(desc("times"), asc("reason"))
                .limit(REASONS)
                .collectAsList();
    }
}
