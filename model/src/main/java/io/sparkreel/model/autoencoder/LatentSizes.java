// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

/**
 * What a codec makes of a picture.
 *
 * @param channels of a latent
 * @param spatialFactor pixels of one side that make one latent row or column
 */
public record LatentSizes(int channels, int spatialFactor) {}
