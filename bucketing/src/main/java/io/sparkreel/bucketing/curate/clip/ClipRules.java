// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.clip;

import io.sparkreel.bucketing.curate.shot.Shot;
import io.sparkreel.bucketing.curate.shot.Shot.Edge;
import io.sparkreel.bucketing.curate.signal.FrameSignals;
import io.sparkreel.bucketing.curate.signal.Intervals.Interval;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * What of a shot becomes a clip.
 *
 * @param trimSeconds time that is taken off where a shot begins or ends, but at the ends of the video
 * @param longestSeconds longer shots are split evenly; infinite: never
 * @param snapFrames a clip begins at a keyframe that lies up to so many frames after its beginning
 */
public record ClipRules(double trimSeconds, double longestSeconds, int snapFrames) {

    /** The clips of a shot, in order; none where trimming leaves nothing. */
    public List<Shot> clips(Shot shot, FrameSignals signals) {
        int from = shot.frames().from();
        int until = shot.frames().until();
        if (shot.begins() != Edge.EDGE) {
            from = after(signals, from, until);
        }
        if (shot.ends() != Edge.EDGE) {
            until = before(signals, from, until);
        }
        List<Shot> clips = new ArrayList<>();
        if (from >= until) {
            return clips;
        }
        // Seconds are rounded to microseconds at both ends.
        int pieces = (int) Math.max(1, Math.ceil((seconds(signals, from, until) - 2e-6) / longestSeconds));
        for (int piece = 0; piece < pieces; piece++) {
            int begin = from + (int) ((long) (until - from) * piece / pieces);
            int end = from + (int) ((long) (until - from) * (piece + 1) / pieces);
            int snapped = snapped(signals, begin, end);
            if (snapped < end) {
                clips.add(new Shot(
                        new Interval(snapped, end),
                        piece == 0 ? shot.begins() : Edge.LENGTH,
                        piece == pieces - 1 ? shot.ends() : Edge.LENGTH));
            }
        }
        return clips;
    }

    /** Time from the beginning of a frame to the end of the last one. */
    static double seconds(FrameSignals signals, int from, int until) {
        double frame = 1 / signals.timeline().fps();
        if (until < signals.frames()) {
            return signals.timeline().seconds(until) - signals.timeline().seconds(from);
        }
        return signals.timeline().seconds(until - 1) - signals.timeline().seconds(from) + frame;
    }

    private int after(FrameSignals signals, int from, int until) {
        int frame = from;
        double begin = signals.timeline().seconds(from);
        while (frame < until && signals.timeline().seconds(frame) - begin < trimSeconds - 1e-6) {
            frame++;
        }
        return frame;
    }

    private int before(FrameSignals signals, int from, int until) {
        int frame = until;
        while (frame > from && seconds(signals, frame, until) < trimSeconds - 1e-6) {
            frame--;
        }
        return frame;
    }

    private int snapped(FrameSignals signals, int begin, int end) {
        int at = Arrays.binarySearch(signals.keyframes(), begin);
        int next = at >= 0 ? at : -at - 1;
        boolean near = next < signals.keyframes().length && signals.keyframes()[next] <= begin + snapFrames;
        return near && signals.keyframes()[next] < end ? signals.keyframes()[next] : begin;
    }
}
