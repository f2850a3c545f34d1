// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.bucket.KeyedOrder;
import io.sparkreel.bucketing.plan.StepPlanner.BucketLoad;
import io.sparkreel.bucketing.plan.StepPlanner.Mix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

class StepPlannerTest {
    private static final int TABLES = 1000;

    /** Clips of a bucket, in any order. */
    private record Table(String name, long[] clips, int batchSize, double clipCost) {
        BucketLoad load() {
            return new BucketLoad(name, clips.length, batchSize, clipCost);
        }
    }

    private static List<Table> randomTables(Random random) {
        List<Table> tables = new ArrayList<>();
        int buckets = 1 + random.nextInt(7);
        for (int i = 0; i < buckets; i++) {
            long[] clips = LongStream.range(0, random.nextInt(90))
                    .map(n -> random.nextLong())
                    .distinct()
                    .toArray();
            tables.add(new Table("bucket" + i, clips, 1 + random.nextInt(8), 0.1 + 5 * random.nextDouble()));
        }
        return tables;
    }

    /** The plan as step, micro-batch and slot to clip. */
    private static TreeMap<Long, TreeMap<Integer, TreeMap<Integer, Long>>> steps(EpochPlan plan, List<Table> tables) {
        TreeMap<Long, TreeMap<Integer, TreeMap<Integer, Long>>> steps = new TreeMap<>();
        for (int bucket = 0; bucket < tables.size(); bucket++) {
            long[] ordered = KeyedOrder.sorted(1, 0, tables.get(bucket).clips());
            for (int i = 0; i < ordered.length; i++) {
                EpochPlan.Place place = plan.place(bucket, i);
                Long before = steps.computeIfAbsent(place.step(), key -> new TreeMap<>())
                        .computeIfAbsent(place.microBatch(), key -> new TreeMap<>())
                        .put(place.slot(), ordered[i]);
                assertEquals(null, before, "two clips in one place");
            }
        }
        return steps;
    }

    private static EpochPlan plan(StepPlanner planner, long epoch, List<Table> tables) {
        return planner.plan(epoch, tables.stream().map(Table::load).toList());
    }

    @Test
    void everyClipIsInOneStepAndNoMicroBatchIsTooLarge() {
        Random random = new Random(7);
        for (int n = 0; n < TABLES; n++) {
            List<Table> tables = randomTables(random);
            StepPlanner planner = new StepPlanner(n, 1 + random.nextInt(9), Mix.values()[n % 2]);
            EpochPlan plan = plan(planner, 3, tables);
            var steps = steps(plan, tables);
            assertEquals(
                    tables.stream()
                            .flatMap(table -> Arrays.stream(table.clips()).boxed())
                            .sorted()
                            .toList(),
                    steps.values().stream()
                            .flatMap(step -> step.values().stream())
                            .flatMap(batch -> batch.values().stream())
                            .sorted()
                            .toList());
            assertEquals(plan.steps(), steps.size());
            int smaller = 0;
            for (long step = 0; step < plan.steps(); step++) {
                assertEquals(plan.size(step), steps.get(step).size());
                smaller += plan.size(step) < planner.microBatchesPerStep() ? 1 : 0;
                for (int m = 0; m < plan.size(step); m++) {
                    EpochPlan.Planned planned = plan.microBatch(step, m);
                    Table table = tables.get(planned.bucket());
                    assertTrue(planned.samples() <= table.batchSize());
                    assertEquals(planned.samples() * table.clipCost(), planned.cost(), 1e-9);
                    List<Long> clips = List.copyOf(steps.get(step).get(m).values());
                    assertEquals(planned.samples(), clips.size());
                    assertTrue(clips.stream()
                            .allMatch(clip -> Arrays.stream(table.clips()).anyMatch(c -> c == clip)));
                }
            }
            assertTrue(smaller <= 1, "only one step may have fewer micro-batches");
        }
    }

    @Test
    void thePlanFollowsFromSeedEpochAndClipsAlone() {
        Random random = new Random(8);
        int different = 0;
        for (int n = 0; n < TABLES; n++) {
            List<Table> tables = randomTables(random);
            List<Table> shuffled = new ArrayList<>();
            for (Table table : tables) {
                List<Long> clips =
                        new ArrayList<>(Arrays.stream(table.clips()).boxed().toList());
                Collections.shuffle(clips, random);
                shuffled.add(new Table(
                        table.name(),
                        clips.stream().mapToLong(clip -> clip).toArray(),
                        table.batchSize(),
                        table.clipCost()));
            }
            Collections.shuffle(shuffled, random);
            StepPlanner planner = new StepPlanner(n, 1 + random.nextInt(5), Mix.values()[n % 2]);
            var steps = steps(plan(planner, 0, tables), tables);
            assertEquals(steps, steps(plan(planner, 0, shuffled), shuffled));
            if (tables.stream().mapToInt(table -> table.clips().length).sum() >= 10) {
                assertNotEquals(steps, steps(plan(planner, 1, tables), tables));
                StepPlanner other = new StepPlanner(n + 1000, planner.microBatchesPerStep(), planner.mix());
                assertNotEquals(steps, steps(plan(other, 0, tables), tables));
                different++;
            }
        }
        assertTrue(different > TABLES / 2);
    }

    @Test
    void anyNumberOfRanksSharesTheSameOrder() {
        Random random = new Random(9);
        for (int n = 0; n < TABLES; n++) {
            List<Table> tables = randomTables(random);
            EpochPlan plan = plan(new StepPlanner(n, 1 + random.nextInt(30), Mix.MIXED), 0, tables);
            for (int ranks : new int[] {1, 2, 3, 8, 64}) {
                for (long step = 0; step < plan.steps(); step++) {
                    double[] costs = plan.costs(step);
                    int[] sharedWith = StepSharing.assign(costs, ranks);
                    assertEquals(costs.length, sharedWith.length);
                    assertTrue(Arrays.stream(sharedWith).allMatch(rank -> rank >= 0 && rank < ranks));
                    double fair = Arrays.stream(costs).sum() / ranks;
                    double longest = Arrays.stream(costs).max().orElse(0);
                    double most =
                            Arrays.stream(StepSharing.loads(costs, ranks)).max().orElse(0);
                    assertTrue(most <= fair + longest + 1e-9, "Graham's bound");
                }
            }
        }
    }

    @Test
    void theOrderIsOneOfAllOrders() {
        for (int length = 1; length <= 300; length++) {
            KeyedPermutation order = new KeyedPermutation(length, 11L * length);
            boolean[] seen = new boolean[length];
            for (int i = 0; i < length; i++) {
                int place = (int) order.placeOf(i);
                assertEquals(false, seen[place]);
                seen[place] = true;
                assertEquals(i, order.elementAt(place));
            }
        }
        KeyedPermutation huge = new KeyedPermutation(1L << 40, 5);
        assertEquals(123_456_789_012L, huge.elementAt(huge.placeOf(123_456_789_012L)));
    }

    @Test
    void everyElementGetsEveryPlaceAboutEquallyOften() {
        int length = 10;
        int keys = 20_000;
        int[][] counts = new int[length][length];
        for (int key = 0; key < keys; key++) {
            KeyedPermutation order = new KeyedPermutation(length, key);
            for (int i = 0; i < length; i++) {
                counts[i][(int) order.placeOf(i)]++;
            }
        }
        double expected = (double) keys / length;
        for (int[] row : counts) {
            for (int count : row) {
                assertEquals(expected, count, 5 * Math.sqrt(expected), "five standard deviations");
            }
        }
    }

    @Test
    void similarStepsKeepEvenOneMicroBatchEachBusy() {
        List<BucketLoad> buckets = List.of(
                new BucketLoad("dear", 9_000, 1, 20),
                new BucketLoad("middle", 20_000, 2, 5),
                new BucketLoad("cheap", 50_000, 4, 1));
        assertTrue(new StepPlanner(1, 96, Mix.SIMILAR).plan(0, buckets).efficiency(96) > 0.99);
        assertTrue(new StepPlanner(1, 96, Mix.MIXED).plan(0, buckets).efficiency(96) < 0.7);
        assertTrue(new StepPlanner(1, 96 * 8, Mix.MIXED).plan(0, buckets).efficiency(96) > 0.97);
    }

    @Test
    void theLongestMicroBatchGoesToTheLeastLoadedRank() {
        assertArrayEquals(new int[] {1, 0, 1, 0}, StepSharing.assign(new double[] {3, 5, 2, 1}, 2));
        assertArrayEquals(new int[] {0, 0, 0}, StepSharing.assign(new double[] {3, 5, 2}, 1));
        assertArrayEquals(new int[] {0, 1}, StepSharing.assign(new double[] {1, 1}, 4));
    }
}
