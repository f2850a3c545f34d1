// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import io.sparkreel.bucketing.InvalidInputException;
import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Signal;
import java.util.stream.IntStream;

/**
 * Cuts where the picture changes fast, after PySceneDetect's detector of that name: the weighted mean of the changes of
 * hue, saturation, value and edges reaches a threshold.
 *
 * @param threshold of the weighted change, in levels of 0 to 255
 * @param weights of hue, saturation, value and edges
 * @param minLength least length of a shot, in frames at the average rate
 * @param filter what becomes of cuts that come sooner
 */
public record ContentDetector(double threshold, Weights weights, int minLength, Filter filter) implements ShotDetector {

    /** What becomes of cuts within the least length. */
    public enum Filter {
        /** Cuts that follow each other too soon become one, at the last of them. */
        MERGE,
        /** A cut that comes too soon is left out. */
        SUPPRESS
    }

    /** How much each change counts; at least one is not 0. */
    public record Weights(double hue, double saturation, double value, double edges) {

        /** The three changes of colour alike, and no edges. */
        public static final Weights DEFAULT = new Weights(1, 1, 1, 0);

        /** Brightness alone. */
        public static final Weights LUMA = new Weights(0, 0, 1, 0);

        public Weights {
            if (hue == 0 && saturation == 0 && value == 0 && edges == 0) {
                throw new InvalidInputException(
                        "Cannot weigh changes of the picture: all weights are 0. Give at least one of them another value.");
            }
        }

        /** The weighted mean change of each frame from the one before; frame 0 has 0. */
        public double[] scores(FrameSignals signals) {
            signals.require(Signal.CONTENT);
            if (edges != 0) {
                signals.require(Signal.EDGES);
            }
            double sum = Math.abs(hue) + Math.abs(saturation) + Math.abs(value) + Math.abs(edges);
            double[] scores = new double[signals.frames()];
            for (int i = 0; i < scores.length; i++) {
                double weighted = hue * signals.hue()[i]
                        + saturation * signals.saturation()[i]
                        + value * signals.value()[i]
                        + (edges == 0 ? 0 : edges * signals.edges()[i]);
                scores[i] = weighted / sum;
            }
            return scores;
        }
    }

    @Override
    public int[] cuts(FrameSignals signals) {
        double[] scores = weights.scores(signals);
        IntStream.Builder cuts = IntStream.builder();
        int last = 0;
        boolean mayMerge = false;
        int mergeFrom = -1;
        for (int frame = 0; frame < scores.length; frame++) {
            boolean above = scores[frame] >= threshold;
            boolean longEnough = signals.timeline().apartInTime(last, frame, minLength);
            if (minLength == 0 || filter == Filter.SUPPRESS) {
                if (above && longEnough) {
                    cuts.add(frame);
                    last = frame;
                }
                continue;
            }
            if (above) {
                last = frame;
            }
            if (mergeFrom >= 0) {
                // Until the least length has passed since the last change, and that long was merged.
                if (longEnough && !above && signals.timeline().apartInTime(mergeFrom, last, minLength)) {
                    cuts.add(last);
                    mergeFrom = -1;
                }
            } else if (above && longEnough) {
                cuts.add(frame);
                mayMerge = true;
            } else if (above && mayMerge) {
                mergeFrom = frame;
            }
        }
        return cuts.build().toArray();
    }
}
