// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import io.sparkreel.bucketing.bucket.KeyedOrder;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * Decides what every step of an epoch is, without regard to how many ranks there will be.
 *
 * <p>The clips of a bucket, in an order keyed by (seed, epoch), are cut into micro-batches; what is left over
 * becomes a smaller one, and nothing is dropped. The micro-batches of all buckets, in keyed order again, are
 * cut into steps. The same clips give the same plan, in whatever order they come.
 */
public final class StepPlanner {
    private final long seed;
    private final int microBatchesPerStep;

    /** @param microBatchesPerStep how many micro-batches make a step; the last step may have fewer */
    public StepPlanner(long seed, int microBatchesPerStep) {
        if (microBatchesPerStep < 1) {
            throw new IllegalArgumentException("Cannot plan steps of " + microBatchesPerStep + " micro-batches");
        }
        this.seed = seed;
        this.microBatchesPerStep = microBatchesPerStep;
    }

    /**
     * The clips of one bucket.
     *
     * @param name identity of the bucket
     * @param clipIds its clips
     * @param batchSize clips of a micro-batch
     * @param clipCost what one clip costs, in any unit
     */
    public record BucketClips(String name, long[] clipIds, int batchSize, double clipCost) {
        public BucketClips {
            if (batchSize < 1) {
                throw new IllegalArgumentException("Cannot cut bucket " + name + " into batches of " + batchSize);
            }
        }
    }

    /**
     * Clips of one bucket that are computed together.
     *
     * @param bucket name of the bucket
     * @param clipIds at least one
     * @param cost of all of them
     */
    public record MicroBatch(String bucket, long[] clipIds, double cost) {}

    /** The steps of an epoch, in order. */
    public List<List<MicroBatch>> plan(long epoch, List<BucketClips> buckets) {
        List<MicroBatch> microBatches = new ArrayList<>();
        for (BucketClips bucket : buckets) {
            cut(bucket, KeyedOrder.sorted(seed, epoch, bucket.clipIds()), microBatches);
        }
        microBatches.sort(Comparator
                .comparingLong((MicroBatch batch) -> KeyedOrder.key(seed, epoch, ~batch.clipIds()[0]))
                .thenComparingLong(batch -> batch.clipIds()[0]));
        List<List<MicroBatch>> steps = new ArrayList<>();
        for (int begin = 0; begin < microBatches.size(); begin += microBatchesPerStep) {
            steps.add(List.copyOf(
                    microBatches.subList(begin, Math.min(begin + microBatchesPerStep, microBatches.size()))));
        }
        return steps;
    }

    private static void cut(BucketClips bucket, long[] ordered, List<MicroBatch> microBatches) {
        for (int begin = 0; begin < ordered.length; begin += bucket.batchSize()) {
            long[] clips = java.util.Arrays.copyOfRange(
                    ordered, begin, Math.min(begin + bucket.batchSize(), ordered.length));
            microBatches.add(new MicroBatch(bucket.name(), clips, clips.length * bucket.clipCost()));
        }
    }
}
