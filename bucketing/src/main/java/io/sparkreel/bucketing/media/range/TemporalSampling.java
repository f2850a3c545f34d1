// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.range;

import io.sparkreel.bucketing.InvalidInputException;
import java.util.Locale;

/** Which frames of a clip a training sample shows. */
public final class TemporalSampling {

    private TemporalSampling() {}

    /**
     * The reference's choice: a window of {@code numFrames * frameInterval} frames begins at a
     * uniformly drawn frame and is sampled evenly from its first to its last frame. The spacing is
     * therefore (window - 1) / (numFrames - 1), not exactly the interval, and a clip that is shorter
     * than the window is sampled from end to end.
     *
     * @param clipFrames frames the clip has
     * @param numFrames frames wanted
     * @param frameInterval nominal distance between two of them
     * @param u uniform draw in [0, 1) that picks the beginning
     * @return {@code numFrames} ascending indices below {@code clipFrames}
     * @throws InvalidInputException when the clip has fewer than {@code numFrames} frames
     */
    public static int[] frameIndices(int clipFrames, int numFrames, int frameInterval, double u) {
        if (numFrames < 1 || frameInterval < 1) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot sample frames: %d frames at interval %d were asked for. Use 1 or more of each.",
                    numFrames,
                    frameInterval));
        }
        if (!(u >= 0 && u < 1)) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT, "Cannot sample frames: the draw %s is outside [0, 1). Pass a uniform draw.", u));
        }
        long window = (long) numFrames * frameInterval;
        long lastBegin = Math.max(0, clipFrames - window - 1);
        long begin = Math.min((long) (u * (lastBegin + 1)), lastBegin);
        long end = Math.min(begin + window, clipFrames);
        if (end - begin < numFrames) {
            throw new InvalidInputException(String.format(
                    Locale.ROOT,
                    "Cannot sample %d frames: the clip has %d. Use a bucket of fewer frames.",
                    numFrames,
                    clipFrames));
        }
        int[] indices = new int[numFrames];
        double step = numFrames == 1 ? 0 : (double) (end - 1 - begin) / (numFrames - 1);
        for (int i = 0; i < numFrames; i++) {
            indices[i] = (int) (i * step + begin);
        }
        if (numFrames > 1) {
            indices[numFrames - 1] = (int) (end - 1);
        }
        return indices;
    }
}
