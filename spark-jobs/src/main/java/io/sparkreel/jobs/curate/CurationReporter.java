// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.curate;

import static org.apache.spark.sql.functions.abs;
import static org.apache.spark.sql.functions.array;
import static org.apache.spark.sql.functions.asc;
import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.exists;
import static org.apache.spark.sql.functions.explode;
import static org.apache.spark.sql.functions.floor;
import static org.apache.spark.sql.functions.format_string;
import static org.apache.spark.sql.functions.greatest;
import static org.apache.spark.sql.functions.least;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.min;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.posexplode;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import io.sparkreel.bucketing.curate.clip.VerdictRule;
import io.sparkreel.bucketing.media.MediaKind;
import io.sparkreel.bucketing.media.PictureRules;
import io.sparkreel.bucketing.media.range.CropBox;
import io.sparkreel.bucketing.media.range.Excerpt;
import io.sparkreel.bucketing.media.range.FrameRange;
import io.sparkreel.bucketing.report.CurationReport;
import io.sparkreel.bucketing.report.CurationReport.Bin;
import io.sparkreel.bucketing.report.CurationReport.Film;
import io.sparkreel.bucketing.report.CurationReport.Picture;
import io.sparkreel.bucketing.report.CurationReport.Rule;
import io.sparkreel.bucketing.report.CurationReport.Stage;
import io.sparkreel.bucketing.report.CurationReport.Strip;
import io.sparkreel.jobs.dataset.ClipParts;
import io.sparkreel.jobs.dataset.CurateManifest;
import io.sparkreel.jobs.report.ThumbnailTask;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;

/** Draws up the report of a curation run from its tables. */
final class CurationReporter {
    private static final int BINS = 40;
    private static final int NEAR = 3;
    private static final int FILMS = 5;
    private static final int SHOTS = 12;
    private static final Column SECONDS = col("seconds");

    private final SparkSession spark;
    private final List<VerdictRule> rules;
    private final String job;
    private final Dataset<Row> videos;
    private final Dataset<Row> shots;
    private final Dataset<Row> clips;
    private final List<ThumbnailTask.Picture> wanted = new ArrayList<>();

    /**
     * Of the tables of a run.
     *
     * @param job for the marks of open files
     */
    CurationReporter(
            SparkSession spark,
            List<VerdictRule> rules,
            String job,
            Dataset<Row> videos,
            Dataset<Row> shots,
            Dataset<Row> clips) {
        this.spark = spark;
        this.rules = rules;
        this.job = job;
        this.videos = videos;
        this.shots = shots;
        this.clips = clips.where(col("kind").equalTo(MediaKind.VIDEO.tableValue()))
                .join(videos.select(col("video_id"), col("bytes")), "video_id");
    }

    /** A rule or film whose pictures are still to be made. */
    private record Plan(VerdictRule rule, long keeps, List<Bin> bins, List<Row> near) {}

    CurationReport report(CurateManifest manifest, Map<String, Long> quarantine) {
        clips.persist(StorageLevel.MEMORY_AND_DISK());
        try {
            return draw(manifest, quarantine);
        } finally {
            clips.unpersist();
        }
    }

    private CurationReport draw(CurateManifest manifest, Map<String, Long> quarantine) {
        long all = manifest.counts().clips();
        List<Plan> plans = plans();
        List<Row> films = videos.where(col("problem").isNull())
                .orderBy(asc("video_id"))
                .limit(FILMS)
                .collectAsList();
        Map<Long, List<Row>> strips = new LinkedHashMap<>();
        for (Row film : films) {
            strips.put(film.getAs("video_id"), strip(film));
        }
        plans.forEach(plan -> plan.near.forEach(clip -> want(clip, clip, ClipParts.of(clip))));
        for (Row film : films) {
            strips.get(film.<Long>getAs("video_id")).forEach(shot -> want(shot, film, middle(shot)));
        }
        Map<String, byte[]> pictures = pictures();
        return new CurationReport(
                manifest.input(),
                facts(manifest),
                stages(manifest),
                plans.stream().map(plan -> rule(plan, all, pictures)).toList(),
                films.stream()
                        .map(film -> film(film, strips.get(film.<Long>getAs("video_id")), pictures))
                        .toList(),
                groups(),
                quarantine);
    }

    private static Map<String, String> facts(CurateManifest manifest) {
        Map<String, String> facts = new LinkedHashMap<>();
        facts.put("run", manifest.run());
        facts.put("made", manifest.created());
        facts.put("signals", manifest.signals());
        facts.put(
                "pictures that pass as they are",
                Long.toString(manifest.counts().pictures()));
        facts.put("kept clips with a caption", Long.toString(manifest.counts().withCaption()));
        return facts;
    }

    /** One rule after the other: what none of those so far speaks against. */
    private List<Stage> stages(CurateManifest manifest) {
        List<Column> sums = new ArrayList<>(List.of(count(lit(1)), coalesce(sum(SECONDS), lit(0.0))));
        Column still = lit(true);
        for (VerdictRule rule : rules) {
            still = still.and(not(against(rule)));
            sums.add(count(when(still, 1)));
            sums.add(coalesce(sum(when(still, SECONDS)), lit(0.0)));
        }
        Row row = clips.agg(sums.get(0), sums.subList(1, sums.size()).toArray(Column[]::new))
                .first();
        List<Stage> stages = new ArrayList<>();
        var counts = manifest.counts();
        stages.add(new Stage("readable videos", counts.videos() - counts.quarantined(), counts.videoSeconds()));
        stages.add(new Stage("cut into clips, trimmed", row.getLong(0), row.getDouble(1)));
        for (int i = 0; i < rules.size(); i++) {
            stages.add(new Stage(
                    "not " + rules.get(i).reason().tableValue().replace('_', ' '),
                    row.getLong(2 + 2 * i),
                    row.getDouble(3 + 2 * i)));
        }
        return stages;
    }

    private static Column against(VerdictRule rule) {
        return exists(col("reasons"), reason -> reason.equalTo(rule.reason().tableValue()));
    }

    /** All rules in two passes over the clips, and one for the pictures on each side of each threshold. */
    private List<Plan> plans() {
        List<Column> edges = new ArrayList<>(List.of(count(lit(1))));
        for (VerdictRule rule : rules) {
            Column measure = measure(rule);
            edges.addAll(List.of(min(measure), max(measure), count(when(not(against(rule)), 1))));
        }
        Row row = clips.agg(edges.get(0), edges.subList(1, edges.size()).toArray(Column[]::new))
                .first();
        List<Scale> scales = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            scales.add(Scale.of(row, 1 + 3 * i, rules.get(i).threshold()));
        }
        List<Map<Long, Long>> counts = counts(scales);
        List<Plan> plans = new ArrayList<>();
        for (int i = 0; i < rules.size(); i++) {
            plans.add(new Plan(
                    rules.get(i), row.getLong(3 + 3 * i), scales.get(i).bins(counts.get(i)), near(rules.get(i))));
        }
        return plans;
    }

    private static Column measure(VerdictRule rule) {
        return col(rule.reason().measure().column());
    }

    /** The axis of a histogram. */
    private record Scale(double from, double width, int bins) {
        static Scale of(Row row, int index, double threshold) {
            if (row.isNullAt(index)) {
                return new Scale(threshold, 1, 0);
            }
            double from = Math.min(row.getDouble(index), threshold);
            double until = Math.max(row.getDouble(index + 1), threshold);
            return until > from ? new Scale(from, (until - from) / BINS, BINS) : new Scale(from, 1, 1);
        }

        Column bin(Column measure) {
            Column place = floor(measure.minus(from).divide(width));
            return least(greatest(place, lit(0L)), lit((long) Math.max(0, bins - 1)));
        }

        List<Bin> bins(Map<Long, Long> counts) {
            List<Bin> made = new ArrayList<>();
            for (long i = 0; i < bins; i++) {
                made.add(new Bin(from + i * width, from + (i + 1) * width, counts.getOrDefault(i, 0L)));
            }
            return made;
        }
    }

    /** For each rule the clips in each bin of its measure. */
    private List<Map<Long, Long>> counts(List<Scale> scales) {
        Column[] places = new Column[rules.size()];
        for (int i = 0; i < places.length; i++) {
            places[i] = scales.get(i).bin(measure(rules.get(i)));
        }
        List<Map<Long, Long>> counts = new ArrayList<>();
        rules.forEach(rule -> counts.add(new LinkedHashMap<>()));
        if (places.length > 0) {
            clips.select(posexplode(array(places)).as(new String[] {"rule", "bin"}))
                    .where(col("bin").isNotNull())
                    .groupBy("rule", "bin")
                    .count()
                    .collectAsList()
                    .forEach(row -> counts.get(row.getInt(0)).put(row.getLong(1), row.getLong(2)));
        }
        return counts;
    }

    private List<Row> near(VerdictRule rule) {
        Column distance = abs(measure(rule).minus(rule.threshold()));
        List<Row> near = new ArrayList<>();
        for (Column side : List.of(against(rule), not(against(rule)))) {
            near.addAll(clips.where(measure(rule).isNotNull().and(side))
                    .orderBy(distance, asc("clip_id"))
                    .limit(NEAR)
                    .collectAsList());
        }
        return near;
    }

    private Rule rule(Plan plan, long all, Map<String, byte[]> pictures) {
        VerdictRule rule = plan.rule;
        String column = rule.reason().measure().column();
        List<Picture> near = plan.near.stream()
                .map(clip -> new Picture(
                        pictures.get(key(clip, ClipParts.of(clip))),
                        String.format(
                                Locale.ROOT,
                                "%.3g: %s, frame %d",
                                clip.<Double>getAs(column),
                                clip.<String>getAs("path"),
                                clip.<Integer>getAs("start_frame")),
                        !clip.getList(clip.fieldIndex("reasons"))
                                .contains(rule.reason().tableValue())))
                .toList();
        return new Rule(
                rule.reason().tableValue(),
                column,
                rule.reason().measure().unit(),
                rule.threshold(),
                rule.reason().above(),
                plan.keeps,
                all,
                plan.bins,
                near);
    }

    /** The first shots of a video, each with the frames of its kept clips. */
    private List<Row> strip(Row film) {
        Dataset<Row> kept = clips.where(
                        col("video_id").equalTo(film.<Long>getAs("video_id")).and(col("kept")))
                .groupBy("shot")
                .agg(sum("num_frames").as("kept_frames"));
        return shots.where(col("video_id").equalTo(film.<Long>getAs("video_id")))
                .join(kept, new String[] {"shot"}, "left_outer")
                .orderBy("shot")
                .limit(SHOTS)
                .collectAsList();
    }

    private static Excerpt middle(Row shot) {
        int from = shot.<Integer>getAs("start_frame");
        int until = shot.<Integer>getAs("end_frame");
        int middle = (from + until) / 2;
        return new Excerpt(new FrameRange(middle, middle + 1), null);
    }

    private static Film film(Row film, List<Row> strip, Map<String, byte[]> pictures) {
        List<Strip> shots = strip.stream()
                .map(shot -> {
                    int from = shot.<Integer>getAs("start_frame");
                    int until = shot.<Integer>getAs("end_frame");
                    Long frames = shot.getAs("kept_frames");
                    double kept = frames == null ? 0 : (double) frames / (until - from);
                    String label = String.format(
                            Locale.ROOT, "%d to %d, begins by %s", from, until - 1, shot.<String>getAs("begins_by"));
                    return new Strip(
                            until - from, kept, new Picture(pictures.get(key(shot, middle(shot))), label, kept > 0));
                })
                .toList();
        return new Film(film.getAs("path"), film.<Double>getAs("duration_s"), shots);
    }

    private void want(Row row, Row video, Excerpt part) {
        CropBox crop = part.crop();
        int height = crop == null ? video.<Integer>getAs("height") : crop.height();
        int width = crop == null ? video.<Integer>getAs("width") : crop.width();
        wanted.add(new ThumbnailTask.Picture(
                key(row, part),
                row.getAs("uri"),
                part,
                MediaKind.VIDEO.tableValue(),
                video.<Long>getAs("bytes"),
                height,
                width,
                null));
    }

    private static String key(Row row, Excerpt part) {
        return row.<String>getAs("uri") + " " + ClipParts.text(part);
    }

    private Map<String, byte[]> pictures() {
        JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
        ThumbnailTask task = new ThumbnailTask(
                context.broadcast(new SerializableConfiguration(context.hadoopConfiguration())),
                PictureRules.SHOWN,
                job);
        Map<String, byte[]> pictures = new LinkedHashMap<>();
        Map<String, ThumbnailTask.Picture> once = new LinkedHashMap<>();
        wanted.forEach(picture -> once.put(picture.bucket(), picture));
        context.parallelize(List.copyOf(once.values()), Math.max(1, Math.min(once.size(), 16)))
                .map(task::call)
                .collect()
                .forEach(picture -> pictures.put(picture.bucket(), picture.jpeg()));
        return pictures;
    }

    private Map<String, Map<String, Long>> groups() {
        Map<String, Map<String, Long>> groups = new LinkedHashMap<>();
        groups.put(
                "Clips by reason; one may have several",
                counted(clips.select(explode(col("reasons")).as("group"))));
        Column second = floor(SECONDS);
        groups.put(
                "Kept clips by length in seconds",
                counted(clips.where(col("kept")).select(second.as("group"))));
        groups.put(
                "Kept clips by size",
                counted(clips.where(col("kept"))
                        .select(format_string("%dx%d", col("width"), col("height"))
                                .as("group"))));
        return groups;
    }

    /** By the value of {@code group}; the commonest 20 of texts, all of numbers. */
    private static Map<String, Long> counted(Dataset<Row> rows) {
        Map<String, Long> counts = new LinkedHashMap<>();
        boolean texts = rows.schema().apply("group").dataType().equals(DataTypes.StringType);
        rows.groupBy("group")
                .count()
                .orderBy(
                        texts ? col("count").desc() : col("group").asc(),
                        col("group").asc())
                .limit(texts ? 20 : 120)
                .collectAsList()
                .forEach(row -> counts.put(String.valueOf(row.get(0)), row.getLong(1)));
        return counts;
    }
}
