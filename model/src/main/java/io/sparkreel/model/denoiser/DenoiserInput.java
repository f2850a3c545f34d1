// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

import io.sparkreel.model.ClipFacts;
import io.sparkreel.model.torch.Tensor;

/**
 * The input of a denoiser: a batch of B noised clips of one shape.
 *
 * @param latent [B, C, T, H, W]
 * @param time [B], as the diffusion process tells it to the model
 * @param text text features
 * @param noised [B, T, 1, 1], 1 for a noised frame and 0 for a conditioning frame, or null if all are noised
 * @param facts of the clips that the model is conditioned on
 */
public record DenoiserInput(Tensor latent, float[] time, TextBatch text, Tensor noised, ClipFacts facts) {}
