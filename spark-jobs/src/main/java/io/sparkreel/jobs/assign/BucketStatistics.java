// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.assign;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.shiftrightunsigned;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;
import static org.apache.spark.sql.functions.xxhash64;

import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.bucketing.bucket.BucketConfig.Entry;
import io.sparkreel.bucketing.bucket.BucketConfig.Level;
import io.sparkreel.bucketing.bucket.Outcome;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What the bucket rule does with a clips table, counted. A few hundred rows reach the driver, however many clips. */
public final class BucketStatistics {
    private static final long LOW_HALF = 0xffffffffL;
    private static final int ENTRIES_PER_QUERY = 8;

    private BucketStatistics() {}

    /**
     * Counts over all draws.
     *
     * @param outcomes every outcome, also those that no clip had
     * @param buckets rows of each bucket that has any
     * @param fingerprint depends on which clip is in which bucket in which draw, and on nothing else
     */
    public record Counts(Map<Outcome, Long> outcomes, Map<Bucket, Long> buckets, String fingerprint) {
        /** Rows in buckets. */
        public long kept() {
            return outcomes.get(Outcome.ASSIGNED);
        }

        /** Rows of a pair of resolution and frames. */
        public long of(Level level, Entry entry) {
            return buckets.entrySet().stream()
                    .filter(bucket -> bucket.getKey()
                                    .resolution()
                                    .equals(level.resolution().name())
                            && bucket.getKey().frames() == entry.frames())
                    .mapToLong(Map.Entry::getValue)
                    .sum();
        }

        /** Why clips are in no bucket: "3 too small, 2 too short". */
        public String reasons() {
            List<String> reasons = new ArrayList<>();
            outcomes.forEach((outcome, rows) -> {
                if (outcome != Outcome.ASSIGNED && rows > 0) {
                    reasons.add(rows + " " + words(outcome));
                }
            });
            return String.join(", ", reasons);
        }

        private static String words(Outcome outcome) {
            return switch (outcome) {
                case ASSIGNED -> "in buckets";
                case TOO_SMALL -> "too small";
                case TOO_SHORT -> "too short";
                case NO_IMAGE_BUCKET -> "images without a bucket";
                case BARRIER -> "stopped by keep_prob 0";
                case KEEP_PROB -> "lost to keep_prob";
            };
        }
    }

    /**
     * Counts what an assignment does.
     *
     * @param clips with {@code epoch}
     */
    public static Counts count(Dataset<Row> clips, Assignment assignment) {
        Column hash = xxhash64(col("clip_id"), col("epoch"), col("resolution"), col("bucket_frames"), col("aspect"));
        List<Row> rows = assignment
                .decide(clips)
                .withColumn("hash", hash)
                .groupBy(Assignment.OUTCOME, "resolution", "bucket_frames", "aspect", "height_px", "width_px")
                .agg(sum(lit(1L)), sum(col("hash").bitwiseAND(LOW_HALF)), sum(shiftrightunsigned(col("hash"), 32)))
                .collectAsList();
        Map<Outcome, Long> outcomes = new EnumMap<>(Outcome.class);
        for (Outcome outcome : Outcome.values()) {
            outcomes.put(outcome, 0L);
        }
        Map<Bucket, Long> buckets = new TreeMap<>(Comparator.comparing(Bucket::resolution)
                .thenComparingInt(Bucket::frames)
                .thenComparing(Bucket::aspect));
        long low = 0;
        long high = 0;
        for (Row row : rows) {
            Outcome outcome = Outcome.valueOf(row.getString(0).toUpperCase(Locale.ROOT));
            outcomes.merge(outcome, row.getLong(6), Long::sum);
            if (outcome == Outcome.ASSIGNED) {
                buckets.put(
                        new Bucket(row.getString(1), row.getInt(2), row.getString(3), row.getInt(4), row.getInt(5)),
                        row.getLong(6));
                low += row.getLong(7);
                high += row.getLong(8);
            }
        }
        String fingerprint = String.format(Locale.ROOT, "%x-%016x%016x", outcomes.get(Outcome.ASSIGNED), high, low);
        return new Counts(outcomes, buckets, fingerprint);
    }

    /** Why clips are not in a bucket that has none. */
    public enum Elsewhere {
        TOO_SMALL("too small"),
        TOO_SHORT("too short"),
        LONGER_COUNT("long enough for a larger frame count of this resolution"),
        OTHER_KIND("images or videos where it takes the other"),
        KEPT_OR_LOST("kept by a larger resolution or lost to keep_prob");

        private final String words;

        Elsewhere(String words) {
            this.words = words;
        }

        /** For sentences: "3 too small". */
        public String words() {
            return words;
        }
    }

    /** For each of some pairs, how many clips are not in it for which reason; each adds up to the clips. */
    public static List<Map<Elsewhere, Long>> elsewhere(Dataset<Row> clips, BucketConfig rule, List<Entry> entries) {
        List<Map<Elsewhere, Long>> found = new ArrayList<>();
        for (int from = 0; from < entries.size(); from += ENTRIES_PER_QUERY) {
            List<Entry> some = entries.subList(from, Math.min(entries.size(), from + ENTRIES_PER_QUERY));
            List<Column> sums = new ArrayList<>(List.of(lit(0)));
            for (Entry entry : some) {
                Column why = elsewhere(rule, entry);
                for (Elsewhere reason : Elsewhere.values()) {
                    sums.add(sum(when(why.equalTo(reason.ordinal()), 1L).otherwise(0L)));
                }
            }
            Row row = clips.agg(sums.get(0), sums.subList(1, sums.size()).toArray(Column[]::new))
                    .head();
            for (int i = 0; i < some.size(); i++) {
                Map<Elsewhere, Long> counts = new LinkedHashMap<>();
                for (Elsewhere reason : Elsewhere.values()) {
                    int column = 1 + i * Elsewhere.values().length + reason.ordinal();
                    counts.put(reason, row.isNullAt(column) ? 0 : row.getLong(column));
                }
                found.add(counts);
            }
        }
        return found;
    }

    private static Column elsewhere(BucketConfig rule, Entry entry) {
        Level level = rule.levels().stream()
                .filter(one -> one.entries().contains(entry))
                .findFirst()
                .orElseThrow();
        Column images = col("num_frames").equalTo(1);
        Column otherKind = entry.frames() == 1 ? images.equalTo(false) : images;
        Column tooShort = col("num_frames").leq(lit((long) entry.frames() * rule.frameInterval()));
        return when(
                        BucketColumns.admitted(rule, level, BucketColumns.pixels())
                                .equalTo(false),
                        Elsewhere.TOO_SMALL.ordinal())
                .when(otherKind, Elsewhere.OTHER_KIND.ordinal())
                .when(BucketColumns.lengthFits(rule, level, entry), Elsewhere.KEPT_OR_LOST.ordinal())
                .when(tooShort, Elsewhere.TOO_SHORT.ordinal())
                .otherwise(Elsewhere.LONGER_COUNT.ordinal());
    }

    /**
     * How many clips each pair of resolution and frames takes on average over draws, by the number of the pair.
     * From the rule and the clips alone: no draw is made.
     */
    public static double[] expected(Dataset<Row> clips, BucketConfig rule) {
        Dataset<Row> reached = clips.select("num_frames", "height", "width").withColumn("reach", lit(1.0));
        List<Column> sums = new ArrayList<>();
        for (int position = 0; position < rule.levels().size(); position++) {
            Level level = rule.levels().get(position);
            Column keep = lit(0.0);
            for (Entry entry : level.entries()) {
                keep = when(
                                BucketColumns.fits(rule, level, entry, BucketColumns.pixels()),
                                lit(entry.keepProbability()))
                        .otherwise(keep);
            }
            String share = "share_" + position;
            reached = reached.withColumn(share, col("reach").multiply(keep));
            for (Entry entry : level.entries()) {
                sums.add(sum(when(BucketColumns.lengthFits(rule, level, entry), col(share))
                        .otherwise(0.0)));
            }
            reached = reached.withColumn("reach", col("reach").minus(col(share)));
        }
        Column[] rest = sums.subList(1, sums.size()).stream()
                .map(one -> coalesce(one, lit(0.0)))
                .toArray(Column[]::new);
        Row row = reached.agg(coalesce(sums.get(0), lit(0.0)), rest).head();
        double[] expected = new double[sums.size()];
        for (int i = 0; i < expected.length; i++) {
            expected[i] = row.getDouble(i);
        }
        return expected;
    }
}
