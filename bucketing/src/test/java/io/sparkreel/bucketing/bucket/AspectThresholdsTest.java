// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The chain of comparisons agrees with the search for the least distance, ties included. */
class AspectThresholdsTest {

    static List<Resolution> resolutions() {
        return AspectRatios.predefined().resolutions();
    }

    @ParameterizedTest
    @MethodSource("resolutions")
    void equalToTheSearchAroundEveryThreshold(Resolution resolution) {
        AspectThresholds thresholds = AspectThresholds.of(resolution);
        assertEquals(
                resolution.aspectRatios().size() - 1, thresholds.thresholds().size());
        for (double threshold : thresholds.thresholds()) {
            double ratio = threshold;
            for (int i = 0; i < 50; i++) {
                ratio = Math.nextDown(ratio);
            }
            for (int i = 0; i < 100; i++) {
                assertEquals(resolution.nearest(ratio), thresholds.find(ratio), "ratio " + ratio);
                ratio = Math.nextUp(ratio);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("resolutions")
    void equalToTheSearchForAllSmallPictures(Resolution resolution) {
        AspectThresholds thresholds = AspectThresholds.of(resolution);
        for (int height = 1; height <= 300; height++) {
            for (int width = 1; width <= 300; width++) {
                assertEquals(resolution.nearest(height, width), thresholds.find((double) height / width));
            }
        }
        SplittableRandom random = new SplittableRandom(3);
        for (int i = 0; i < 100_000; i++) {
            int height = 1 + random.nextInt(8192);
            int width = 1 + random.nextInt(8192);
            assertEquals(resolution.nearest(height, width), thresholds.find((double) height / width));
        }
    }

    // Python: min(labels, key=lambda label: abs(float(label) - h / w)) over the printed tables.
    @ParameterizedTest
    @CsvSource({
        "256, 64, 80, 0.82",
        "256, 88, 80, 1.13",
        "256, 162, 400, 0.4",
        "512, 64, 80, 0.82",
        "480p, 64, 80, 0.75",
        "4k, 59, 100, 0.56",
        "480p, 480, 854, 0.56",
        "480p, 1, 1000, 0.38",
        "480p, 1000, 1, 2.08"
    })
    void exactTiesFallAsInTheReference(String name, int height, int width, String label) {
        Resolution resolution = AspectRatios.predefined().require(name);
        assertEquals(label, resolution.nearest(height, width).label());
        assertEquals(
                label,
                AspectThresholds.of(resolution).find((double) height / width).label());
    }

    @Test
    void aSingleShapeTakesAll() {
        Resolution one = AspectRatios.predefined()
                .with("tiny", 4096, Map.of("1", List.of(64, 64)))
                .require("TINY");
        assertEquals("1", AspectThresholds.of(one).find(17.0).label());
    }
}
