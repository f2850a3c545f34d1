// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every chain, draw and result that the reference's own code produced. */
@Golden
class GoldenBucketsTest {

    @TestFactory
    Stream<DynamicTest> chainsDrawsAndResults(GoldenData golden) {
        JsonNode root = golden.requiredJson("buckets.json");
        List<DynamicTest> tests = new ArrayList<>();
        for (Map.Entry<String, JsonNode> entry : root.get("configs").properties()) {
            for (String field : (Iterable<String>) entry.getValue()::fieldNames) {
                if (field.startsWith("frame_interval_")) {
                    int interval = Integer.parseInt(field.substring("frame_interval_".length()));
                    tests.add(DynamicTest.dynamicTest(
                            entry.getKey() + " " + field, () -> check(root.get("clips"), entry.getValue(), interval)));
                }
            }
        }
        assertFalse(tests.isEmpty(), "no case found");
        return tests.stream();
    }

    private static void check(JsonNode clips, JsonNode golden, int interval) {
        BucketConfig config = config(golden.get("config"), interval);
        assertEquals(golden.get("num_bucket").asInt(), config.bucketCount());
        checkIndices(golden.get("bucket_index"), config);
        BucketAssigner assigner = new BucketAssigner(config);
        JsonNode cases = golden.get("frame_interval_" + interval);
        assertEquals(clips.size(), cases.size());
        for (int row = 0; row < cases.size(); row++) {
            JsonNode expected = cases.get(row);
            int frames = clips.get(row).get(0).asInt();
            int height = clips.get(row).get(1).asInt();
            int width = clips.get(row).get(2).asInt();
            String what = "clip %d: %d frames of %dx%d".formatted(row, frames, width, height);

            assertEquals(
                    chain(expected.get("chain")),
                    assigner.chain(frames, height, width).stream()
                            .map(GoldenBucketsTest::describe)
                            .toList(),
                    what);

            int clip = row;
            long seed = expected.get("seed").asLong();
            assertEquals(seed, 42 + (long) row * config.bucketCount(), what);
            Map<Long, Double> recorded = new LinkedHashMap<>();
            for (JsonNode draw : expected.path("draws")) {
                recorded.put(draw.get(0).asLong(), draw.get(1).asDouble());
                assertEquals(draw.get(1).asDouble(), NumpyDraw.first(draw.get(0).asLong()), what);
            }
            Optional<Bucket> result = assigner.assign(frames, height, width, candidate -> {
                double u = NumpyDraw.draw(42, 0, clip, config.bucketCount(), candidate);
                // A draw that nothing depends on is not recorded.
                if (candidate.keepProbability() > 0) {
                    assertEquals(recorded.get(seed + candidate.index()), u, what);
                }
                return u;
            });
            assertEquals(bucket(expected.get("result")), result.map(GoldenBucketsTest::name), what);
        }
    }

    private static void checkIndices(JsonNode golden, BucketConfig config) {
        List<List<Object>> expected = new ArrayList<>();
        golden.forEach(row -> expected.add(
                List.of(row.get(0).asText(), row.get(1).asInt(), row.get(2).asInt())));
        List<List<Object>> found = new ArrayList<>();
        config.levels()
                .forEach(level -> level.entries()
                        .forEach(
                                entry -> found.add(List.of(level.resolution().name(), entry.frames(), entry.index()))));
        assertEquals(expected, found);
    }

    private static BucketConfig config(JsonNode golden, int interval) {
        Map<String, Map<Integer, List<Number>>> buckets = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> resolution : golden.properties()) {
            Map<Integer, List<Number>> counts = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> count : resolution.getValue().properties()) {
                List<Number> values = new ArrayList<>();
                values.add(count.getValue().get(0).asDouble());
                JsonNode batch = count.getValue().get(1);
                values.add(batch.isNull() ? null : batch.asInt());
                counts.put(Integer.valueOf(count.getKey()), values);
            }
            buckets.put(resolution.getKey(), counts);
        }
        return BucketConfig.of(buckets, AspectRatios.predefined(), BucketConfig.DEFAULT_RESOLUTION_SLACK, interval);
    }

    private static List<List<Object>> chain(JsonNode golden) {
        List<List<Object>> chain = new ArrayList<>();
        golden.forEach(step -> chain.add(List.of(
                step.get(0).asText(),
                step.get(1).asInt(),
                step.get(2).asDouble(),
                step.get(3).asText(),
                step.get(4).asInt(),
                step.get(5).asInt())));
        return chain;
    }

    private static List<Object> describe(Candidate candidate) {
        Bucket bucket = candidate.bucket();
        return List.of(
                bucket.resolution(),
                bucket.frames(),
                candidate.keepProbability(),
                bucket.aspect(),
                bucket.height(),
                bucket.width());
    }

    private static Optional<List<Object>> bucket(JsonNode golden) {
        return golden.isNull()
                ? Optional.empty()
                : Optional.of(List.of(
                        golden.get(0).asText(),
                        golden.get(1).asInt(),
                        golden.get(2).asText()));
    }

    private static List<Object> name(Bucket bucket) {
        return List.of(bucket.resolution(), bucket.frames(), bucket.aspect());
    }
}
