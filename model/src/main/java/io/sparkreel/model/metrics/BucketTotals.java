// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.metrics;

/**
 * Sums over the micro-batches of a bucket.
 *
 * @param microBatches how many
 * @param samples clips in them
 * @param seconds of their forward and backward passes
 * @param loss sum over the clips
 */
public record BucketTotals(long microBatches, long samples, double seconds, double loss) {

    /** The sums of both. */
    public BucketTotals plus(BucketTotals other) {
        return new BucketTotals(
                microBatches + other.microBatches, samples + other.samples, seconds + other.seconds, loss + other.loss);
    }
}
