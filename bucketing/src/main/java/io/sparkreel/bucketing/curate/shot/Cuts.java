// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/** Lists of cuts. */
final class Cuts {

    private Cuts() {}

    /** The frames from 1 on that a test holds for, but those too soon after the one before. */
    static int[] where(FrameSignals signals, int minLength, IntPredicate changes) {
        IntStream.Builder cuts = IntStream.builder();
        int last = 0;
        for (int frame = 1; frame < signals.frames(); frame++) {
            if (changes.test(frame) && signals.timeline().apart(last, frame, minLength)) {
                cuts.add(frame);
                last = frame;
            }
        }
        return cuts.build().toArray();
    }
}
