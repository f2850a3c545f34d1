// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inventory;

import static org.apache.spark.sql.functions.asc;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.when;

import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.ProbeOptions;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.dataset.BucketingManifest;
import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.spark.Progress;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import java.io.IOException;
import java.util.Locale;
import java.util.Optional;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * From an input to probed clips. Each task's result is kept as soon as the task ends, so that an interrupted job goes
 * on where it was.
 */
public final class Probing {
    /** Folder of the output for what has been probed and not yet published. */
    public static final String WORK = "probing";

    private static final Logger LOG = LogManager.getLogger(Probing.class);
    /** Grows when the same file would be described otherwise. */
    private static final String VERSION = "3";

    private static final int TASKS_PER_CORE = 8;
    /** Large enough to be worth a file, small enough to lose. */
    private static final int FILES_PER_TASK = 2000;

    private static final int ROWS_PER_FILE = 500_000;

    private final SparkSession spark;
    private final BucketingConfig config;
    private final HadoopStorage output;
    private final String parts;
    private final String run;

    /** @param run name of this run */
    public Probing(SparkSession spark, BucketingConfig config, HadoopStorage output, String run) {
        this.spark = spark;
        this.config = config;
        this.output = output;
        this.run = run;
        parts = WORK + "/" + way(config);
    }

    /** How files are probed: what was found in another way is not used. */
    private static String way(BucketingConfig config) {
        PictureRules pictures = config.pictures();
        return String.join(
                        "-",
                        config.frameCount().name(),
                        config.verify().name(),
                        config.probe().name(),
                        VERSION,
                        pictures.sampleAspect().name(),
                        pictures.orientation().name(),
                        pictures.background().text().replace("#", ""))
                .toLowerCase(Locale.ROOT);
    }

    /**
     * What probing came to.
     *
     * @param found files or rows
     * @param opened files that no earlier run knew in their present state
     * @param leftOut counts by reason of what the listing left out; empty: nothing
     */
    public record Probed(Dataset<Row> rows, long found, long opened, String leftOut) {
        /** {@link ClipTables#CLIPS} */
        public Dataset<Row> clips() {
            return rows.where(col("reason").isNull()).select(columns(ClipTables.CLIPS.fieldNames()));
        }

        /** {@link ClipTables#QUARANTINE} */
        public Dataset<Row> quarantine() {
            return rows.where(col("reason").isNotNull())
                    .withColumn("stage", lit("probe"))
                    .select(columns(ClipTables.QUARANTINE.fieldNames()));
        }

        /** Files for a table of so many rows. */
        public static int files(long rows) {
            return (int) (1 + rows / ROWS_PER_FILE);
        }

        private static Column[] columns(String[] names) {
            Column[] columns = new Column[names.length];
            for (int i = 0; i < names.length; i++) {
                columns[i] = col(names[i]);
            }
            return columns;
        }
    }

    /**
     * Probes an input.
     *
     * @param manifest of the run that is published in the output
     * @throws UserError if there is nothing to probe
     */
    public Probed probe(MediaInput input, Optional<BucketingManifest> manifest) throws IOException {
        int tasks = spark.sparkContext().defaultParallelism() * TASKS_PER_CORE;
        boolean table = !(input instanceof MediaInput.Folders);
        Dataset<Row> listing = input instanceof MediaInput.Folders folders
                ? MediaInventory.list(spark, folders).persist(StorageLevel.MEMORY_AND_DISK())
                : spark.emptyDataFrame();
        Dataset<Row> inventory = (table ? MetadataTable.of(spark, input, tasks) : MediaInventory.inventory(listing))
                .persist(StorageLevel.MEMORY_AND_DISK());
        try {
            long found = inventory.count();
            String others = table ? "" : LeftOut.describe(listing);
            if (!others.isEmpty()) {
                LOG.info("Left out of {}: {}", config.input(), others);
            }
            if (found == 0) {
                throw new UserError("Cannot bucket " + config.input() + ": it holds no media files"
                        + (others.isEmpty() ? "" : ", but " + others) + ". "
                        + "Give a folder with videos or images in it.");
            }
            manifest.filter(before -> !probedThisWay(before)).ifPresent(this::tellOfOtherWay);
            Optional<EarlierProbe> earlier =
                    EarlierProbe.find(spark, output, manifest.filter(this::probedThisWay), parts);
            Dataset<Row> known = earlier.map(before -> before.joinTo(inventory))
                    .orElseGet(() -> EarlierProbe.none(inventory))
                    .persist(StorageLevel.MEMORY_AND_DISK());
            try {
                boolean parts = table && hasParts(inventory);
                long files = parts ? countFiles(inventory) : found;
                long opened =
                        parts ? countFiles(unknown(known)) : unknown(known).count();
                if (parts) {
                    LOG.info("{} names {} clips in {} media files", config.input(), found, files);
                }
                announce(inventory, earlier, files, opened);
                write(known, found, tasks, parts);
                Dataset<Row> rows =
                        Tables.reader(spark).schema(ClipTables.PROBED).parquet(output.uri(folder()));
                return new Probed(withoutDuplicates(rows), found, opened, others);
            } finally {
                known.unpersist();
            }
        } finally {
            inventory.unpersist();
            listing.unpersist();
        }
    }

    private boolean probedThisWay(BucketingManifest manifest) {
        return parts.equals(WORK + "/" + manifest.origin().probed());
    }

    private void tellOfOtherWay(BucketingManifest manifest) {
        LOG.info(
                "Probes all files again: those of the earlier run were probed as {}, which is now {}",
                manifest.origin().probed(),
                way());
    }

    /** What the manifest says of the way of probing. */
    public String way() {
        return parts.substring(WORK.length() + 1);
    }

    private String folder() {
        return parts + "/run=" + run;
    }

    /** Rows that no earlier run knew in their present state. */
    private static Dataset<Row> unknown(Dataset<Row> known) {
        return known.where(
                col(ClipProber.EARLIER + "uri").isNull().and(col("problem").isNull()));
    }

    private static boolean hasParts(Dataset<Row> inventory) {
        return !inventory.where(col("part").isNotNull()).isEmpty();
    }

    private static long countFiles(Dataset<Row> rows) {
        return rows.select("uri").distinct().count();
    }

    private void announce(Dataset<Row> inventory, Optional<EarlierProbe> earlier, long found, long opened) {
        if (earlier.isEmpty()) {
            LOG.info("Found {} media files in {}", found, config.input());
            return;
        }
        EarlierProbe.Seen seen = earlier.get().compare(inventory);
        long fresh = inventory
                        .where(col("bytes").isNotNull())
                        .select("uri")
                        .distinct()
                        .count()
                - seen.before();
        LOG.info(
                "Found {} media files in {}: {} unchanged, {} new, {} changed, {} vanished",
                found,
                config.input(),
                found - opened,
                fresh,
                Math.max(0, opened - fresh),
                seen.vanished());
    }

    @SuppressWarnings("try") // progress is told by a timer
    private void write(Dataset<Row> known, long found, int tasks, boolean parts) {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        LongAccumulator done = spark.sparkContext().longAccumulator("probed files");
        ProbeOptions options = new ProbeOptions(config.frameCount(), config.verify(), config.pictures());
        ClipProber prober = new ClipProber(
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())),
                options,
                config.probe(),
                output.uri(""),
                done);
        int partitions = (int) Math.max(1, Math.min(found, Math.max(tasks, found / FILES_PER_TASK)));
        try (Progress progress = Progress.of("probed", found, done::value)) {
            // The parts of a file go to one task, one after the other, which opens it once.
            Dataset<Row> spread = parts
                    ? known.repartition(partitions, col("uri")).sortWithinPartitions("uri")
                    : known.repartition(partitions);
            spread.mapPartitions(prober, Encoders.row(ClipTables.PROBED))
                    .write()
                    .option("compression", "zstd")
                    // A finished task's file is put in place at once, and not when the whole job ends.
                    .option("mapreduce.fileoutputcommitter.algorithm.version", "2")
                    .option(
                            "mapreduce.outputcommitter.factory.class",
                            "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory")
                    .mode(SaveMode.Overwrite)
                    .parquet(output.uri(folder()));
        }
    }

    /** A name, a length and a part stand for one clip: of several the first in the table, or by URI, stays. */
    private static Dataset<Row> withoutDuplicates(Dataset<Row> rows) {
        boolean none = rows.where(col("reason").isNull())
                .groupBy("clip_id")
                .agg(count(lit(1)).as("times"))
                .where(col("times").gt(1))
                .isEmpty();
        if (none) {
            return rows;
        }
        Column repeated = col("position").gt(1).and(col("reason").isNull());
        return rows.withColumn(
                        "position",
                        row_number()
                                .over(Window.partitionBy("clip_id", "reason").orderBy(asc("table_row"), asc("uri"))))
                .withColumn(
                        "detail",
                        when(
                                        repeated,
                                        lit(
                                                "another clip has this name, length and range; give each row an id of its own"))
                                .otherwise(col("detail")))
                .withColumn(
                        "when",
                        when(repeated, coalesce(col("when"), org.apache.spark.sql.functions.current_timestamp()))
                                .otherwise(col("when")))
                .withColumn(
                        "reason",
                        when(repeated, lit(RowProblem.DUPLICATE_CLIP.tableValue()))
                                .otherwise(col("reason")))
                .drop("position");
    }
}
