// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.text.TextFeatures;

/**
 * One latent to draw. All of its noise is keyed by (seed, prompt, sample, loop), so that it comes out the same
 * whatever is drawn beside it.
 *
 * @param caption what it shall show
 * @param seed of the draws
 * @param promptId identity of the prompt
 * @param sample which of several samples of the prompt
 * @param loop which part of a long video, from 0
 * @param given frames that are known, or null
 */
public record LatentRequest(
        TextFeatures caption, long seed, long promptId, int sample, int loop, ConditioningFrames given) {
    /** Tells samples and loops apart in the key of a draw. */
    static long repetition(int sample, int loop) {
        return (long) loop << Integer.SIZE | sample;
    }
}
