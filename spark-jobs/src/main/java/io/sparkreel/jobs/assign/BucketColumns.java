// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.assign;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.shiftrightunsigned;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import io.sparkreel.bucketing.bucket.AspectRatio;
import io.sparkreel.bucketing.bucket.AspectThresholds;
import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.bucketing.bucket.BucketConfig.Entry;
import io.sparkreel.bucketing.bucket.BucketConfig.Level;
import java.util.List;
import java.util.function.Function;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The bucket rule as column expressions, compiled from a {@link BucketConfig}: what
 * {@link io.sparkreel.bucketing.bucket.BucketAssigner} does with keyed draws, in a form that Catalyst, and
 * RAPIDS on clusters with GPUs, can run over any number of rows.
 */
public final class BucketColumns {
    private static final String PAIR = "bucket_pair";
    private static final double TWO_TO_MINUS_53 = 0x1.0p-53;

    private BucketColumns() {}

    /**
     * Adds {@code resolution}, {@code bucket_frames}, {@code aspect}, {@code height_px} and {@code width_px} to
     * clips with {@code clip_id}, {@code num_frames}, {@code height}, {@code width} and {@code epoch}, and leaves
     * out the clips that no bucket takes.
     */
    public static Dataset<Row> assign(Dataset<Row> clips, BucketConfig config, long seed) {
        Column ratio = col("height").cast("double").divide(col("width").cast("double"));
        return clips.withColumn(PAIR, pair(config, seed))
                .where(col(PAIR).isNotNull())
                .withColumn("resolution", byPair(config, (level, entry) -> lit(level.resolution().name())))
                .withColumn("bucket_frames", byPair(config, (level, entry) -> lit(entry.frames())))
                .withColumn("aspect", byLevel(config, level -> nearest(level, ratio, shape -> lit(shape.label()))))
                .withColumn("height_px", byLevel(config, level -> size(level, AspectRatio::height)))
                .withColumn("width_px", byLevel(config, level -> size(level, AspectRatio::width)))
                .drop(PAIR);
    }

    /** The number of the (resolution, frames) pair that takes the clip, or null: the first condition that holds. */
    private static Column pair(BucketConfig config, long seed) {
        Column pixels = col("height").cast("long").multiply(col("width").cast("long")).cast("double");
        Column chosen = null;
        for (Level level : config.levels()) {
            Column admitted = pixels.geq(lit(config.resolutionSlack() * level.resolution().pixels()));
            Integer larger = null; // the next larger frame count of videos in this resolution
            for (Entry entry : level.entries()) {
                Column fits;
                if (entry.frames() == 1) {
                    fits = col("num_frames").equalTo(1);
                } else {
                    fits = longerThan(entry.frames(), config);
                    if (larger != null) {
                        // Only the largest count that a video exceeds is tried in each resolution.
                        fits = fits.and(col("num_frames").leq(lit((long) larger * config.frameInterval())));
                    }
                    larger = entry.frames();
                }
                Column accepts = admitted.and(fits).and(kept(level, entry, seed));
                Column index = lit(entry.index());
                chosen = chosen == null ? when(accepts, index) : chosen.when(accepts, index);
            }
        }
        return chosen;
    }

    private static Column longerThan(int frames, BucketConfig config) {
        return col("num_frames").gt(lit((long) frames * config.frameInterval()))
                .and(col("num_frames").notEqual(1));
    }

    private static Column kept(Level level, Entry entry, long seed) {
        if (entry.keepProbability() >= 1) {
            return lit(true);
        }
        Column hash = xxhash64(col("clip_id"), lit(seed), col("epoch").cast("long"),
                lit(Bucket.tag(level.resolution().name(), entry.frames())));
        Column draw = shiftrightunsigned(hash, 11).cast("double").multiply(lit(TWO_TO_MINUS_53));
        return draw.lt(lit(entry.keepProbability()));
    }

    /** What the value is for a pair. */
    private interface PairValue {
        Column of(Level level, Entry entry);
    }

    private static Column byPair(BucketConfig config, PairValue value) {
        Column chosen = null;
        for (Level level : config.levels()) {
            for (Entry entry : level.entries()) {
                Column is = col(PAIR).equalTo(lit(entry.index()));
                Column then = value.of(level, entry);
                chosen = chosen == null ? when(is, then) : chosen.when(is, then);
            }
        }
        return chosen;
    }

    private static Column byLevel(BucketConfig config, Function<Level, Column> value) {
        Column chosen = null;
        for (Level level : config.levels()) {
            Column is = col("resolution").equalTo(lit(level.resolution().name()));
            Column then = value.apply(level);
            chosen = chosen == null ? when(is, then) : chosen.when(is, then);
        }
        return chosen;
    }

    /** A chain of comparisons with the doubles at which the reference's own arithmetic changes its mind. */
    private static Column nearest(Level level, Column ratio, Function<AspectRatio, Column> value) {
        AspectThresholds table = AspectThresholds.of(level.resolution());
        Column chosen = null;
        for (int i = 0; i < table.thresholds().size(); i++) {
            Column below = ratio.lt(lit(table.thresholds().get(i)));
            Column then = value.apply(table.aspectRatios().get(i));
            chosen = chosen == null ? when(below, then) : chosen.when(below, then);
        }
        Column last = value.apply(table.aspectRatios().get(table.aspectRatios().size() - 1));
        return chosen == null ? last : chosen.otherwise(last);
    }

    private static Column size(Level level, Function<AspectRatio, Integer> side) {
        List<AspectRatio> shapes = level.resolution().aspectRatios();
        Column chosen = null;
        for (AspectRatio shape : shapes) {
            Column is = col("aspect").equalTo(lit(shape.label()));
            Column then = lit(side.apply(shape));
            chosen = chosen == null ? when(is, then) : chosen.when(is, then);
        }
        return chosen;
    }
}
