// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import java.util.Locale;

/**
 * Frames ready for the latent codec.
 *
 * @param values [frames, 3, height, width], red green blue, in [-1, 1]
 */
public record PixelClip(float[] values, int frames, int height, int width) {

    public PixelClip {
        if (frames < 1 || height < 1 || width < 1 || values.length != 3L * frames * height * width) {
            throw new IllegalArgumentException(String.format(
                    Locale.ROOT,
                    "a clip of %d frames of %dx%d does not have %d values",
                    frames,
                    width,
                    height,
                    values.length));
        }
    }
}
