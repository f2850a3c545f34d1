// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import java.io.Serializable;

/**
 * A row of the plan: a clip in a step.
 *
 * @param place where in the run it is trained on
 * @param clip the clip itself
 * @param size of a sample of it
 * @param features where its features are stored; null: nowhere
 */
public record PlannedClip(Place place, ClipRef clip, SampleSize size, Features features) implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * A place in a run.
     *
     * @param epoch the pass over the data
     * @param step global number of the step
     * @param microBatch number of the micro-batch in the step
     * @param bucket name of its bucket
     * @param cost of the whole micro-batch
     */
    public record Place(int epoch, long step, int microBatch, String bucket, double cost) implements Serializable {
        private static final long serialVersionUID = 1L;
    }

    /**
     * Where the features of a clip are stored.
     *
     * @param file in the features' folder
     * @param offset of the first byte
     * @param values of the latent's mean
     * @param varies whether as many log variances follow
     * @param tokens of the caption; their features come last
     */
    public record Features(String file, long offset, int values, boolean varies, int tokens) implements Serializable {
        private static final long serialVersionUID = 1L;
    }
}
