// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.KeyedRandom;

/**
 * Turns pixels into latents and back, frame by frame: time is not compressed. All arrays are dense, the last dimension
 * varying fastest.
 */
public interface LatentCodec extends AutoCloseable {

    /** Channels of a latent. */
    int channels();

    /** Pixels of one side that make one latent row or column. */
    int spatialFactor();

    /**
     * Encodes one clip or image.
     *
     * @param pixels [T, 3, H, W], red, green, blue in [-1, 1]
     * @param frames T
     * @param height H in pixels; rows beyond the last multiple of the spatial factor are left out
     * @param width W in pixels; columns likewise
     * @param latentNoise where a codec that samples its latents takes its noise from
     * @return [C, T, h, w] with h = floor(H / factor) and w = floor(W / factor)
     */
    float[] encode(float[] pixels, int frames, int height, int width, KeyedRandom latentNoise);

    /**
     * What {@link #encode} draws its latent from; a codec that draws nothing has it certain.
     *
     * @param pixels as for {@link #encode}
     */
    default LatentDistribution distribution(float[] pixels, int frames, int height, int width) {
        return new LatentDistribution(
                encode(pixels, frames, height, width, KeyedRandom.of(0, 0, 0, KeyedRandom.Purpose.LATENT_NOISE)), null);
    }

    /**
     * Decodes one clip or image.
     *
     * @param latent [C, T, h, w]
     * @return pixels [T, 3, h * factor, w * factor], nominally in [-1, 1] but not clamped
     */
    float[] decode(float[] latent, int frames, int latentHeight, int latentWidth);

    @Override
    void close();
}
