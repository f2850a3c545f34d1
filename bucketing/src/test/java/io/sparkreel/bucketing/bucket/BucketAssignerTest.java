// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparkreel.bucketing.InvalidInputException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The worked examples of the reference's guide, and the reasons for clips left out. */
class BucketAssignerTest {

    private static List<Number> pair(Number keep, Number batch) {
        return Arrays.asList(keep, batch);
    }

    private static BucketAssigner assigner(int frameInterval, Map<String, Map<Integer, List<Number>>> buckets) {
        return new BucketAssigner(BucketConfig.of(
                buckets, AspectRatios.predefined(), BucketConfig.DEFAULT_RESOLUTION_SLACK, frameInterval));
    }

    private static Optional<String> resolution(BucketAssigner assigner, int frames, int h, int w) {
        return assigner.assign(frames, h, w, candidate -> 0.5).map(Bucket::resolution);
    }

    // Of clips larger than 1080p: 20 % to 1080p, half of the rest to 720p, the others to 480p.
    @Test
    void keepProbabilitiesShareOutLargeClips() {
        BucketAssigner assigner = assigner(
                1,
                Map.of(
                        "480p", Map.of(16, pair(1.0, 8)),
                        "720p", Map.of(16, pair(0.5, 4)),
                        "1080p", Map.of(16, pair(0.2, 2)),
                        "4k", Map.of(16, pair(0.1, 1))));
        int count = 100_000;
        Map<String, Integer> found = new TreeMap<>();
        for (int i = 0; i < count; i++) {
            long clip = ClipId.of(i + ".mp4", i);
            Bucket bucket = assigner.assign(17, 1440, 2560, candidate -> KeepDraw.draw(42, 0, clip, candidate.tag()))
                    .orElseThrow();
            found.merge(bucket.resolution(), 1, Integer::sum);
        }
        assertEquals(3, found.size());
        Map<String, Double> expected = Map.of("1080p", 0.2, "720p", 0.4, "480p", 0.4);
        expected.forEach((resolution, share) -> assertEquals(
                count * share, found.get(resolution), 4 * Math.sqrt(count * share * (1 - share)), resolution));
    }

    @Test
    void aZeroKeepsLongClipsOutOfShorterCounts() {
        Map<Integer, List<Number>> small = Map.of(16, pair(1.0, 16), 32, pair(1.0, 8), 64, pair(1.0, 4));
        BucketAssigner closed =
                assigner(1, Map.of("240p", small, "480p", Map.of(16, pair(1.0, 4), 32, pair(0.0, null))));
        BucketAssigner open = assigner(1, Map.of("240p", small, "480p", Map.of(16, pair(1.0, 4))));
        assertEquals(Optional.of("240p"), resolution(closed, 100, 480, 854));
        assertEquals(
                Optional.of(new Bucket("480p", 16, "0.56", 480, 854)), open.assign(100, 480, 854, candidate -> 0.5));
        assertEquals(Optional.of("480p"), resolution(closed, 32, 480, 854));
    }

    @Test
    void framesMustExceedTheWindow() {
        BucketAssigner assigner = assigner(3, Map.of("240p", Map.of(16, pair(1.0, 1))));
        assertEquals(Optional.empty(), resolution(assigner, 48, 240, 426));
        assertEquals(Optional.of("240p"), resolution(assigner, 49, 240, 426));
    }

    @Test
    void fourFifthsOfThePixelsAreEnough() {
        // 240p has 102,240 pixels; 81,792 are four fifths of it.
        BucketAssigner assigner = assigner(1, Map.of("240p", Map.of(16, pair(1.0, 1))));
        assertEquals(Optional.of("240p"), resolution(assigner, 20, 256, 320)); // 81,920
        assertEquals(Optional.empty(), resolution(assigner, 20, 240, 340)); // 81,600
    }

    @Test
    void everyClipHasOneOutcome() {
        BucketAssigner assigner = assigner(
                3,
                Map.of(
                        "240p", Map.of(16, pair(1.0, 1), 64, pair(0.0, null)),
                        "480p", Map.of(16, pair(0.3, 1)),
                        "256", Map.of(1, pair(0.2, 1))));
        assertEquals(Outcome.ASSIGNED, assigner.explain(50, 240, 426, candidate -> 0.5));
        assertEquals(Outcome.TOO_SMALL, assigner.explain(50, 100, 100, candidate -> 0.5));
        assertEquals(Outcome.TOO_SHORT, assigner.explain(48, 480, 854, candidate -> 0.5));
        assertEquals(Outcome.BARRIER, assigner.explain(200, 240, 426, candidate -> 0.0));
        assertEquals(Outcome.KEEP_PROB, assigner.explain(1, 480, 854, candidate -> 0.5));
        assertEquals(Outcome.KEEP_PROB, assigner.explain(200, 480, 854, candidate -> 0.5));
        assertEquals(Outcome.ASSIGNED, assigner.explain(200, 480, 854, candidate -> 0.29));
        BucketAssigner videos = assigner(1, Map.of("240p", Map.of(16, pair(1.0, 1))));
        assertEquals(Outcome.NO_IMAGE_BUCKET, videos.explain(1, 480, 854, candidate -> 0.5));
    }

    @Test
    void hugeNumbersDoNotOverflow() {
        BucketAssigner assigner = assigner(1_000_000, Map.of("4k", Map.of(100_000, pair(1.0, 1), 16, pair(1.0, 1))));
        assertEquals(
                Optional.of(16),
                assigner.assign(Integer.MAX_VALUE, 60_000, 60_000, candidate -> 0)
                        .map(Bucket::frames));
        assertThrows(InvalidInputException.class, () -> assigner.chain(0, 10, 10));
    }
}
