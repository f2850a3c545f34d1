// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Signal;
import java.util.stream.IntStream;

/**
 * Cuts within fades to black, after PySceneDetect's detector of that name.
 *
 * @param threshold mean of red, green and blue below which the picture is out
 * @param bias where between out and in the cut lies: -1 where it went out, 0 in the middle, 1 where it came in
 * @param finalFade whether a video that ends out is cut where it went out
 * @param minLength least length of a shot, in frames at the average rate
 */
public record ThresholdDetector(int threshold, double bias, boolean finalFade, int minLength) implements ShotDetector {

    @Override
    public int[] cuts(FrameSignals signals) {
        signals.require(Signal.COLOUR);
        IntStream.Builder cuts = IntStream.builder();
        float[] colour = signals.colour();
        boolean out = colour.length > 0 && colour[0] < threshold;
        int wentOut = 0;
        int last = 0;
        for (int frame = 1; frame < colour.length; frame++) {
            if (!out && colour[frame] < threshold) {
                out = true;
                wentOut = frame;
            } else if (out && colour[frame] >= threshold) {
                if (signals.timeline().apart(last, frame, minLength)) {
                    cuts.add(wentOut + (int) Math.rint((frame - wentOut) * (1 + bias) / 2));
                    last = frame;
                }
                out = false;
            }
        }
        if (finalFade && out && signals.timeline().apart(last, colour.length - 1, minLength)) {
            cuts.add(wentOut);
        }
        return cuts.build().toArray();
    }
}
