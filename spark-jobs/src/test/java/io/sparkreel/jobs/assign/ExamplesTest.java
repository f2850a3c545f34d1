// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.assign;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.sparkreel.bucketing.bucket.BucketAssigner;
import io.sparkreel.bucketing.bucket.KeepDraw;
import io.sparkreel.bucketing.bucket.Outcome;
import io.sparkreel.jobs.LocalSpark;
import io.sparkreel.jobs.config.bucketing.BucketingConfig;
import io.sparkreel.jobs.config.bucketing.DrawKind;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.Test;

/** The worked examples of the reference's guide do what the guide says. */
class ExamplesTest {
    private static final Path FOLDER = Path.of(System.getProperty("project.root"), "conf/bucketing/examples");
    private static final int CLIPS = 100_000;

    private static BucketingConfig config(String name) {
        return ConfigLoader.load(BucketingConfig.class, FOLDER.resolve(name + ".yaml"), List.of())
                .config();
    }

    /** Where a clip goes, as "480p-16", or why it goes nowhere. */
    private static String place(String name, int frames, int height, int width) {
        BucketAssigner assigner = new BucketAssigner(config(name).buckets());
        Outcome outcome = assigner.explain(frames, height, width, candidate -> 0.999);
        return outcome != Outcome.ASSIGNED
                ? outcome.tableValue()
                : assigner.assign(frames, height, width, candidate -> 0.999)
                        .map(bucket -> bucket.resolution() + "-" + bucket.frames())
                        .orElseThrow();
    }

    @Test
    void everyExampleIsTested() throws Exception {
        try (Stream<Path> files = Files.list(FOLDER)) {
            assertEquals(
                    List.of("256-only", "images", "images-keep-prob", "large-videos", "videos", "videos-480p-short"),
                    files.map(file -> file.getFileName().toString().replace(".yaml", ""))
                            .sorted()
                            .toList());
        }
    }

    @Test
    void only256TakesPicturesAndNothingElse() {
        assertEquals("256-1", place("256-only", 1, 256, 256));
        assertEquals("256-1", place("256-only", 1, 2160, 3840));
        assertEquals("too_small", place("256-only", 1, 144, 256));
        assertEquals("too_short", place("256-only", 100, 480, 854));
    }

    @Test
    void picturesGoToTheLargestResolutionTheyHavePixelsFor() {
        assertEquals("1080p-1", place("images", 1, 1080, 1920));
        assertEquals("1024-1", place("images", 1, 1024, 1024));
        assertEquals("480p-1", place("images", 1, 480, 854));
        assertEquals("512-1", place("images", 1, 512, 512));
        assertEquals("256-1", place("images", 1, 300, 300));
        assertEquals("too_short", place("images", 2, 1080, 1920));
    }

    @Test
    void picturesThatADrawRefusesFallToTheNextResolution() {
        // All of 1080p's pixels: 0.2; then half, half of the rest, 0.8 of that, and what is left.
        check(
                "images-keep-prob",
                1,
                1080,
                1920,
                Map.of("1080p-1", 0.2, "1024-1", 0.4, "480p-1", 0.2, "512-1", 0.16, "256-1", 0.04));
    }

    @Test
    void longVideosStayIn480pWhereItIsOpen() {
        assertEquals("480p-16", place("videos", 100, 480, 854));
        assertEquals("240p-64", place("videos-480p-short", 100, 480, 854));
        assertEquals("480p-16", place("videos-480p-short", 32, 480, 854));
        assertEquals("240p-32", place("videos-480p-short", 33, 480, 854));
        assertEquals("240p-128", place("videos", 129, 240, 426));
        assertEquals("too_short", place("videos", 16, 240, 426));
    }

    @Test
    void largeVideosAreSharedOut() {
        check("large-videos", 17, 1440, 2560, Map.of("1080p-16", 0.2, "720p-16", 0.4, "480p-16", 0.4));
        check("large-videos", 17, 2160, 3840, Map.of("4k-16", 0.1, "1080p-16", 0.18, "720p-16", 0.36, "480p-16", 0.36));
        assertEquals("480p-16", place("large-videos", 17, 480, 854));
        assertEquals("too_short", place("large-videos", 16, 480, 854));
    }

    /** Shares of 100,000 clips within four standard deviations, as columns count them. */
    private static void check(String name, int frames, int height, int width, Map<String, Double> shares) {
        BucketingConfig config = config(name);
        Map<String, Long> found = new TreeMap<>();
        Assignment.of(config.buckets(), DrawKind.KEYED, config.seed())
                .assign(LocalSpark.session()
                        .range(CLIPS)
                        .selectExpr(
                                "xxhash64(id) clip_id",
                                frames + " num_frames",
                                height + " height",
                                width + " width",
                                "0 epoch"))
                .groupBy("resolution", "bucket_frames")
                .agg(functions.count("*"))
                .collectAsList()
                .forEach(row -> found.put(row.getString(0) + "-" + row.getInt(1), row.getLong(2)));
        assertEquals(shares.keySet(), found.keySet());
        shares.forEach((bucket, share) ->
                assertEquals(share * CLIPS, found.get(bucket), 4 * Math.sqrt(CLIPS * share * (1 - share)), bucket));
        assertEquals(CLIPS, found.values().stream().mapToLong(rows -> rows).sum());
    }

    /** A million draws of one bucket, of the next, and of the next epoch. */
    @Test
    void drawsAreUniformAndIndependent() {
        int draws = 1_000_000;
        double[][] columns = new double[3][draws];
        for (int i = 0; i < draws; i++) {
            long clip = 0x9E3779B97F4A7C15L * (i + 1);
            columns[0][i] = KeepDraw.draw(42, 0, clip, "480p-16");
            columns[1][i] = KeepDraw.draw(42, 0, clip, "480p-32");
            columns[2][i] = KeepDraw.draw(42, 1, clip, "480p-16");
        }
        for (double[] column : columns) {
            for (double keep : new double[] {0.1, 0.3, 0.5, 0.8}) {
                long kept =
                        java.util.Arrays.stream(column).filter(u -> u < keep).count();
                assertEquals(keep * draws, (double) kept, 4 * Math.sqrt(draws * keep * (1 - keep)));
            }
        }
        assertEquals(0, correlation(columns[0], columns[1]), 0.005);
        assertEquals(0, correlation(columns[0], columns[2]), 0.005);
    }

    private static double correlation(double[] left, double[] right) {
        double product = 0;
        for (int i = 0; i < left.length; i++) {
            product += (left[i] - 0.5) * (right[i] - 0.5);
        }
        return 12 * product / left.length;
    }
}
