// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.stdit.Stdit2Flops;
import java.util.List;

/**
 * Encoded clips of one shape, computed together.
 *
 * @param bucket name that losses and times of clips of this shape are told under
 * @param epoch the pass over the data; draws are keyed by it
 * @param samples at least one
 * @param shape what all latents have in common
 * @param textSlots L of the text features
 * @param textWidth W of the text features
 */
public record MicroBatch(
        String bucket, long epoch, List<Sample> samples, LatentShape shape, int textSlots, int textWidth) {
    /** Channels, frames, rows and columns of a latent. */
    public record LatentShape(int channels, int frames, int height, int width) {
        /** The number of values of one latent. */
        public int elements() {
            return channels * frames * height * width;
        }
    }

    public MicroBatch {
        samples = List.copyOf(samples);
        if (samples.isEmpty()) {
            throw new IllegalArgumentException("Cannot make a micro-batch of no samples");
        }
        for (Sample sample : samples) {
            if (sample.latent().length != shape.elements()) {
                throw new IllegalArgumentException("Cannot put clip " + sample.clipId() + " into a micro-batch of "
                        + shape + ": its latent has " + sample.latent().length + " values");
            }
        }
    }

    /** What the model computes on. */
    public Stdit2Flops.Shape computedShape() {
        return new Stdit2Flops.Shape(samples.size(), shape.frames(), shape.height(), shape.width(), textSlots);
    }
}
