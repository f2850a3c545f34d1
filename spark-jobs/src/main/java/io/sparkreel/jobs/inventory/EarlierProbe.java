// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import io.sparkreel.bucketing.media.MediaProblem;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * What earlier runs found out about files, so that only new and changed ones are opened: the tables of the published
 * run, and the finished parts of runs that were interrupted.
 */
final class EarlierProbe {
    private static final String[] KEYS = {"uri", "bytes", "mtime", "part", "caption_mtime"};
    private static final Column NEVER = lit(0).cast("timestamp");

    private final Dataset<Row> rows;

    private EarlierProbe(Dataset<Row> rows) {
        this.rows = rows;
    }

    /**
     * @param manifest of the published run, if it was probed in the same way
     * @param parts folder with the parts of interrupted runs of the same way
     */
    static Optional<EarlierProbe> find(
            SparkSession spark, HadoopStorage output, Optional<BucketingManifest> manifest, String parts)
            throws IOException {
        List<Dataset<Row>> sources = new ArrayList<>();
        if (manifest.isPresent()) {
            sources.add(Tables.reader(spark)
                    .schema(ClipTables.CLIPS)
                    .parquet(output.uri(manifest.get().folder(BucketingManifest.CLIPS)))
                    .withColumn("reason", lit(null).cast("string"))
                    .withColumn("detail", lit(null).cast("string"))
                    .withColumn("when", lit(null).cast("timestamp")));
            sources.add(quarantined(spark, output.uri(manifest.get().folder(BucketingManifest.QUARANTINE))));
        }
        for (String run : output.list(parts)) {
            boolean finished = output.list(parts + "/" + run).stream().anyMatch(name -> name.endsWith(".parquet"));
            if (finished) {
                sources.add(Tables.reader(spark).schema(ClipTables.PROBED).parquet(output.uri(parts + "/" + run)));
            }
        }
        Dataset<Row> found = sources.stream().reduce(Dataset::unionByName).orElse(null);
        return Optional.ofNullable(found).map(EarlierProbe::usable).map(EarlierProbe::new);
    }

    private static Dataset<Row> quarantined(SparkSession spark, String folder) {
        Dataset<Row> table = Tables.reader(spark).schema(ClipTables.QUARANTINE).parquet(folder);
        List<Column> columns = new ArrayList<>();
        for (var field : ClipTables.PROBED.fields()) {
            boolean there = Arrays.asList(table.columns()).contains(field.name());
            columns.add((there ? col(field.name()) : lit(null))
                    .cast(field.dataType())
                    .as(field.name()));
        }
        return table.select(columns.toArray(Column[]::new));
    }

    /** A storage may be well again, and rows and captions are looked at anew; what the decoder found stays. */
    private static Dataset<Row> usable(Dataset<Row> rows) {
        Object[] lasting = Arrays.stream(MediaProblem.values())
                .filter(problem -> problem != MediaProblem.READ_ERROR)
                .map(MediaProblem::tableValue)
                .toArray();
        // A refused file was not asked for its caption, so that no caption makes it another.
        return rows.withColumn("caption_mtime", when(col("reason").isNull(), col("caption_mtime")))
                .where(col("bytes").isNotNull().and(col("mtime").isNotNull()))
                .where(col("reason")
                        .isin(lasting)
                        .or(col("reason")
                                .isNull()
                                .and(col("from_table").equalTo(false))
                                .and(col("codec").isNotNull())));
    }

    /** Adds to each file, as {@code earlier_*}, what is known of it in its present state. */
    Dataset<Row> joinTo(Dataset<Row> inventory) {
        Dataset<Row> known = rows.dropDuplicates(KEYS);
        for (String name : rows.columns()) {
            known = known.withColumnRenamed(name, ClipProber.EARLIER + name);
        }
        Column same = lit(true);
        for (String key : KEYS) {
            Column now = col(key);
            Column then = col(ClipProber.EARLIER + key);
            if (key.equals("caption_mtime")) {
                Column refused = col(ClipProber.EARLIER + "reason").isNotNull();
                same = same.and(refused.or(coalesce(now, NEVER).equalTo(coalesce(then, NEVER))));
            } else {
                same = same.and(now.eqNullSafe(then));
            }
        }
        return inventory.join(known, same, "left_outer");
    }

    /** How many of these files were seen before in whatever state, and how many that were seen are not among them. */
    Seen compare(Dataset<Row> inventory) {
        Dataset<Row> before = rows.select("uri").distinct();
        Dataset<Row> now =
                inventory.where(col("bytes").isNotNull()).select("uri").distinct();
        long both = now.join(before, "uri").count();
        return new Seen(both, before.count() - both);
    }

    record Seen(long before, long vanished) {}

    /** Without earlier runs: the same columns, all null. */
    static Dataset<Row> none(Dataset<Row> inventory) {
        List<Column> columns = new ArrayList<>(List.of(col("*")));
        for (var field : ClipTables.PROBED.fields()) {
            columns.add(lit(null).cast(field.dataType()).as(ClipProber.EARLIER + field.name()));
        }
        return inventory.select(columns.toArray(Column[]::new));
    }
}
