// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import static org.apache.spark.sql.functions.asc;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.current_timestamp;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.udf;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import io.sparkreel.bucketing.bucket.ClipId;
import io.sparkreel.bucketing.curate.signal.SignalOptions;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.jobs.config.curate.CurateConfig;
import io.sparkreel.jobs.config.reader.SectionWriter;
import io.sparkreel.jobs.dataset.ClipTables;
import io.sparkreel.jobs.dataset.CurateManifest;
import io.sparkreel.jobs.dataset.CurateManifest.Counts;
import io.sparkreel.jobs.dataset.OutputRuns;
import io.sparkreel.jobs.error.Reasons;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.inventory.MediaInput;
import io.sparkreel.jobs.inventory.Refusals;
import io.sparkreel.jobs.inventory.VideoCaptions;
import io.sparkreel.jobs.inventory.Videos;
import io.sparkreel.jobs.spark.Progress;
import io.sparkreel.jobs.storage.FolderLease;
import io.sparkreel.jobs.storage.HadoopStorage;
import io.sparkreel.jobs.storage.Tables;
import io.sparkreel.model.ForeignText;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.Logger;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.FlatMapFunction;
import org.apache.spark.api.java.function.FlatMapGroupsFunction;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF2;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.LongAccumulator;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Turns videos into clips without writing a video: opens each video once, keeps signals of every frame, cuts shots,
 * judges clips, and writes the tables {@code videos}, {@code signals}, {@code shots}, {@code clips} and {@code
 * quarantine} with a report and a manifest.
 */
public final class CurateRun {
    private static final Logger LOG = LogManager.getLogger(CurateRun.class);

    /** Grows when the same frames would be measured otherwise. */
    private static final String VERSION = "1";

    private static final String REPORT = "report.html";

    private static final List<String> TABLES =
            List.of(CurateManifest.VIDEOS, CurateManifest.SHOTS, CurateManifest.CLIPS, CurateManifest.QUARANTINE);

    /** Signals of parts of long videos, until all are there. */
    private static final String PARTS = "parts";

    /** What tells a video in its present state. */
    private static final String[] STATE = {"uri", "bytes", "mtime"};

    private final CurateConfig config;
    private final SparkSession spark;
    private final HadoopStorage output;
    private final FolderLease lease;
    private final String way;
    private final String run =
            Instant.now().truncatedTo(ChronoUnit.SECONDS).toString().replaceAll("[-:]", "") + "-"
                    + UUID.randomUUID().toString().substring(0, 8);

    private CurateRun(CurateConfig config, SparkSession spark, HadoopStorage output, FolderLease lease) {
        this.config = config;
        this.spark = spark;
        this.output = output;
        this.lease = lease;
        this.way = way(config.signalOptions());
    }

    /** How videos are measured: what was measured in another way is not used. */
    private static String way(SignalOptions options) {
        return String.join(
                        "-",
                        "v" + VERSION,
                        options.signalSize() == 0 ? "full" : Integer.toString(options.signalSize()),
                        options.edges() ? "edges" : "plain",
                        options.soft() ? "soft" : "hard",
                        Double.toString(options.blackLevel()),
                        Double.toString(options.noise()),
                        Integer.toString(options.barLimit()))
                .toLowerCase(Locale.ROOT);
    }

    /**
     * Checks all that can be checked without Spark.
     *
     * @return what is to be read; empty where stored signals are judged anew
     * @throws UserError if the run cannot work
     */
    public static Optional<MediaInput> prepare(CurateConfig config, Configuration hadoop) throws IOException {
        if (!config.fromSignals()) {
            requireFlag(config.input(), "--input PATH");
        }
        check(config, hadoop);
        return config.fromSignals() ? Optional.empty() : Optional.of(MediaInput.resolve(hadoop, config.input()));
    }

    /**
     * Checks a run over a table that the caller has.
     *
     * @param config names as {@code input} the folder that relative paths begin in
     * @throws UserError if the run cannot work
     */
    public static Optional<MediaInput> prepare(CurateConfig config, Dataset<Row> videos, Configuration hadoop)
            throws IOException {
        requireFlag(config.input(), "--input PATH");
        check(config, hadoop);
        return Optional.of(new MediaInput.Rows(new HadoopStorage(hadoop, config.input()).uri(""), videos));
    }

    private static void check(CurateConfig config, Configuration hadoop) throws IOException {
        requireFlag(config.output(), "--output DIR");
        if (config.captions() != null) {
            captions(config, hadoop);
        }
        HadoopStorage output = new HadoopStorage(hadoop, config.output());
        Optional<CurateManifest> published = CurateManifest.find(output);
        if (output.exists(CurateManifest.NAME) && published.isEmpty()) {
            throw new UserError(
                    "Cannot write to " + output + ": it holds the output of another job. Give another" + " --output.");
        }
        if (config.fromSignals() && published.isEmpty()) {
            throw new UserError("Cannot judge the signals in " + output + " anew: it holds no curation run. Run the"
                    + " curate job with --input first.");
        }
        if (!config.fromSignals() && published.isPresent() && !config.overwrite()) {
            throw new UserError("Cannot write to " + output + ": it holds an earlier run. "
                    + "Give --overwrite to replace it, or another --output.");
        }
    }

    private static MediaInput.Table captions(CurateConfig config, Configuration hadoop) {
        if (MediaInput.resolve(hadoop, config.captions()) instanceof MediaInput.Table table) {
            return table;
        }
        throw new UserError("Cannot read captions from " + config.captions()
                + ": it is no table. Give one that ends in .csv, .jsonl or .parquet.");
    }

    private static void requireFlag(String value, String flag) {
        if (value == null) {
            throw new UserError("Cannot start the curate job: no " + flag + ". Give it.");
        }
    }

    /**
     * Curates the videos and publishes the tables.
     *
     * @param input as {@link #prepare} found it
     * @param lease of the output folder
     */
    public static CurateManifest execute(
            CurateConfig config, Optional<MediaInput> input, SparkSession spark, FolderLease lease) throws IOException {
        HadoopStorage output = new HadoopStorage(spark.sparkContext().hadoopConfiguration(), config.output());
        return new CurateRun(config, spark, output, lease).run(input);
    }

    private CurateManifest run(Optional<MediaInput> input) throws IOException {
        lease.requireHeld();
        Optional<CurateManifest> before = CurateManifest.find(output);
        String root =
                input.isPresent() ? input.get().root() : before.orElseThrow().root();
        Optional<Videos.Found> listed = input.isPresent() ? Optional.of(list(input.get())) : Optional.empty();
        Dataset<Row> files = listed.map(Videos.Found::videos)
                .orElseGet(() -> published(before.orElseThrow()))
                .persist(StorageLevel.MEMORY_AND_DISK());
        Dataset<Row> pictures = listed.map(found -> pictures(found.pictures()))
                .orElseGet(() -> publishedPictures(before.orElseThrow()));
        try {
            long found = files.count();
            if (found == 0) {
                throw new UserError("Cannot curate " + config.input()
                        + ": it holds no videos. Give a folder with videos" + " in it.");
            }
            measure(files, input.isPresent());
            OutputRuns runs = OutputRuns.begin(output, TABLES, run, before.map(CurateManifest::run));
            writeVideos(files);
            checkBadVideos(found);
            writeClips(files, pictures);
            return publish(runs, root, found);
        } finally {
            files.unpersist();
        }
    }

    private Videos.Found list(MediaInput input) throws IOException {
        Videos.Found found = Videos.list(spark, input, partitions());
        if (!found.leftOut().isEmpty()) {
            LOG.info("Left out of {}: {}", config.input(), found.leftOut());
        }
        return found;
    }

    /** Still pictures become clips as they are; the bucketing job looks into them. */
    private Dataset<Row> pictures(Dataset<Row> files) {
        Dataset<Row> usable = files.where(col("problem").isNull());
        Dataset<Row> captions =
                VideoCaptions.ofFiles(spark, usable).select(col("uri").as("of_uri"), col("text"));
        return usable.join(captions, col("uri").equalTo(col("of_uri")), "left_outer")
                .select(
                        videoId().as("clip_id"),
                        videoId().as("video_id"),
                        lit(MediaKind.IMAGE.tableValue()).as("kind"),
                        col("path"),
                        col("uri"),
                        coalesce(col("text"), lit("")).as("caption"),
                        when(col("text").isNotNull(), lit("file")).as("caption_source"));
    }

    /** The name of a whole file. */
    private static Column videoId() {
        return udf((UDF2<String, Long, Long>) ClipId::of, DataTypes.LongType).apply(col("path"), col("bytes"));
    }

    private Dataset<Row> publishedPictures(CurateManifest manifest) {
        return Tables.reader(spark)
                .parquet(output.uri(manifest.folder(CurateManifest.CLIPS)))
                .where(col("kind").equalTo(MediaKind.IMAGE.tableValue()))
                .select("clip_id", "video_id", "kind", "path", "uri", "caption", "caption_source");
    }

    private int partitions() {
        return spark.sparkContext().defaultParallelism() * 4;
    }

    /** The videos of the published run, as files without captions of their own. */
    private Dataset<Row> published(CurateManifest manifest) {
        Dataset<Row> videos = Tables.reader(spark)
                .schema(CurateTables.VIDEOS)
                .parquet(output.uri(manifest.folder(CurateManifest.VIDEOS)));
        for (var field : ClipTables.INVENTORY.fields()) {
            if (!List.of(videos.columns()).contains(field.name())) {
                videos = videos.withColumn(field.name(), lit(null).cast(field.dataType()));
            }
        }
        return videos.withColumn("problem", lit(null).cast("string"));
    }

    /** Measures the videos that have no signals yet. */
    private void measure(Dataset<Row> files, boolean open) throws IOException {
        Dataset<Row> usable = files.where(col("problem").isNull());
        Dataset<Row> unknown = usable.join(signals().select("uri", "bytes", "mtime"), STATE, "left_anti")
                .persist(StorageLevel.MEMORY_AND_DISK());
        try {
            long videos = usable.count();
            long fresh = unknown.count();
            LOG.info("Found {} videos: {} known, {} to open", videos, videos - fresh, fresh);
            if (fresh == 0) {
                return;
            }
            if (!open) {
                throw new UserError("Cannot judge the signals in " + output + " anew: " + fresh + " of " + videos
                        + " videos were not measured as " + way
                        + ", or could not be read. Run the curate job with --input"
                        + " --overwrite.");
            }
            measure(unknown);
        } finally {
            unknown.unpersist();
        }
    }

    /** Measures long videos part by part, and the others; of an interrupted run, what is measured is not opened again. */
    private void measure(Dataset<Row> unknown) throws IOException {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        Broadcast<SerializableConfiguration> hadoop =
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration()));
        Dataset<Row> pieces = pieces(unknown, hadoop).persist(StorageLevel.MEMORY_AND_DISK());
        try {
            Column whole = col("from_pts").isNull().and(col("until_pts").isNull());
            Dataset<Row> parts = pieces.where(not(whole));
            if (!parts.isEmpty()) {
                Dataset<Row> missing = parts.as("wanted")
                        .join(rows(partsFolder(), CurateTables.PARTS).as("there"), samePiece(), "left_anti");
                measure(missing, "parts", hadoop, CurateTables.PARTS, partsFolder());
                FlatMapGroupsFunction<String, Row, Row> join = (video, rows) -> {
                    List<Row> all = new ArrayList<>();
                    rows.forEachRemaining(all::add);
                    return SignalRows.join(all).stream().iterator();
                };
                Dataset<Row> there = rows(partsFolder(), CurateTables.PARTS);
                MapFunction<Row, String> state = FootageAnalysis::name;
                store(
                        there.join(unknown.select("uri", "bytes", "mtime"), STATE, "left_semi")
                                .select(columns(CurateTables.PARTS.fieldNames()))
                                .groupByKey(state, Encoders.STRING())
                                .flatMapGroups(join, Encoders.row(CurateTables.SIGNALS)),
                        signalsFolder());
            }
            measure(pieces.where(whole), "measured", hadoop, CurateTables.SIGNALS, signalsFolder());
            output.delete(PARTS);
        } finally {
            pieces.unpersist();
        }
    }

    private Dataset<Row> pieces(Dataset<Row> files, Broadcast<SerializableConfiguration> hadoop) {
        Double longest = config.signals().part();
        if (longest == null) {
            Column none = lit(null).cast("long");
            return files.select(
                    col("uri"),
                    col("bytes"),
                    col("mtime"),
                    none.as("first_pts"),
                    none.as("from_pts"),
                    none.as("until_pts"));
        }
        return files.select("uri", "bytes", "mtime")
                .repartition(partitions())
                .mapPartitions(new FootageSplit(hadoop, longest, output.uri("")), Encoders.row(CurateTables.PIECES));
    }

    private static Column samePiece() {
        Column same = lit(true);
        for (String column : CurateTables.PIECES.fieldNames()) {
            same = same.and(col("wanted." + column).eqNullSafe(col("there." + column)));
        }
        return same;
    }

    @SuppressWarnings("try") // progress is told by a timer
    private void measure(
            Dataset<Row> pieces,
            String what,
            Broadcast<SerializableConfiguration> hadoop,
            StructType table,
            String folder) {
        long count = pieces.count();
        if (count == 0) {
            return;
        }
        LongAccumulator done = spark.sparkContext().longAccumulator(what);
        // Each video is a task of its own until there are many.
        int tasks = (int) Math.min(count, 20_000);
        try (Progress progress = Progress.of(what, count, done::value)) {
            store(
                    pieces.repartition(tasks, xxhash64(col("uri"), col("from_pts")))
                            .mapPartitions(
                                    new FootageAnalysis(hadoop, config.signalOptions(), output.uri(""), done),
                                    Encoders.row(CurateTables.PARTS))
                            .select(columns(table.fieldNames())),
                    folder);
        }
    }

    private void store(Dataset<Row> rows, String folder) {
        rows.write()
                .option("compression", "zstd")
                // A finished task's file is put in place at once, and not when the whole job ends.
                .option("mapreduce.fileoutputcommitter.algorithm.version", "2")
                .option(
                        "mapreduce.outputcommitter.factory.class",
                        "org.apache.hadoop.mapreduce.lib.output.FileOutputCommitterFactory")
                .mode(SaveMode.Append)
                .parquet(output.uri(folder + "/run=" + run));
    }

    private String partsFolder() {
        return PARTS + "/" + way;
    }

    private String signalsFolder() {
        return CurateManifest.SIGNALS + "/" + way;
    }

    /** Signals of this way, of this and all earlier runs, each state of a video once. */
    private Dataset<Row> signals() throws IOException {
        return rows(signalsFolder(), CurateTables.SIGNALS);
    }

    /** Rows of all runs in a folder. */
    private Dataset<Row> rows(String folder, StructType table) throws IOException {
        Dataset<Row> all = spark.createDataFrame(List.of(), table);
        for (String folderOfRun : output.list(folder)) {
            String of = folder + "/" + folderOfRun;
            if (output.list(of).stream().anyMatch(name -> name.endsWith(".parquet"))) {
                Dataset<Row> found = Tables.reader(spark).schema(table).parquet(output.uri(of));
                // A storage that failed an earlier run may be well again.
                all = all.union(
                        folderOfRun.equals("run=" + run)
                                ? found
                                : found.where(coalesce(col("reason"), lit("")).notEqual("read_error")));
            }
        }
        return all;
    }

    /** The signals of the files: the columns of both. */
    private Dataset<Row> measured(Dataset<Row> files) throws IOException {
        Dataset<Row> known = files.where(col("problem").isNull())
                .select(videoId().as("video_id"), col("path"), col("uri"), col("bytes"), col("mtime"));
        return known.join(signals(), STATE, "inner");
    }

    private void writeVideos(Dataset<Row> files) throws IOException {
        Dataset<Row> signals = measured(files).withColumn("problem", col("reason"));
        Dataset<Row> refused = files.where(col("problem").isNotNull());
        write(
                signals.select(columns(CurateTables.VIDEOS.fieldNames()))
                        .unionByName(
                                refused.select(col("path"), col("uri"), col("bytes"), col("mtime"), col("problem")),
                                true)
                        .orderBy(asc("uri")),
                CurateManifest.VIDEOS);
        write(
                signals.where(col("reason").isNotNull())
                        .select(col("uri"), col("reason"), col("detail"), col("when"), col("bytes"), col("mtime"))
                        .unionByName(refused.select(
                                col("uri"),
                                col("problem").as("reason"),
                                col("problem_detail").as("detail"),
                                current_timestamp().as("when"),
                                col("bytes"),
                                col("mtime")))
                        .withColumn("stage", lit("curate"))
                        .orderBy(asc("uri")),
                CurateManifest.QUARANTINE);
    }

    private void checkBadVideos(long found) {
        Dataset<Row> quarantine = table(CurateManifest.QUARANTINE);
        long quarantined = quarantine.count();
        if (quarantined > 0) {
            LOG.info(
                    "{} of {} videos cannot be used and go to {}", quarantined, found, path(CurateManifest.QUARANTINE));
        }
        boolean tooMany = quarantined > config.maxBadVideos() * found;
        if (tooMany || quarantined == found) {
            Reasons reasons = Refusals.of(quarantine);
            throw new UserError("Cannot curate " + config.input() + ": " + quarantined + " of " + found
                    + " videos cannot be used"
                    + (tooMany ? ", more than max_bad_videos " + config.maxBadVideos() + " allows" : "") + ": "
                    + reasons
                    + ". " + path(CurateManifest.QUARANTINE) + " has all of them. " + Refusals.advice(reasons)
                    + (quarantined < found ? ", or raise max_bad_videos." : "."));
        }
    }

    private void writeClips(Dataset<Row> files, Dataset<Row> pictures) throws IOException {
        Dataset<Row> videos = measured(files).where(col("reason").isNull());
        ClipCutting cutting = new ClipCutting(config);
        FlatMapFunction<Row, Row> shots = video -> cutting.shots(video).iterator();
        FlatMapFunction<Row, Row> clips = video -> cutting.clips(video).iterator();
        write(
                spark.createDataFrame(videos.toJavaRDD().flatMap(shots), CurateTables.SHOTS)
                        .orderBy(asc("uri"), asc("shot")),
                CurateManifest.SHOTS);
        Dataset<Row> cut = spark.createDataFrame(videos.toJavaRDD().flatMap(clips), CurateTables.CUT)
                .persist(StorageLevel.MEMORY_AND_DISK());
        try {
            Dataset<Row> captioned = CaptionJoin.join(cut, texts(files)).unionByName(pictures, true);
            write(
                    VerdictColumns.judge(captioned, config.reject().rules()).orderBy(asc("uri"), asc("start_frame")),
                    CurateManifest.CLIPS);
        } finally {
            cut.unpersist();
        }
    }

    private Dataset<Row> texts(Dataset<Row> files) throws IOException {
        Dataset<Row> texts = VideoCaptions.ofFiles(
                        spark, files.where(col("problem").isNull()))
                .withColumn("source", lit("file"));
        if (config.captions() != null) {
            MediaInput.Table table = captions(config, spark.sparkContext().hadoopConfiguration());
            texts = texts.unionByName(
                    VideoCaptions.ofTable(spark, table, partitions()).withColumn("source", lit("table")));
        }
        Dataset<Row> wrong = texts.where(col("problem").isNotNull());
        long many = wrong.count();
        if (many > 0) {
            LOG.warn(
                    "{} captions cannot be used, the first of them of {}: {}",
                    many,
                    wrong.first().<String>getAs("uri"),
                    wrong.first().<String>getAs("problem"));
        }
        return texts;
    }

    private static Column[] columns(String[] names) {
        Column[] columns = new Column[names.length];
        for (int i = 0; i < names.length; i++) {
            columns[i] = col(names[i]);
        }
        return columns;
    }

    private void write(Dataset<Row> rows, String table) {
        rows.write().option("compression", "zstd").mode(SaveMode.Overwrite).parquet(path(table));
    }

    private String path(String table) {
        return output.uri(table + "/run=" + run);
    }

    private CurateManifest publish(OutputRuns runs, String root, long found) throws IOException {
        CurateManifest manifest = new CurateManifest(
                CurateManifest.KIND,
                run,
                Instant.now().toString(),
                ForeignText.masked(config.input() == null ? root : config.input()),
                root,
                way,
                SectionWriter.write(config),
                counts(found));
        byte[] report = report(manifest).getBytes(StandardCharsets.UTF_8);
        lease.requireHeld();
        output.atomicPut(REPORT, report);
        Instant now = Instant.now();
        runs.markReplaced(now);
        lease.requireHeld();
        manifest.publish(output);
        lease.requireHeld();
        runs.removeOthers(config.replacedStays(), now);
        tell(manifest.counts());
        return manifest;
    }

    private String report(CurateManifest manifest) {
        Map<String, Long> quarantine = new TreeMap<>();
        table(CurateManifest.QUARANTINE)
                .groupBy("reason")
                .count()
                .collectAsList()
                .forEach(row -> quarantine.put(row.getString(0), row.getLong(1)));
        return new CurationReporter(
                        spark,
                        config.reject().rules(),
                        output.uri(""),
                        table(CurateManifest.VIDEOS),
                        table(CurateManifest.SHOTS),
                        table(CurateManifest.CLIPS))
                .report(manifest, quarantine)
                .html();
    }

    private Dataset<Row> table(String name) {
        return Tables.reader(spark).parquet(path(name));
    }

    private Counts counts(long found) {
        Dataset<Row> clips = table(CurateManifest.CLIPS);
        Row videos = Tables.reader(spark)
                .parquet(path(CurateManifest.VIDEOS))
                .agg(
                        count(when(col("problem").isNotNull(), 1)),
                        coalesce(sum(when(col("problem").isNull(), col("duration_s"))), lit(0.0)))
                .first();
        Column seconds = col("seconds");
        long pictures =
                clips.where(col("kind").equalTo(MediaKind.IMAGE.tableValue())).count();
        Row sums = clips.where(col("kind").equalTo(MediaKind.VIDEO.tableValue()))
                .agg(
                        count(lit(1)),
                        coalesce(sum(seconds), lit(0.0)),
                        count(when(col("kept"), 1)),
                        coalesce(sum(when(col("kept"), seconds)), lit(0.0)),
                        count(when(col("kept").and(col("caption").notEqual("")), 1)))
                .first();
        Map<String, Long> reasons = new TreeMap<>();
        clips.select(explode(col("reasons")).as("reason"))
                .groupBy("reason")
                .count()
                .collectAsList()
                .forEach(row -> reasons.put(row.getString(0), row.getLong(1)));
        return new Counts(
                found,
                videos.getLong(0),
                videos.getDouble(1),
                table(CurateManifest.SHOTS).count(),
                sums.getLong(0),
                sums.getDouble(1),
                sums.getLong(2),
                sums.getDouble(3),
                reasons,
                sums.getLong(4),
                pictures);
    }

    private void tell(Counts counts) {
        LOG.info(
                "Kept {} of {} clips ({} of {} s) of {} videos in {}",
                counts.kept(),
                counts.clips(),
                String.format(Locale.ROOT, "%.1f", counts.keptSeconds()),
                String.format(Locale.ROOT, "%.1f", counts.videoSeconds()),
                counts.videos() - counts.quarantined(),
                output);
        counts.reasons().forEach((reason, clips) -> LOG.info("  {}: {} clips", reason, clips));
    }
}
