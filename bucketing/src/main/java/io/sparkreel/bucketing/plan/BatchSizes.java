// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.bucket.Bucket;
import java.util.Collection;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Clips of a micro-batch, for each pair of resolution and frames, named as by {@link Bucket#tag}. Buckets that differ in
 * aspect ratio alone have one size.
 */
public final class BatchSizes {

    private BatchSizes() {}

    /**
     * Sizes by which every micro-batch costs about the same: the number of clips whose cost is nearest to a target, as
     * far as it stays within the memory.
     *
     * @param memoryBytes of a rank
     * @param costTarget in the unit of the costs; null: the highest cost that micro-batches of every pair can have within
     *     the memory, but no less than the dearest clip's
     * @throws InvalidInputException if not even one clip of some bucket fits
     */
    public static Map<String, Integer> balanced(
            Collection<Bucket> buckets, CostModel costs, double memoryBytes, Double costTarget) {
        Map<String, Integer> fitting = new TreeMap<>();
        Map<String, Double> dearest = new TreeMap<>();
        Map<String, Double> clipCosts = costs.clipCosts(buckets);
        for (Bucket bucket : buckets) {
            requireOneFits(bucket, costs, memoryBytes);
            String tag = Bucket.tag(bucket.resolution(), bucket.frames());
            fitting.merge(tag, costs.largestBatch(bucket, memoryBytes), Math::min);
            dearest.merge(tag, clipCosts.get(bucket.id()), Math::max);
        }
        double target = costTarget == null ? reachable(fitting, dearest) : costTarget;
        Map<String, Integer> sizes = new TreeMap<>();
        fitting.forEach((tag, most) ->
                sizes.put(tag, (int) Math.max(1, Math.min(most, Math.round(target / dearest.get(tag))))));
        return sizes;
    }

    private static double reachable(Map<String, Integer> fitting, Map<String, Double> dearest) {
        double least = fitting.entrySet().stream()
                .mapToDouble(entry -> entry.getValue() * dearest.get(entry.getKey()))
                .min()
                .orElse(0);
        return Math.max(
                least, dearest.values().stream().mapToDouble(cost -> cost).max().orElse(0));
    }

    private static void requireOneFits(Bucket bucket, CostModel costs, double memoryBytes) {
        double needed = costs.formulas().peakBytes(bucket, 1);
        if (needed > memoryBytes) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot train on bucket %s (%dx%d): a micro-batch of 1 clip needs about %,.0f bytes, of %,.0f that a"
                            + " rank may use. Set grad_checkpoint: true, raise memory_gib, or leave this bucket out of"
                            + " the data.",
                    bucket.id(),
                    bucket.width(),
                    bucket.height(),
                    needed,
                    memoryBytes));
        }
    }
}
