// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.KeyedRandom;

/** Turns pixels into latents and back. All arrays are dense, the last dimension varying fastest. */
public interface LatentCodec extends AutoCloseable {
    /** How sizes in pixels become sizes of latents. */
    CodecGeometry geometry();

    /**
     * Encodes one clip or image.
     *
     * @param pixels [F, 3, H, W], red, green, blue in [-1, 1]
     * @param frames F, a legal length of {@link #geometry}
     * @param height H in pixels; rows beyond the last multiple of the spatial factor are left out
     * @param width W in pixels; columns likewise
     * @param latentNoise where a codec that samples its latents takes its noise from
     * @return [C, T, h, w]
     */
    default float[] encode(float[] pixels, int frames, int height, int width, KeyedRandom latentNoise) {
        return distribution(pixels, frames, height, width).draw(latentNoise);
    }

    /**
     * What {@link #encode} samples its latent from.
     *
     * @param pixels as for {@link #encode}
     */
    LatentDistribution distribution(float[] pixels, int frames, int height, int width);

    /**
     * Decodes one clip or image.
     *
     * @param latent [C, T, h, w]
     * @param frames F, the pixel frames that T latent frames stand for
     * @return pixels [F, 3, h * factor, w * factor], nominally in [-1, 1] but not clamped
     */
    float[] decode(float[] latent, int frames, int latentHeight, int latentWidth);

    @Override
    void close();
}
