// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.bucket.Bucket;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BatchSizesTest {
    private static final double FIXED_BYTES = 1000;

    /** Costs grow a little faster than pixels, memory as fast. */
    private static final CostModel.Formulas FORMULAS = new CostModel.Formulas() {
        @Override
        public double flops(Bucket bucket) {
            return Math.pow((double) tokens(bucket), 1.2);
        }

        @Override
        public long tokens(Bucket bucket) {
            return (long) bucket.frames() * bucket.height() * bucket.width();
        }

        @Override
        public double peakBytes(Bucket bucket, int batch) {
            return FIXED_BYTES + 10.0 * batch * tokens(bucket);
        }
    };

    private static Bucket bucket(int frames, int height, int width) {
        return new Bucket(height + "p", frames, width > height ? "0.56" : "1.00", height, width);
    }

    @Test
    void noMicroBatchExceedsMemoryAndNoneItsCostByMoreThanHalfAClip() {
        Random random = new Random(3);
        CostModel costs = new CostModel(FORMULAS, Map.of());
        for (int n = 0; n < 1000; n++) {
            List<Bucket> buckets = new ArrayList<>();
            for (int i = 0; i <= random.nextInt(6); i++) {
                int side = 10 * (i + 1);
                buckets.add(bucket(1 + random.nextInt(16), side, side));
                buckets.add(bucket(buckets.get(buckets.size() - 1).frames(), side, side + 1 + random.nextInt(3)));
            }
            double most = buckets.stream()
                    .mapToDouble(bucket -> FORMULAS.peakBytes(bucket, 1))
                    .max()
                    .orElseThrow();
            double memory = most * (1 + 4 * random.nextDouble());
            Double target = n % 2 == 0 ? null : Double.valueOf(1000 + 100_000 * random.nextDouble());
            Map<String, Integer> sizes = BatchSizes.balanced(buckets, costs, memory, target);
            for (Bucket bucket : buckets) {
                int size = sizes.get(Bucket.tag(bucket.resolution(), bucket.frames()));
                assertTrue(size >= 1 && FORMULAS.peakBytes(bucket, size) <= memory);
                assertTrue(target == null || size == 1 || (size - 0.5) * FORMULAS.flops(bucket) <= target * (1 + 1e-6));
            }
        }
    }

    @Test
    void withoutATargetCostsComeAsCloseAsWholeClipsAllow() {
        List<Bucket> buckets = List.of(bucket(1, 16, 16), bucket(16, 16, 16), bucket(16, 64, 64));
        CostModel costs = new CostModel(FORMULAS, Map.of());
        Map<String, Integer> sizes = BatchSizes.balanced(buckets, costs, FORMULAS.peakBytes(buckets.get(2), 2), null);
        double dearest = sizes.get("64p-16") * FORMULAS.flops(buckets.get(2));
        for (Bucket bucket : buckets) {
            double cost = sizes.get(Bucket.tag(bucket.resolution(), bucket.frames())) * FORMULAS.flops(bucket);
            assertEquals(1, cost / dearest, 0.35, sizes.toString());
        }
    }

    @Test
    void whatCannotFitIsRefusedByBucketAndBytes() {
        Bucket large = bucket(16, 64, 64);
        CostModel costs = new CostModel(FORMULAS, Map.of());
        InvalidInputException one = assertThrows(
                InvalidInputException.class,
                () -> BatchSizes.balanced(List.of(bucket(1, 16, 16), large), costs, 600_000, null));
        assertTrue(
                one.getMessage().contains("64p-16-1.00") && one.getMessage().contains("656,360 bytes"),
                one.getMessage());
    }

    @Test
    void measuredSecondsCorrectTheFormula() {
        Bucket small = bucket(1, 16, 16);
        Bucket middle = bucket(1, 32, 32);
        Bucket large = bucket(16, 64, 64);
        CostModel costs = new CostModel(FORMULAS, Map.of(small.id(), 0.5, large.id(), 9.5, "gone-1-1.00", 3.0));
        Map<String, Double> measured = costs.clipCosts(List.of(small, middle, large));
        assertEquals(0.5, measured.get(small.id()));
        assertEquals(9.5, measured.get(large.id()));
        double secondsPerFlop = 10 / (FORMULAS.flops(small) + FORMULAS.flops(large));
        assertEquals(FORMULAS.flops(middle) * secondsPerFlop, measured.get(middle.id()), 1e-9);
        assertThrows(InvalidInputException.class, () -> new CostModel(FORMULAS, Map.of("a", 0.0)));
    }
}
