// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import io.sparkreel.model.LatentShape;
import io.sparkreel.model.train.MicroBatch;
import io.sparkreel.model.train.Sample;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Encoded clips of random numbers, of full captions, to measure on.
 *
 * @param seed of the numbers
 * @param textSlots tokens of a caption
 * @param textWidth of a token's features
 */
public record RandomClips(long seed, int textSlots, int textWidth) {
    private static final int FPS = 24;

    /**
     * Clips as one micro-batch.
     *
     * @param frames pixel frames
     * @param height pixels
     * @param width pixels
     * @param first id of the first clip; the others follow it
     */
    public MicroBatch microBatch(
            String bucket, LatentShape latent, int frames, int height, int width, long first, int count) {
        boolean[] mask = mask();
        List<Sample> samples = new ArrayList<>();
        for (long clip = first; clip < first + count; clip++) {
            float[] values = normal(clip, latent.elements(), Purpose.LATENT_NOISE);
            samples.add(new Sample(clip, values, text(clip), mask, frames, height, width, FPS));
        }
        return new MicroBatch(bucket, 0, samples, latent, textSlots, textWidth);
    }

    /** Features of a caption, [slots, width]. */
    float[] text(long clip) {
        return normal(clip, textSlots * textWidth, Purpose.WORD_VECTOR);
    }

    /** The mask of a caption that fills all slots. */
    boolean[] mask() {
        boolean[] mask = new boolean[textSlots];
        Arrays.fill(mask, true);
        return mask;
    }

    private float[] normal(long clip, int count, Purpose purpose) {
        float[] values = new float[count];
        KeyedRandom.of(seed, 0, clip, purpose).fillNormal(values, 0, count);
        return values;
    }
}
