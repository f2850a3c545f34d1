// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

/**
 * One latent to draw.
 *
 * @param text text features [L, W]
 * @param textMask [L], true for a token that counts
 * @param promptId identity of the prompt; noise is keyed by (seed, sample, promptId)
 * @param sample which of several samples of the prompt
 */
public record LatentRequest(float[] text, boolean[] textMask, long promptId, long sample) {}
