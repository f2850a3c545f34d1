// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Signal;

/**
 * Cuts where the histogram of brightness changes, after PySceneDetect's detector of that name. It sees dissolves, too.
 *
 * @param threshold by how much the correlation with the frame before must fall short of 1
 * @param minLength least length of a shot, in frames at the average rate
 */
public record HistogramDetector(double threshold, int minLength) implements ShotDetector {

    @Override
    public int[] cuts(FrameSignals signals) {
        signals.require(Signal.HISTOGRAM);
        return Cuts.where(signals, minLength, frame -> signals.histogram()[frame] <= 1 - threshold);
    }
}
