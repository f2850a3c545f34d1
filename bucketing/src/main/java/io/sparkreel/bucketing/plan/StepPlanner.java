// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import java.io.Serializable;
import java.util.List;

/**
 * Decides what every step of an epoch is, without regard to how many ranks there will be.
 *
 * <p>The clips of a bucket, in an order keyed by (seed, epoch), are cut into micro-batches; what is left over becomes a
 * smaller one, and nothing is dropped. The micro-batches of all buckets are brought into an order keyed by (seed, epoch)
 * and cut into steps. No clip need be looked at for that: how many there are in each bucket is enough, and where a clip
 * goes is a matter of its number in its bucket alone. So planning millions of clips is one pass over them in any order.
 *
 * @param seed of the orders
 * @param microBatchesPerStep how many micro-batches make a step; one step of an epoch may have fewer
 * @param mix what the micro-batches of a step have in common
 */
public record StepPlanner(long seed, int microBatchesPerStep, Mix mix) implements Serializable {

    /** What the micro-batches of a step have in common. */
    public enum Mix {
        /**
         * Nothing: every step is drawn from all buckets. Ranks that take at least four micro-batches each come out
         * about even.
         */
        MIXED,
        /**
         * Their cost: micro-batches are sorted by it, cut into steps, and the steps shuffled. Ranks that take only one
         * or two each come out even as well, but a step then shows one kind of data.
         */
        SIMILAR
    }

    public StepPlanner {
        if (microBatchesPerStep < 1) {
            throw new IllegalArgumentException("Cannot plan steps of " + microBatchesPerStep + " micro-batches");
        }
    }

    /**
     * What a plan needs to know of a bucket.
     *
     * @param name identity of the bucket
     * @param clips how many
     * @param batchSize clips of a micro-batch
     * @param clipCost what one clip costs, in any unit
     */
    public record BucketLoad(String name, long clips, int batchSize, double clipCost) implements Serializable {
        public BucketLoad {
            if (batchSize < 1 || clips < 0) {
                throw new IllegalArgumentException(
                        "Cannot cut " + clips + " clips of bucket " + name + " into batches of " + batchSize);
            }
        }
    }

    /**
     * The plan of an epoch.
     *
     * @param buckets in the order by which {@link EpochPlan} numbers them
     */
    public EpochPlan plan(long epoch, List<BucketLoad> buckets) {
        return new EpochPlan(this, epoch, buckets);
    }
}
