// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.assign;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.shiftright;
import static org.apache.spark.sql.functions.shiftrightunsigned;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import io.sparkreel.bucketing.bucket.AspectRatio;
import io.sparkreel.bucketing.bucket.AspectThresholds;
import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.bucketing.bucket.BucketConfig.Entry;
import io.sparkreel.bucketing.bucket.BucketConfig.Level;
import io.sparkreel.bucketing.bucket.Outcome;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The bucket rule as column expressions, compiled from a {@link BucketConfig}: what
 * {@link io.sparkreel.bucketing.bucket.BucketAssigner} does with keyed draws, in a form that Catalyst, and
 * RAPIDS on clusters with GPUs, can run over any number of rows.
 *
 * <p>Numbers stand for names until the end, and choices are balanced trees of comparisons: code that is generated
 * from long chains is too large for the JVM to compile.
 */
final class BucketColumns implements Assignment {
    private static final String PAIR = "bucket_pair";
    private static final String SHAPE = "bucket_shape";
    private static final String PIXELS = "bucket_pixels";
    private static final String RATIO = "bucket_ratio";
    private static final String[] OWN = {PAIR, SHAPE, PIXELS, RATIO};
    /** Sides are below 2^24. */
    private static final int SIDE_BITS = 24;

    private static final long SIDE_MASK = (1L << SIDE_BITS) - 1;
    private static final double TWO_TO_MINUS_53 = 0x1.0p-53;

    private final BucketConfig rule;
    private final long seed;

    BucketColumns(BucketConfig rule, long seed) {
        this.rule = rule;
        this.seed = seed;
    }

    @Override
    public Dataset<Row> decide(Dataset<Row> clips) {
        Column taken = col(PAIR).isNotNull();
        List<Column> columns = new ArrayList<>(List.of(
                col("*"),
                when(taken, name(Outcome.ASSIGNED)).otherwise(reason()).as(OUTCOME)));
        target().forEach((name, value) -> columns.add(when(taken, value).as(name)));
        return measured(clips)
                .withColumn(PAIR, pair())
                .withColumn(SHAPE, when(taken, shape()))
                .select(columns.toArray(Column[]::new))
                .drop(OWN);
    }

    @Override
    public Dataset<Row> assign(Dataset<Row> clips) {
        List<Column> columns = new ArrayList<>(List.of(col("*")));
        target().forEach((name, value) -> columns.add(value.as(name)));
        return measured(clips)
                .withColumn(PAIR, pair())
                .where(col(PAIR).isNotNull())
                .withColumn(SHAPE, shape())
                .select(columns.toArray(Column[]::new))
                .drop(OWN);
    }

    /** With what the rule compares, computed once: within a chain of conditions each would compute it again. */
    private static Dataset<Row> measured(Dataset<Row> clips) {
        return clips.withColumns(Map.of(
                PIXELS,
                pixels(),
                RATIO,
                col("height").cast("double").divide(col("width").cast("double"))));
    }

    /** The columns of a bucket, for a clip with a pair and a shape. */
    private Map<String, Column> target() {
        Map<String, Column> columns = new LinkedHashMap<>();
        columns.put("resolution", byLevel(level -> lit(level.resolution().name())));
        columns.put("bucket_frames", byPair((level, entry) -> lit(entry.frames())));
        columns.put("aspect", label());
        columns.put(
                "height_px",
                shiftright(col(SHAPE), SIDE_BITS).bitwiseAND(SIDE_MASK).cast("int"));
        columns.put("width_px", col(SHAPE).bitwiseAND(SIDE_MASK).cast("int"));
        return columns;
    }

    private static Column name(Outcome outcome) {
        return lit(outcome.tableValue());
    }

    /** The number of the (resolution, frames) pair that takes the clip, or null: the first condition that holds. */
    private Column pair() {
        Column chosen = null;
        for (Level level : rule.levels()) {
            for (Entry entry : level.entries()) {
                if (entry.keepProbability() > 0) {
                    Column accepts = fits(rule, level, entry, col(PIXELS)).and(kept(level, entry));
                    Column index = lit(entry.index());
                    chosen = chosen == null ? when(accepts, index) : chosen.when(accepts, index);
                }
            }
        }
        return chosen == null ? lit(null).cast("int") : chosen;
    }

    /** Why no pair took a clip; only meant for those that none took. */
    private Column reason() {
        Column open = lit(false);
        Column any = lit(false);
        for (Level level : rule.levels()) {
            for (Entry entry : level.entries()) {
                any = any.or(fits(rule, level, entry, col(PIXELS)));
                if (entry.keepProbability() > 0) {
                    open = open.or(fits(rule, level, entry, col(PIXELS)));
                }
            }
        }
        Level smallest = rule.levels().get(rule.levels().size() - 1);
        return when(open, name(Outcome.KEEP_PROB))
                .when(any, name(Outcome.BARRIER))
                .when(admitted(rule, smallest, col(PIXELS)).equalTo(false), name(Outcome.TOO_SMALL))
                .when(col("num_frames").equalTo(1), name(Outcome.NO_IMAGE_BUCKET))
                .otherwise(name(Outcome.TOO_SHORT));
    }

    /** Of a frame. */
    static Column pixels() {
        return col("height").cast("long").multiply(col("width").cast("long")).cast("double");
    }

    /** Has the clip pixels enough for a resolution? */
    static Column admitted(BucketConfig rule, Level level, Column pixels) {
        return pixels.geq(lit(rule.resolutionSlack() * level.resolution().pixels()));
    }

    /** Is this the one entry of its resolution that is tried for the clip? */
    static Column fits(BucketConfig rule, Level level, Entry entry, Column pixels) {
        return admitted(rule, level, pixels).and(lengthFits(rule, level, entry));
    }

    /** Only the largest count that a video exceeds is tried in each resolution, and 1 is for images. */
    static Column lengthFits(BucketConfig rule, Level level, Entry entry) {
        Column frames = col("num_frames");
        if (entry.frames() == 1) {
            return frames.equalTo(1);
        }
        Column fits = frames.gt(1).and(frames.gt(lit((long) entry.frames() * rule.frameInterval())));
        int position = level.entries().indexOf(entry);
        if (position > 0) {
            long larger = (long) level.entries().get(position - 1).frames() * rule.frameInterval();
            fits = fits.and(frames.leq(lit(larger)));
        }
        return fits;
    }

    private Column kept(Level level, Entry entry) {
        if (entry.keepProbability() >= 1) {
            return lit(true);
        }
        Column hash = xxhash64(
                col("clip_id"),
                lit(seed),
                col("epoch").cast("long"),
                lit(Bucket.tag(level.resolution().name(), entry.frames())));
        Column draw = shiftrightunsigned(hash, 11).cast("double").multiply(lit(TWO_TO_MINUS_53));
        return draw.lt(lit(entry.keepProbability()));
    }

    /** What the value is for a pair. */
    private interface PairValue {
        Column of(Level level, Entry entry);
    }

    private Column byPair(PairValue value) {
        List<Column> values = new ArrayList<>();
        rule.levels().forEach(level -> level.entries().forEach(entry -> values.add(value.of(level, entry))));
        List<Column> bounds = new ArrayList<>();
        for (int index = 1; index < values.size(); index++) {
            bounds.add(lit(index));
        }
        return choose(col(PAIR), bounds, values);
    }

    private Column byLevel(Function<Level, Column> value) {
        List<Column> bounds = new ArrayList<>();
        for (Level level : rule.levels().subList(1, rule.levels().size())) {
            bounds.add(lit(level.entries().get(0).index()));
        }
        return choose(col(PAIR), bounds, rule.levels().stream().map(value).toList());
    }

    /**
     * The nearest shape of the resolution in one number: the position of its label among all labels, height and width.
     * One tree of comparisons in place of one for each of them keeps the code that Spark generates small.
     */
    private Column shape() {
        List<String> labels = labels();
        return byLevel(level -> {
            AspectThresholds table = AspectThresholds.of(level.resolution());
            List<Column> bounds =
                    table.thresholds().stream().map(threshold -> lit(threshold)).toList();
            return choose(
                    col(RATIO),
                    bounds,
                    table.aspectRatios().stream()
                            .map(shape -> lit(
                                    ((long) labels.indexOf(shape.label()) << SIDE_BITS | shape.height()) << SIDE_BITS
                                            | shape.width()))
                            .toList());
        });
    }

    private List<String> labels() {
        return rule.levels().stream()
                .flatMap(level -> level.resolution().aspectRatios().stream())
                .map(AspectRatio::label)
                .distinct()
                .toList();
    }

    private Column label() {
        List<Column> bounds = new ArrayList<>();
        List<String> labels = labels();
        for (int i = 1; i < labels.size(); i++) {
            bounds.add(lit((long) i << (2 * SIDE_BITS)));
        }
        return choose(
                col(SHAPE), bounds, labels.stream().map(label -> lit(label)).toList());
    }

    /**
     * A balanced tree of comparisons.
     *
     * @param bounds ascending; the value at i is for keys below {@code bounds.get(i)} and not below the one before
     * @param values one more than bounds
     */
    private static Column choose(Column key, List<Column> bounds, List<Column> values) {
        if (values.size() == 1) {
            return values.get(0);
        }
        int middle = values.size() / 2;
        return when(
                        key.lt(bounds.get(middle - 1)),
                        choose(key, bounds.subList(0, middle - 1), values.subList(0, middle)))
                .otherwise(choose(key, bounds.subList(middle, bounds.size()), values.subList(middle, values.size())));
    }
}
