// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.LatentShape;
import java.util.List;

/**
 * Encoded clips of one shape, computed together.
 *
 * @param bucket name that losses and times of clips of this shape are logged under
 * @param epoch the pass over the data; draws are keyed by it
 * @param samples at least one
 * @param shape what all latents have in common
 * @param textSlots L of the text features
 * @param textWidth W of the text features
 */
public record MicroBatch(
        String bucket, long epoch, List<Sample> samples, LatentShape shape, int textSlots, int textWidth) {
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

    /** The same clips in another epoch, in which other noise is drawn. */
    public MicroBatch inEpoch(long other) {
        return new MicroBatch(bucket, other, samples, shape, textSlots, textWidth);
    }

    /** What the model computes on. */
    public BatchShape computedShape() {
        return new BatchShape(samples.size(), shape, textSlots);
    }

    /** The facts of the clips that the model is conditioned on; the aspect ratio is width / height, as the reference trains. */
    public ClipFacts facts() {
        int count = samples.size();
        ClipFacts facts =
                new ClipFacts(new float[count], new float[count], new float[count], new float[count], new float[count]);
        for (int b = 0; b < count; b++) {
            Sample sample = samples.get(b);
            facts.numFrames()[b] = sample.numFrames();
            facts.height()[b] = sample.height();
            facts.width()[b] = sample.width();
            facts.aspectRatio()[b] = (float) sample.width() / sample.height();
            facts.fps()[b] = sample.fps();
        }
        return facts;
    }
}
