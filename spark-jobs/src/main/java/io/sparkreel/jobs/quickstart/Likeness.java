// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.quickstart;

import io.sparkreel.bucketing.media.PixelClip;

/** How close pictures are: PSNR over all frames and channels. */
public final class Likeness {
    /** Pixels are in [-1, 1]. */
    private static final double PEAK = 2;

    private Likeness() {}

    /** 10 log10(peak^2 / mean squared error), in dB; infinite for equal clips. */
    public static double psnr(PixelClip a, PixelClip b) {
        if (a.values().length != b.values().length) {
            throw new IllegalArgumentException("Cannot compare clips of different sizes");
        }
        double sum = 0;
        for (int i = 0; i < a.values().length; i++) {
            double difference = a.values()[i] - b.values()[i];
            sum += difference * difference;
        }
        return decibel(sum / a.values().length);
    }

    /** The PSNR of the single colour that is nearest to the whole clip: its mean. */
    public static double psnrOfBestColour(PixelClip clip) {
        int plane = clip.height() * clip.width();
        double error = 0;
        for (int channel = 0; channel < 3; channel++) {
            double sum = 0;
            double squares = 0;
            for (int frame = 0; frame < clip.frames(); frame++) {
                int begin = (frame * 3 + channel) * plane;
                for (int i = begin; i < begin + plane; i++) {
                    sum += clip.values()[i];
                    squares += (double) clip.values()[i] * clip.values()[i];
                }
            }
            double count = (double) plane * clip.frames();
            error += squares / count - sum / count * (sum / count);
        }
        return decibel(error / 3);
    }

    private static double decibel(double meanSquaredError) {
        return 10 * Math.log10(PEAK * PEAK / meanSquaredError);
    }
}
