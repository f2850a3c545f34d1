// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.assign;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.bucket.AspectRatio;
import io.sparkreel.bucketing.bucket.AspectRatios;
import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.BucketAssigner;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.bucketing.bucket.Candidate;
import io.sparkreel.bucketing.bucket.KeepDraw;
import io.sparkreel.bucketing.bucket.NumpyDraw;
import io.sparkreel.bucketing.bucket.Outcome;
import io.sparkreel.bucketing.bucket.Resolution;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.bucketing.DrawKind;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;

/** The columns against the rule in plain Java. */
class BucketColumnsTest {
    private static final int CONFIGURATIONS = 50;
    /** Generating and compiling code takes a second for each; the others are interpreted. */
    private static final int COMPILED = 3;

    private static final int CLIPS = 2000;
    private static final double[] PROBABILITIES = {0, 0, 1, 1, 0.1, 0.3, 0.5, 0.8, 1e-9, 0.999999};
    private static final int[] COUNTS = {1, 2, 8, 16, 17, 32, 48, 64, 96, 128};
    private static final StructType CLIP = new StructType()
            .add("table_row", DataTypes.LongType, false)
            .add("clip_id", DataTypes.LongType, false)
            .add("num_frames", DataTypes.IntegerType, false)
            .add("height", DataTypes.IntegerType, false)
            .add("width", DataTypes.IntegerType, false)
            .add("epoch", DataTypes.IntegerType, false);

    @Test
    void columnsDoWhatTheRuleDoes() {
        SplittableRandom random = new SplittableRandom(7);
        Map<Outcome, Integer> seen = new EnumMap<>(Outcome.class);
        for (int i = 0; i < CONFIGURATIONS; i++) {
            BucketConfig rule = rule(random, i < COMPILED ? 10 : 3);
            List<Row> clips = clips(random, rule, CLIPS);
            long seed = random.nextLong();
            compare(
                    rule,
                    clips,
                    Assignment.of(rule, DrawKind.KEYED, seed),
                    clip -> candidate -> KeepDraw.draw(seed, clip.getInt(5), clip.getLong(1), candidate.tag()),
                    i < COMPILED,
                    seen);
        }
        for (Outcome outcome : Outcome.values()) {
            assertTrue(seen.getOrDefault(outcome, 0) > 100, () -> outcome + " is not covered: " + seen);
        }
    }

    @Test
    void numpyDrawsAreThoseOfTheRow() {
        SplittableRandom random = new SplittableRandom(8);
        Map<Outcome, Integer> seen = new EnumMap<>(Outcome.class);
        for (int i = 0; i < 5; i++) {
            BucketConfig rule = rule(random, 3);
            long seed = random.nextInt(1 << 30);
            compare(
                    rule,
                    clips(random, rule, CLIPS),
                    Assignment.of(rule, DrawKind.NUMPY, seed),
                    clip -> candidate ->
                            NumpyDraw.draw(seed, clip.getInt(5), clip.getLong(0), rule.bucketCount(), candidate),
                    i == 0,
                    seen);
        }
        assertTrue(seen.containsKey(Outcome.ASSIGNED) && seen.containsKey(Outcome.KEEP_PROB), seen::toString);
    }

    private interface Draws {
        ToDoubleFunction<Candidate> of(Row clip);
    }

    private static void compare(
            BucketConfig rule,
            List<Row> clips,
            Assignment assignment,
            Draws draws,
            boolean compiled,
            Map<Outcome, Integer> seen) {
        Dataset<Row> local = LocalSpark.session().createDataFrame(clips, CLIP);
        // The optimizer itself interprets projections of rows at hand, but nothing beyond an exchange of partitions.
        Dataset<Row> table = compiled ? local.coalesce(1) : local;
        List<Row> decided = assignment.decide(table).collectAsList();
        List<String> assigned = compiled
                ? assignment.assign(table).collectAsList().stream()
                        .map(Row::toString)
                        .toList()
                : null;
        BucketAssigner assigner = new BucketAssigner(rule);
        List<String> expected = new ArrayList<>();
        assertEquals(clips.size(), decided.size());
        for (int i = 0; i < clips.size(); i++) {
            Row clip = clips.get(i);
            int frames = clip.getInt(2);
            int height = clip.getInt(3);
            int width = clip.getInt(4);
            Optional<Bucket> bucket = assigner.assign(frames, height, width, draws.of(clip));
            Outcome outcome = assigner.explain(frames, height, width, draws.of(clip));
            seen.merge(outcome, 1, Integer::sum);
            List<Object> row = new ArrayList<>(values(clip));
            List<Object> place = bucket.<List<Object>>map(
                            b -> List.of(b.resolution(), b.frames(), b.aspect(), b.height(), b.width()))
                    .orElse(Arrays.asList(new Object[5]));
            if (bucket.isPresent()) {
                List<Object> kept = new ArrayList<>(row);
                kept.addAll(place);
                expected.add(RowFactory.create(kept.toArray()).toString());
            }
            row.add(outcome.tableValue());
            row.addAll(place);
            assertEquals(row, values(decided.get(i)), () -> "clip " + clip + " under " + rule);
        }
        assertTrue(!compiled || expected.equals(assigned));
    }

    private static List<Object> values(Row row) {
        List<Object> values = new ArrayList<>();
        for (int i = 0; i < row.size(); i++) {
            values.add(row.get(i));
        }
        return values;
    }

    private static BucketConfig rule(SplittableRandom random, int most) {
        AspectRatios table = AspectRatios.predefined()
                .with("tiny", 9216, new java.util.TreeMap<>(Map.of("0.56", List.of(72, 128), "1.00", List.of(96, 96))));
        List<Resolution> resolutions = new ArrayList<>(table.resolutions());
        Map<String, Map<Integer, List<Number>>> buckets = new LinkedHashMap<>();
        int levels = 1 + random.nextInt(most);
        for (int i = 0; i < levels; i++) {
            Map<Integer, List<Number>> counts = new LinkedHashMap<>();
            int entries = 1 + random.nextInt(5);
            for (int j = 0; j < entries; j++) {
                counts.put(
                        COUNTS[random.nextInt(COUNTS.length)],
                        List.of(PROBABILITIES[random.nextInt(PROBABILITIES.length)], 1));
            }
            buckets.put(resolutions.remove(random.nextInt(resolutions.size())).name(), counts);
        }
        double[] slacks = {0.8, 1, 0.33, 0.05};
        return BucketConfig.of(buckets, table, slacks[random.nextInt(slacks.length)], 1 + random.nextInt(4));
    }

    private static List<Row> clips(SplittableRandom random, BucketConfig rule, int count) {
        List<Row> clips = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int[] size = size(random, rule);
            clips.add(RowFactory.create(
                    (long) i, random.nextLong(), frames(random, rule), size[0], size[1], random.nextInt(3)));
        }
        return clips;
    }

    /** Often exactly at a limit of some entry. */
    private static int frames(SplittableRandom random, BucketConfig rule) {
        return switch (random.nextInt(4)) {
            case 0 -> 1;
            case 1 -> 1 + random.nextInt(600);
            default ->
                Math.max(1, COUNTS[random.nextInt(COUNTS.length)] * rule.frameInterval() + random.nextInt(-1, 2));
        };
    }

    /** Often on an exact tie between two labels, or at the least number of pixels. */
    private static int[] size(SplittableRandom random, BucketConfig rule) {
        List<BucketConfig.Level> levels = rule.levels();
        Resolution resolution = levels.get(random.nextInt(levels.size())).resolution();
        List<AspectRatio> shapes = resolution.aspectRatios();
        switch (random.nextInt(4)) {
            case 0 -> {
                AspectRatio shape = shapes.get(random.nextInt(shapes.size()));
                return new int[] {shape.height(), shape.width()};
            }
            case 1 -> {
                int[][] ties = {{64, 80}, {88, 80}, {162, 400}};
                int[] tie = ties[random.nextInt(ties.length)];
                int scale = 1 + random.nextInt(24);
                return new int[] {tie[0] * scale, tie[1] * scale};
            }
            case 2 -> {
                int height = 100 + random.nextInt(2000);
                double pixels = rule.resolutionSlack() * resolution.pixels();
                return new int[] {height, Math.max(1, (int) (pixels / height) + random.nextInt(2))};
            }
            default -> {
                return new int[] {1 + random.nextInt(4000), 1 + random.nextInt(4000)};
            }
        }
    }
}
