// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Signal;

/**
 * Cuts where the perceptual hash changes, after PySceneDetect's detector of that name.
 *
 * @param threshold share of the bits that must differ, 0 to 1
 * @param minLength least length of a shot, in frames at the average rate
 */
public record HashDetector(double threshold, int minLength) implements ShotDetector {

    @Override
    public int[] cuts(FrameSignals signals) {
        signals.require(Signal.HASH);
        return Cuts.where(signals, minLength, frame -> signals.hash()[frame] >= threshold);
    }
}
