// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

/**
 * What is known of a clip before it is drawn.
 *
 * @param mask [T], 1 to generate a frame, 0 to keep the given one, between to edit it from that share of the
 *     schedule on
 * @param latents [T] frames of [C, h, w]; null where nothing is given
 */
public record GivenFrames(float[] mask, float[][] latents) {
    /** Whether there is no given frame at all. */
    boolean isEmpty() {
        for (float[] latent : latents) {
            if (latent != null) {
                return false;
            }
        }
        return true;
    }
}
