// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.plan.StepPlanner.BucketClips;
import io.sparkreel.bucketing.plan.StepPlanner.MicroBatch;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StepPlannerTest {
    private static List<BucketClips> randomBuckets(Random random) {
        List<BucketClips> buckets = new ArrayList<>();
        long id = random.nextInt(1000);
        for (int i = 0; i <= random.nextInt(6); i++) {
            long[] clips = new long[random.nextInt(60)];
            for (int k = 0; k < clips.length; k++) {
                clips[k] = id++;
            }
            buckets.add(new BucketClips("bucket" + i, clips, 1 + random.nextInt(8), 1 + random.nextDouble()));
        }
        return buckets;
    }

    private static List<Long> ids(List<List<MicroBatch>> steps) {
        return steps.stream().flatMap(List::stream)
                .flatMap(batch -> Arrays.stream(batch.clipIds()).boxed()).toList();
    }

    private static String describe(List<List<MicroBatch>> steps) {
        StringBuilder text = new StringBuilder();
        steps.forEach(step -> step.forEach(batch -> text.append(batch.bucket()).append(Arrays.toString(batch.clipIds()))));
        return text.toString();
    }

    @Test
    void everyClipIsInOneStepAndNoBatchIsTooLarge() {
        Random random = new Random(7);
        for (int table = 0; table < 1000; table++) {
            List<BucketClips> buckets = randomBuckets(random);
            int perStep = 1 + random.nextInt(5);
            List<List<MicroBatch>> steps = new StepPlanner(table, perStep).plan(3, buckets);
            List<Long> expected = buckets.stream()
                    .flatMap(bucket -> Arrays.stream(bucket.clipIds()).boxed()).sorted().toList();
            assertEquals(expected, ids(steps).stream().sorted().toList());
            for (int i = 0; i < steps.size(); i++) {
                assertTrue(i == steps.size() - 1 ? steps.get(i).size() <= perStep : steps.get(i).size() == perStep);
                for (MicroBatch batch : steps.get(i)) {
                    BucketClips bucket = buckets.stream().filter(b -> b.name().equals(batch.bucket())).findFirst().get();
                    assertTrue(batch.clipIds().length <= bucket.batchSize());
                    assertEquals(batch.clipIds().length * bucket.clipCost(), batch.cost(), 1e-9);
                }
            }
        }
    }

    @Test
    void thePlanFollowsFromSeedEpochAndClipsAlone() {
        List<BucketClips> buckets = List.of(new BucketClips("a", clips(0, 50), 4, 1), new BucketClips("b", clips(50, 90), 3, 2));
        List<Long> shuffled = new ArrayList<>(Arrays.stream(clips(0, 50)).boxed().toList());
        Collections.shuffle(shuffled, new Random(1));
        List<BucketClips> reordered = List.of(buckets.get(1),
                new BucketClips("a", shuffled.stream().mapToLong(Long::longValue).toArray(), 4, 1));
        StepPlanner planner = new StepPlanner(42, 3);
        String plan = describe(planner.plan(0, buckets));
        assertEquals(plan, describe(planner.plan(0, reordered)));
        assertNotEquals(plan, describe(planner.plan(1, buckets)));
        assertNotEquals(plan, describe(new StepPlanner(43, 3).plan(0, buckets)));
    }

    private static long[] clips(int from, int to) {
        return java.util.stream.LongStream.range(from, to).toArray();
    }

    @Test
    void theLongestMicroBatchGoesToTheLeastLoadedRank() {
        assertArrayEquals(new int[] {1, 0, 1, 0}, StepSharing.assign(new double[] {3, 5, 2, 1}, 2));
        assertArrayEquals(new int[] {0, 0, 0}, StepSharing.assign(new double[] {3, 5, 2}, 1));
        assertArrayEquals(new int[] {0, 1}, StepSharing.assign(new double[] {1, 1}, 4));
    }
}
