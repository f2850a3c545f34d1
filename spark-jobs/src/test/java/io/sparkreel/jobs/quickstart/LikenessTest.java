// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.quickstart;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.sparkreel.bucketing.media.PixelClip;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

class LikenessTest {
    private static PixelClip clip(float... values) {
        return new PixelClip(values, 1, 1, values.length / 3);
    }

    @Test
    void measuresThePeakOverTheMeanSquaredError() {
        PixelClip black = clip(-1, -1, -1, -1, -1, -1);
        PixelClip gray = clip(0, 0, 0, 0, 0, 0);
        assertEquals(10 * Math.log10(4), Likeness.psnr(black, gray), 1e-12); // the error is 1, the peak 2
        assertEquals(0, Likeness.psnr(black, clip(1, 1, 1, 1, 1, 1)), 1e-12);
        assertEquals(Double.POSITIVE_INFINITY, Likeness.psnr(gray, gray));
        assertThrows(IllegalArgumentException.class, () -> Likeness.psnr(gray, clip(0, 0, 0)));
    }

    /** The best colour is the mean of each channel over all frames. */
    @Test
    void theBestColourIsTheMean() {
        float[] values = new float[2 * 3 * 2];
        Arrays.fill(values, 0.25f);
        values[0] = 1; // red of the first frame: 1, -1; of the second 0, 0
        values[1] = -1;
        values[6] = 0;
        values[7] = 0;
        PixelClip clip = new PixelClip(values, 2, 1, 2);
        // Squared errors of red are 1, 1, 0, 0; those of the others are 0.
        assertEquals(10 * Math.log10(4 / (0.5 / 3)), Likeness.psnrOfBestColour(clip), 1e-6);
        float[] mean = values.clone();
        mean[0] = 0;
        mean[1] = 0;
        assertEquals(Likeness.psnr(clip, new PixelClip(mean, 2, 1, 2)), Likeness.psnrOfBestColour(clip), 1e-6);
    }
}
