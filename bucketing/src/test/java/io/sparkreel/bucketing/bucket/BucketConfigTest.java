// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparkreel.bucketing.InvalidInputException;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class BucketConfigTest {

    private static final AspectRatios TABLE = AspectRatios.predefined();

    private static BucketConfig of(Map<String, Map<Integer, List<Number>>> buckets) {
        return BucketConfig.of(buckets, TABLE, 0.8, 3);
    }

    private static List<Number> pair(Number keep, Number batch) {
        return Arrays.asList(keep, batch);
    }

    private static void assertRefused(String message, Map<String, Map<Integer, List<Number>>> buckets) {
        assertEquals(
                message,
                assertThrows(InvalidInputException.class, () -> of(buckets)).getMessage());
    }

    @Test
    void largestComesFirst() {
        Map<Integer, List<Number>> counts = new LinkedHashMap<>();
        counts.put(16, pair(1.0, 8));
        counts.put(64, pair(0.0, null));
        counts.put(1, pair(0.5, 32));
        BucketConfig config = of(Map.of("240p", counts, "4K", Map.of(16, pair(0.1, 1))));

        assertEquals(
                List.of("4k", "240p"),
                config.levels().stream().map(level -> level.resolution().name()).toList());
        assertEquals(
                List.of(64, 16, 1),
                config.levels().get(1).entries().stream()
                        .map(BucketConfig.Entry::frames)
                        .toList());
        assertEquals(
                List.of(1, 2, 3),
                config.levels().get(1).entries().stream()
                        .map(BucketConfig.Entry::index)
                        .toList());
        assertNull(config.levels().get(1).entries().get(0).batchSize());
        assertEquals(4 * 17, config.bucketCount());
        assertEquals(4 * 17, config.buckets().size());
        assertEquals("4k-16-0.38", config.buckets().get(0).id());
    }

    @Test
    void mistakesAreNamed() {
        assertRefused(
                "Cannot use bucket_config: it is empty. Name at least one bucket, such as {\"240p\": {16: [1.0, 2]}}.",
                Map.of());
        assertRefused(
                "Cannot use resolution \"48p\": it is not defined. Did you mean \"480p\"? Known are 144p, 256, 240p, 360p, 512, 480p, 720p, 1024, 1080p, 4k.",
                Map.of("48p", Map.of(16, pair(1.0, 8))));
        assertRefused(
                "Cannot use bucket_config: \"480p\" has no frame count. Add one, such as 16: [1.0, 2], or remove it.",
                Map.of("480p", Map.of()));
        assertRefused(
                "Cannot use bucket_config \"480p\": 16: [1.5, 8]: the keep probability is 1.5. Use a number from 0.0 to 1.0.",
                Map.of("480p", Map.of(16, pair(1.5, 8))));
        assertRefused(
                "Cannot use bucket_config \"480p\": 16: [NaN, 8]: the keep probability is NaN. Use a number from 0.0 to 1.0.",
                Map.of("480p", Map.of(16, pair(Double.NaN, 8))));
        assertRefused(
                "Cannot use bucket_config \"480p\": 16: [1.0, 0]: the batch size is 0. Use a whole number of at least 1, or null.",
                Map.of("480p", Map.of(16, pair(1.0, 0))));
        assertRefused(
                "Cannot use bucket_config \"480p\": 16: [1.0, 2.5]: the batch size is 2.5. Use a whole number of at least 1, or null.",
                Map.of("480p", Map.of(16, pair(1.0, 2.5))));
        assertRefused(
                "Cannot use bucket_config \"480p\": 16: [1.0]: it is no pair. Use [keep probability, batch size].",
                Map.of("480p", Map.of(16, List.of(1.0))));
        assertRefused(
                "Cannot use bucket_config \"480p\": 0: [1.0, 8]: 0 frames are no clip. Use 1 frame for images or more.",
                Map.of("480p", Map.of(0, pair(1.0, 8))));
        Map<String, Map<Integer, List<Number>>> twice = new LinkedHashMap<>();
        twice.put("4k", Map.of(16, pair(1.0, 8)));
        twice.put("4K", Map.of(32, pair(1.0, 8)));
        assertRefused(
                "Cannot use bucket_config: resolution \"4k\" is named twice. Put its frame counts into one entry.",
                twice);
        assertThrows(
                InvalidInputException.class,
                () -> BucketConfig.of(Map.of("480p", Map.of(16, pair(1.0, 8))), TABLE, 0, 3));
        assertThrows(
                InvalidInputException.class,
                () -> BucketConfig.of(Map.of("480p", Map.of(16, pair(1.0, 8))), TABLE, 0.8, 0));
    }

    @Test
    void resolutionsOfOnesOwn() {
        AspectRatios own = TABLE.with("Quick", 2304, Map.of("0.56", List.of(36, 64), "1.0", List.of(48, 48)));
        assertEquals(2304, own.require("quick").pixels());
        assertEquals(36, own.require("QUICK").nearest(9, 16).height());
        assertEquals(11, own.resolutions().size());

        assertOwnRefused(
                "Cannot define resolution \"480P\": a resolution of that name exists. Choose another name.",
                "480P",
                100,
                Map.of("1.0", List.of(10, 10)));
        assertOwnRefused(
                "Cannot define resolution \"a-b\": the name has other characters. Use letters, digits and underscores.",
                "a-b",
                100,
                Map.of("1.0", List.of(10, 10)));
        assertOwnRefused(
                "Cannot define resolution \"tiny\": pixels is 0. Give the pixels of a frame, height times width.",
                "tiny",
                0,
                Map.of("1.0", List.of(10, 10)));
        assertOwnRefused(
                "Cannot define resolution \"tiny\": aspect ratio \"1.78\": [9, 16]. Label [height, width] by height / width, here 0.56.",
                "tiny",
                100,
                Map.of("1.78", List.of(9, 16)));
        assertOwnRefused(
                "Cannot define resolution \"tiny\": aspect ratio \"16:9\": [9, 16]. Label it by height / width as a decimal number, such as \"0.56\".",
                "tiny",
                100,
                Map.of("16:9", List.of(9, 16)));
        assertOwnRefused(
                "Cannot define resolution \"tiny\": aspect ratio \"0.56\": [9]. Give [height, width] in pixels.",
                "tiny",
                100,
                Map.of("0.56", List.of(9)));
        Map<String, List<Integer>> equal = new LinkedHashMap<>();
        equal.put("0.5", List.of(10, 20));
        equal.put("0.50", List.of(11, 22));
        assertOwnRefused(
                "Cannot define resolution \"tiny\": aspect ratios \"0.5\" and \"0.50\" are equal. Keep one of them.",
                "tiny",
                100,
                equal);
    }

    private static void assertOwnRefused(String message, String name, long pixels, Map<String, List<Integer>> ratios) {
        assertEquals(
                message,
                assertThrows(InvalidInputException.class, () -> TABLE.with(name, pixels, ratios))
                        .getMessage());
    }
}
