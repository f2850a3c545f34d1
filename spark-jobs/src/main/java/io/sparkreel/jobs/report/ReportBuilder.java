// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.report;

import static org.apache.spark.sql.functions.broadcast;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.struct;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.sparkreel.bucketing.bucket.AspectRatios;
import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.bucketing.bucket.BucketConfig.Entry;
import io.sparkreel.bucketing.bucket.BucketConfig.Level;
import io.sparkreel.bucketing.bucket.Resolution;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.plan.EpochPlan;
import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.bucketing.plan.StepPlanner.BucketLoad;
import io.sparkreel.bucketing.report.BucketingReport;
import io.sparkreel.bucketing.report.BucketingReport.Cell;
import io.sparkreel.bucketing.report.BucketingReport.Example;
import io.sparkreel.bucketing.report.BucketingReport.Media;
import io.sparkreel.bucketing.report.BucketingReport.Shelf;
import io.sparkreel.jobs.assign.BucketStatistics;
import io.sparkreel.jobs.assign.BucketStatistics.Counts;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.plan.FamilyCost;
import io.sparkreel.jobs.report.ThumbnailTask.Picture;
import io.sparkreel.model.ForeignText;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;

/** Fills a {@link BucketingReport} from the tables of a run. */
public final class ReportBuilder {
    private static final String SMALLER = "smaller";
    private static final String[] KEY = {"resolution", "bucket_frames", "aspect"};
    /** Clips that the page names of each bucket. */
    private static final int EXAMPLES = 12;
    /** On average; fewer than named are rare among so many. */
    private static final int EXAMPLES_LOOKED_AT = 24;

    private static final int[] RANKS = {1, 8, 64};
    private static final int MICRO_BATCHES_PER_RANK = 4;

    private final SparkSession spark;
    private final BucketConfig rule;
    private final int draws;

    /** @param draws independent draws in the shards */
    public ReportBuilder(SparkSession spark, BucketConfig rule, int draws) {
        this.spark = spark;
        this.rule = rule;
        this.draws = draws;
    }

    /**
     * The report of a run.
     *
     * @param title what was bucketed
     * @param facts what it says of the run
     * @param counts of the assignment
     * @param rules what a picture is
     * @param job for {@link io.sparkreel.bucketing.media.crash.CrashGuard}
     */
    public BucketingReport build(
            String title,
            Map<String, String> facts,
            Dataset<Row> clips,
            Dataset<Row> quarantine,
            Dataset<Row> shards,
            Counts counts,
            PictureRules rules,
            String job) {
        return new BucketingReport(
                title,
                facts,
                media(clips),
                draws,
                counts.outcomes(),
                cells(clips, counts),
                shelves(shards, counts, rules, job),
                plans(counts),
                byReason(quarantine));
    }

    private static Media media(Dataset<Row> clips) {
        Column video = col("kind").equalTo("video");
        Row row = clips.agg(
                        sum(when(video, 1L).otherwise(0L)),
                        sum(when(video, 0L).otherwise(1L)),
                        coalesce(sum(when(video, col("duration_s"))), lit(0.0)),
                        sum("bytes"))
                .head();
        return new Media(row.getLong(0), row.getLong(1), row.getDouble(2), row.getLong(3), sizes(clips));
    }

    private static Map<String, Long> sizes(Dataset<Row> clips) {
        List<Resolution> resolutions = new ArrayList<>(AspectRatios.predefined().resolutions());
        resolutions.sort(Comparator.comparingLong(Resolution::pixels));
        Column pixels = col("height").cast("long").multiply(col("width"));
        Column name = lit(SMALLER);
        Map<String, Long> sizes = new LinkedHashMap<>();
        sizes.put(SMALLER, 0L);
        for (Resolution resolution : resolutions) {
            name = when(pixels.geq(resolution.pixels()), lit(resolution.name())).otherwise(name);
            sizes.put(resolution.name(), 0L);
        }
        clips.groupBy(name)
                .agg(count(lit(1)))
                .collectAsList()
                .forEach(row -> sizes.put(row.getString(0), row.getLong(1)));
        return sizes;
    }

    private List<Cell> cells(Dataset<Row> clips, Counts counts) {
        double[] expected = BucketStatistics.expected(clips, rule);
        List<Cell> cells = new ArrayList<>();
        for (Level level : rule.levels()) {
            for (Entry entry : level.entries()) {
                cells.add(new Cell(
                        level.resolution().name(),
                        entry.frames(),
                        entry.keepProbability(),
                        counts.of(level, entry),
                        draws * expected[entry.index()]));
            }
        }
        return cells;
    }

    private List<Shelf> shelves(Dataset<Row> shards, Counts counts, PictureRules rules, String job) {
        Map<String, Picture> pictures = pictures(shards, rules, job);
        Map<String, List<Example>> examples = examples(shards, counts);
        List<Shelf> shelves = new ArrayList<>();
        for (Level level : rule.levels()) {
            for (Entry entry : level.entries()) {
                counts.buckets().forEach((bucket, rows) -> {
                    if (bucket.resolution().equals(level.resolution().name()) && bucket.frames() == entry.frames()) {
                        Picture picture = pictures.get(bucket.id());
                        shelves.add(new Shelf(
                                bucket,
                                rows,
                                entry.batchSize(),
                                BucketingReport.tokens(bucket),
                                picture == null ? null : picture.jpeg(),
                                picture == null ? "" : picture.uri(),
                                examples.getOrDefault(bucket.id(), List.of())));
                    }
                });
            }
        }
        return shelves;
    }

    private List<BucketingReport.Plan> plans(Counts counts) {
        FamilyCost cost = FamilyCost.published();
        Map<String, Integer> sizes = new LinkedHashMap<>();
        rule.levels()
                .forEach(level -> level.entries()
                        .forEach(entry ->
                                sizes.put(Bucket.tag(level.resolution().name(), entry.frames()), entry.batchSize())));
        List<BucketLoad> loads = new ArrayList<>();
        for (Map.Entry<Bucket, Long> rows : counts.buckets().entrySet()) {
            Bucket bucket = rows.getKey();
            Integer size = sizes.get(Bucket.tag(bucket.resolution(), bucket.frames()));
            if (size == null) {
                return List.of();
            }
            loads.add(new BucketLoad(bucket.id(), (rows.getValue() + draws - 1) / draws, size, cost.flops(bucket)));
        }
        List<BucketingReport.Plan> plans = new ArrayList<>();
        for (int ranks : RANKS) {
            int microBatches = MICRO_BATCHES_PER_RANK * ranks;
            EpochPlan plan = new StepPlanner(0, microBatches, StepPlanner.Mix.MIXED).plan(0, loads);
            plans.add(new BucketingReport.Plan(ranks, microBatches, plan.steps(), plan.efficiency(ranks)));
        }
        return plans;
    }

    /**
     * Some clips of each bucket, by its name. Ids are hashes: those below a threshold are a sample whose size follows
     * from how many there are, so that no table is sorted.
     */
    private Map<String, List<Example>> examples(Dataset<Row> shards, Counts counts) {
        List<Row> thresholds = new ArrayList<>();
        counts.buckets().forEach((bucket, rows) -> {
            double share = Math.min(1, (double) EXAMPLES_LOOKED_AT * draws / rows);
            long below = (long) (Long.MIN_VALUE + share * Math.pow(2, 64));
            thresholds.add(RowFactory.create(bucket.resolution(), bucket.frames(), bucket.aspect(), below));
        });
        Column[] key = {col("resolution").cast("string").as("resolution"), col("bucket_frames"), col("aspect")};
        Dataset<Row> below = spark.createDataFrame(
                thresholds,
                new StructType()
                        .add("resolution", DataTypes.StringType)
                        .add("bucket_frames", DataTypes.IntegerType)
                        .add("aspect", DataTypes.StringType)
                        .add("below", DataTypes.LongType));
        Map<String, List<Example>> examples = new LinkedHashMap<>();
        Column part = concat_ws(
                " ",
                col("uri"),
                when(
                        col("start_frame").isNotNull(),
                        concat(lit("frames "), col("start_frame"), lit(" to "), col("end_frame"))));
        shards.select(key[0], key[1], key[2], col("clip_id"), part.as("uri"), col("caption"))
                .join(broadcast(below), KEY)
                .where(col("clip_id").leq(col("below")))
                .dropDuplicates("clip_id", "resolution", "bucket_frames", "aspect")
                .orderBy("clip_id")
                .collectAsList()
                .forEach(row -> {
                    String name = Bucket.tag(row.<String>getAs("resolution"), row.<Integer>getAs("bucket_frames")) + "-"
                            + row.getAs("aspect");
                    List<Example> found = examples.computeIfAbsent(name, any -> new ArrayList<>());
                    if (found.size() < EXAMPLES) {
                        found.add(new Example(ForeignText.masked(row.getAs("uri")), row.getAs("caption")));
                    }
                });
        return examples;
    }

    /** A picture of one clip of each bucket, by the bucket's name. */
    private Map<String, Picture> pictures(Dataset<Row> shards, PictureRules rules, String job) {
        List<Column> clip = Stream.concat(
                        Stream.of("clip_id", "uri", "kind", "bytes", "height_px", "width_px"),
                        ClipParts.COLUMNS.stream())
                .map(name -> col(name))
                .toList();
        List<Picture> wanted = shards
                .groupBy(col("resolution").cast("string"), col("bucket_frames"), col("aspect"))
                .agg(min(struct(clip.toArray(Column[]::new))))
                .collectAsList()
                .stream()
                .map(row -> wanted(row, row.getStruct(3)))
                .toList();
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        ThumbnailTask task = new ThumbnailTask(
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())), rules, job);
        Map<String, Picture> pictures = new LinkedHashMap<>();
        context.parallelize(wanted, Math.max(1, wanted.size()))
                .map(task::call)
                .collect()
                .forEach(picture -> pictures.put(picture.bucket(), picture));
        return pictures;
    }

    private static Picture wanted(Row bucket, Row clip) {
        String name = Bucket.tag(bucket.getString(0), bucket.getInt(1)) + "-" + bucket.getString(2);
        return new Picture(
                name,
                clip.getAs("uri"),
                ClipParts.of(clip),
                clip.getAs("kind"),
                clip.<Long>getAs("bytes"),
                clip.<Integer>getAs("height_px"),
                clip.<Integer>getAs("width_px"),
                null);
    }

    private static Map<String, Long> byReason(Dataset<Row> quarantine) {
        Map<String, Long> reasons = new LinkedHashMap<>();
        quarantine
                .groupBy("reason")
                .agg(count(lit(1)).as("files"))
                .orderBy(col("files").desc(), col("reason"))
                .collectAsList()
                .forEach(row -> reasons.put(row.getString(0), row.getLong(1)));
        return reasons;
    }
}
