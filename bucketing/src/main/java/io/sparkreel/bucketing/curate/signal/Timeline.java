// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.Arrays;

/**
 * When the frames of a video are shown.
 *
 * @param pts of each frame, in units of the time base; they grow
 * @param numerator of the time base, in seconds
 * @param denominator of the time base, in seconds
 * @param fps frames a second on average, for lengths that are given in frames; 0: that of the stamps
 */
public record Timeline(long[] pts, int numerator, int denominator, double fps) {

    /** Where the container names no rate, it is that of the stamps; of a single frame, 1. */
    public Timeline {
        if (!(fps > 0)) {
            double seconds = pts.length < 2 ? 0 : (double) (pts[pts.length - 1] - pts[0]) * numerator / denominator;
            fps = seconds > 0 ? (pts.length - 1) / seconds : 1;
        }
    }

    /** Frames of the video. */
    public int frames() {
        return pts.length;
    }

    /** Seconds from the first frame to this one, rounded to microseconds, as PySceneDetect compares them. */
    public double seconds(int frame) {
        return Math.rint((double) (pts[frame] - pts[0]) * numerator / denominator * 1e6) / 1e6;
    }

    /** Whether two frames are at least so many frames' time apart, by seconds in double precision. */
    public boolean apartInTime(int from, int to, int frames) {
        return seconds(to) - seconds(from) >= frames / fps;
    }

    /** Whether two frames are at least so many frames apart, as they are numbered at the average rate. */
    public boolean apart(int from, int to, int frames) {
        return number(to) - number(from) >= frames;
    }

    private long number(int frame) {
        return Math.round(seconds(frame) * fps);
    }

    /** Seconds from the first frame to the end of the last one. */
    public double duration() {
        return pts.length == 0 ? 0 : seconds(pts.length - 1) + 1 / fps;
    }

    /** Whether some frames are shown much longer than others: by more than half of the usual time. */
    public boolean isVariable() {
        if (pts.length < 3) {
            return false;
        }
        long[] distances = new long[pts.length - 1];
        for (int i = 0; i < distances.length; i++) {
            distances[i] = pts[i + 1] - pts[i];
        }
        Arrays.sort(distances);
        double usual = distances[distances.length / 2];
        return distances[0] < 0.5 * usual || distances[distances.length - 1] > 1.5 * usual;
    }
}
