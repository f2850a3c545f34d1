// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.report;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
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
import io.sparkreel.bucketing.report.BucketingReport.Media;
import io.sparkreel.bucketing.report.BucketingReport.Shelf;
import io.sparkreel.jobs.assign.BucketStatistics;
import io.sparkreel.jobs.assign.BucketStatistics.Counts;
import io.sparkreel.jobs.plan.FamilyCost;
import io.sparkreel.jobs.report.ThumbnailTask.Picture;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.SerializableConfiguration;

/** Fills a {@link BucketingReport} from the tables of a run. */
public final class ReportBuilder {
    private static final String SMALLER = "smaller";
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
     * @param job for {@link io.sparkreel.bucketing.media.CrashGuard}
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
                                picture == null ? "" : picture.uri()));
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

    /** A picture of one clip of each bucket, by the bucket's name. */
    private Map<String, Picture> pictures(Dataset<Row> shards, PictureRules rules, String job) {
        List<Picture> wanted = shards
                .groupBy(col("resolution").cast("string"), col("bucket_frames"), col("aspect"))
                .agg(min(struct("clip_id", "uri", "kind", "bytes", "height_px", "width_px")))
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
