// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

import io.sparkreel.model.torch.Tensor;

/**
 * What an STDiT2 is asked about a batch of B noised clips of one shape.
 *
 * @param latent [B, C, T, H, W]
 * @param timestep [B], in steps of the unspaced schedule
 * @param captions text features
 * @param noised [B, T, 1, 1], 1 for a noised frame and 0 for a given one, or null if all are noised
 * @param size what else the model is told about the clips
 */
public record DenoiserInput(Tensor latent, float[] timestep, TextBatch captions, Tensor noised, ClipSize size) {
    /**
     * Size conditions, each [B].
     *
     * @param numFrames pixel frames
     * @param height pixels
     * @param width pixels
     * @param aspectRatio width / height in training, height / width in sampling, as the reference has it
     * @param fps frames per second; 120 for an image
     */
    public record ClipSize(float[] numFrames, float[] height, float[] width, float[] aspectRatio, float[] fps) {}
}
