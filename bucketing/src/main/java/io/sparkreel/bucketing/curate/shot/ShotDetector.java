// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import io.sparkreel.bucketing.curate.signal.FrameSignals;

/** A way of finding where one shot ends and the next begins, from the signals of all frames. */
public interface ShotDetector {

    /**
     * The first frames of all shots but the first one, ascending.
     *
     * @param signals of a whole video
     */
    int[] cuts(FrameSignals signals);
}
