// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import java.util.stream.IntStream;

/**
 * Cuts where the picture changes much faster than just before and after, after PySceneDetect's detector of that name: so
 * that a fast pan is no cut.
 *
 * @param threshold how many times the mean change around it a change must be
 * @param minContent least change, in levels of 0 to 255
 * @param window frames on each side that are compared
 * @param weights of hue, saturation, value and edges
 * @param minLength least length of a shot, in frames at the average rate
 */
public record AdaptiveDetector(
        double threshold, double minContent, int window, ContentDetector.Weights weights, int minLength)
        implements ShotDetector {

    private static final double LARGEST_RATIO = 255;
    private static final double NOTHING = 1e-5;

    @Override
    public int[] cuts(FrameSignals signals) {
        double[] scores = weights.scores(signals);
        IntStream.Builder cuts = IntStream.builder();
        int last = 0;
        for (int frame = window; frame < scores.length - window; frame++) {
            int newest = frame + window;
            if (ratio(scores, frame) >= threshold
                    && scores[frame] >= minContent
                    && signals.timeline().apart(last, newest, minLength)) {
                cuts.add(frame);
                last = frame;
            }
        }
        return cuts.build().toArray();
    }

    /** A frame's change over the mean of the changes around it. */
    double ratio(double[] scores, int frame) {
        double sum = 0;
        for (int i = frame - window; i <= frame + window; i++) {
            sum += i == frame ? 0 : scores[i];
        }
        double mean = sum / (2.0 * window);
        if (mean < NOTHING) {
            return scores[frame] >= minContent ? LARGEST_RATIO : 0;
        }
        return Math.min(scores[frame] / mean, LARGEST_RATIO);
    }
}
