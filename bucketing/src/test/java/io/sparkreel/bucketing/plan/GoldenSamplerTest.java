// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.bucketing.bucket.AspectRatios;
import io.sparkreel.bucketing.bucket.Bucket;
import io.sparkreel.bucketing.bucket.BucketAssigner;
import io.sparkreel.bucketing.bucket.BucketConfig;
import io.sparkreel.bucketing.bucket.NumpyDraw;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;

/** Every batch of every rank that the reference's own sampler produced. */
@Golden
class GoldenSamplerTest {

    @TestFactory
    Stream<DynamicTest> batches(GoldenData golden) {
        JsonNode sampler = golden.requiredJson("buckets.json").get("sampler");
        List<DynamicTest> tests = new ArrayList<>();
        for (JsonNode test : sampler.get("cases")) {
            tests.add(DynamicTest.dynamicTest("case " + tests.size(), () -> check(sampler.get("config"), test)));
        }
        assertFalse(tests.isEmpty(), "no case found");
        return tests.stream();
    }

    private static void check(JsonNode configNode, JsonNode test) {
        Map<String, Map<Integer, List<Number>>> buckets = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> resolution : configNode.properties()) {
            Map<Integer, List<Number>> counts = new LinkedHashMap<>();
            for (Map.Entry<String, JsonNode> count : resolution.getValue().properties()) {
                counts.put(
                        Integer.valueOf(count.getKey()),
                        Arrays.asList(
                                count.getValue().get(0).asDouble(),
                                count.getValue().get(1).isNull()
                                        ? null
                                        : count.getValue().get(1).asInt()));
            }
            buckets.put(resolution.getKey(), counts);
        }
        BucketConfig config = BucketConfig.of(
                buckets,
                AspectRatios.predefined(),
                BucketConfig.DEFAULT_RESOLUTION_SLACK,
                test.get("frame_interval").asInt());
        long seed = test.get("seed").asLong();
        long epoch = test.get("epoch").asLong();
        List<Optional<Bucket>> assigned = assign(config, test, seed, epoch);

        OpenSoraSampler sampler = new OpenSoraSampler(
                config,
                assigned,
                seed,
                test.get("shuffle").asBoolean(),
                test.get("drop_last").asBoolean());
        int ranks = test.get("num_replicas").asInt();
        assertEquals(ranks, test.get("batches_per_rank").size());
        for (int rank = 0; rank < ranks; rank++) {
            List<List<String>> expected = new ArrayList<>();
            for (JsonNode batch : test.get("batches_per_rank").get(rank)) {
                List<String> items = new ArrayList<>();
                batch.forEach(item -> items.add(item.asText()));
                expected.add(items);
            }
            int consumed = test.get("last_micro_batch_access_index").asInt();
            List<List<String>> found = sampler.rank(epoch, ranks, rank, consumed).stream()
                    .map(GoldenSamplerTest::items)
                    .toList();
            assertEquals(expected, found, "rank " + rank);
        }
        checkPermutations(test.get("randperm_outputs_in_call_order"), seed + epoch);
    }

    private static List<Optional<Bucket>> assign(BucketConfig config, JsonNode test, long seed, long epoch) {
        BucketAssigner assigner = new BucketAssigner(config);
        List<Optional<Bucket>> assigned = new ArrayList<>();
        for (JsonNode clip : test.get("clips")) {
            int row = assigned.size();
            Optional<Bucket> bucket = assigner.assign(
                    clip.get(0).asInt(),
                    clip.get(1).asInt(),
                    clip.get(2).asInt(),
                    candidate -> NumpyDraw.draw(seed, epoch, row, config.bucketCount(), candidate));
            JsonNode golden = test.get("assigned_bucket").get(row);
            assertEquals(
                    golden.isNull()
                            ? Optional.empty()
                            : Optional.of(Bucket.tag(
                                            golden.get(0).asText(),
                                            golden.get(1).asInt())
                                    + "-"
                                    + golden.get(2).asText()),
                    bucket.map(Bucket::id));
            assigned.add(bucket);
        }
        return assigned;
    }

    private static List<String> items(OpenSoraSampler.Batch batch) {
        Bucket bucket = batch.bucket();
        return batch.rows().stream()
                .map(row -> row + "-" + bucket.frames() + "-" + bucket.height() + "-" + bucket.width())
                .toList();
    }

    private static void checkPermutations(JsonNode golden, long seed) {
        TorchPermutation generator = new TorchPermutation(seed);
        for (JsonNode permutation : golden) {
            int[] expected = new int[permutation.size()];
            for (int i = 0; i < expected.length; i++) {
                expected[i] = permutation.get(i).asInt();
            }
            assertArrayEquals(expected, generator.next(expected.length));
        }
    }
}
