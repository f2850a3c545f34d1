// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.plan;

import io.sparkreel.bucketing.media.MediaKind;
import java.io.Serializable;

/**
 * A row of the plan: a clip in a step.
 *
 * @param epoch the pass over the data
 * @param step global number of the step
 * @param microBatch number of the micro-batch in the step
 * @param bucket name of its bucket
 * @param cost of the whole micro-batch
 * @param clipId identity of the clip
 * @param uri where it lies
 * @param kind video or image
 * @param bytes length of the file
 * @param clipFrames frames of the clip
 * @param fps of the clip
 * @param caption its text
 * @param numFrames frames of a sample of it
 * @param height target pixels
 * @param width target pixels
 * @param features where its features are stored; null: nowhere
 */
public record PlannedClip(
        int epoch,
        long step,
        int microBatch,
        String bucket,
        double cost,
        long clipId,
        String uri,
        MediaKind kind,
        long bytes,
        int clipFrames,
        double fps,
        String caption,
        int numFrames,
        int height,
        int width,
        Features features)
        implements Serializable {
    private static final long serialVersionUID = 1L;

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
