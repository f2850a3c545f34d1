// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

/**
 * What costs and memory of a batch follow from.
 *
 * @param clips B
 * @param latent what all latents of the batch have in common
 * @param textTokens L of each caption, padding included
 */
public record BatchShape(int clips, LatentShape latent, int textTokens) {}
