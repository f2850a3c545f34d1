// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

/**
 * One encoded clip.
 *
 * @param clipId identity of the clip; every random draw about it is keyed by this
 * @param latent clean latent [C, T, h, w]
 * @param text text features [L, W]
 * @param textMask [L], true for a token that counts
 * @param numFrames pixel frames
 * @param height pixels
 * @param width pixels
 * @param fps frames per second of the clip; 120 for an image
 */
public record Sample(
        long clipId,
        float[] latent,
        float[] text,
        boolean[] textMask,
        int numFrames,
        int height,
        int width,
        float fps) {}
