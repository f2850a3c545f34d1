// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Intervals.Interval;
import io.sparkreel.bucketing.curate.signal.Signal;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Dissolves and wipes, by the rule that Koala-36M gives: frames that are unlike the one before them, or much less like it
 * than the eight before; where no more than eight frames in a row are alike, all of them belong to the transition.
 *
 * <p>Like that rule it compares each frame with the one before it alone: a slow dissolve between shots of like colours
 * passes unseen, where {@link HistogramDetector} may see it, and a fast pan over much detail counts as a transition.
 *
 * @param margin frames that are added to a transition at both ends
 */
public record SoftTransitions(int margin) {

    private static final int HISTORY = 8;
    private static final int SHORTEST_RUN = 8;
    private static final double UNLIKE = 0.75;
    private static final double LEAST_SPREAD = 0.2;

    /** Stretches of frames that show two shots at once, or one that fades into another; in order, apart. */
    public List<Interval> find(FrameSignals signals) {
        signals.require(Signal.SOFT);
        float[] likeness = signals.soft();
        List<Interval> found = new ArrayList<>();
        int from = -1;
        int alike = 0;
        for (int frame = 1; frame < likeness.length; frame++) {
            if (changes(likeness, frame)) {
                if (from < 0) {
                    from = frame;
                }
                alike = 0;
            } else if (from >= 0 && ++alike > SHORTEST_RUN) {
                add(found, from, frame - alike + 1, likeness.length);
                from = -1;
            }
        }
        if (from >= 0) {
            add(found, from, likeness.length - alike, likeness.length);
        }
        return found;
    }

    private void add(List<Interval> found, int from, int until, int frames) {
        int begin = Math.max(0, from - margin);
        if (!found.isEmpty() && found.get(found.size() - 1).until() >= begin) {
            begin = found.remove(found.size() - 1).from();
        }
        found.add(new Interval(begin, Math.min(frames, until + margin)));
    }

    private static boolean changes(float[] likeness, int frame) {
        if (likeness[frame] < 0) {
            return true;
        }
        double smooth = smoothed(likeness, frame);
        return frame > HISTORY && smooth < UNLIKE && smooth < usual(likeness, frame);
    }

    /** Mean of a value and those beside it; the first frame, which follows none, has no value. */
    private static double smoothed(float[] likeness, int frame) {
        return frame == 1 || frame + 1 == likeness.length
                ? likeness[frame]
                : (likeness[frame - 1] + likeness[frame] + likeness[frame + 1]) / 3.0;
    }

    /** Three deviations below the mean of the middle 60 % of the smoothed values before a frame. */
    private static double usual(float[] likeness, int frame) {
        double[] before = IntStream.range(frame - HISTORY, frame)
                .mapToDouble(earlier -> smoothed(likeness, earlier))
                .sorted()
                .toArray();
        double sum = 0;
        double squares = 0;
        int first = (int) (HISTORY * 0.2);
        int last = (int) (HISTORY * 0.8);
        for (int i = first; i < last; i++) {
            sum += before[i];
            squares += before[i] * before[i];
        }
        double mean = sum / (last - first);
        double deviation = Math.sqrt(Math.max(0, squares / (last - first) - mean * mean));
        return mean - 3 * Math.max(LEAST_SPREAD, deviation);
    }
}
