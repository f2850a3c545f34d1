// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.ArrayList;
import java.util.List;

/** Stretches of black and of frozen frames, by FFmpeg's rules. */
public final class Intervals {

    private Intervals() {}

    /**
     * A stretch of frames.
     *
     * @param from its first frame
     * @param until the first frame after it; the number of frames where it lasts to the end
     */
    public record Interval(int from, int until) {

        /** Frames of this stretch within [from, until). */
        public int within(int from, int until) {
            return Math.max(0, Math.min(until, this.until) - Math.max(from, this.from));
        }
    }

    /**
     * Black frames that follow each other.
     *
     * @param share of black pixels from which a frame is black
     * @param seconds least time from the first of them to the frame after them, or to the last frame of the video
     */
    public static List<Interval> black(FrameSignals signals, double share, double seconds) {
        signals.require(Signal.LUMA);
        List<Interval> found = new ArrayList<>();
        int from = -1;
        for (int frame = 0; frame < signals.frames(); frame++) {
            boolean black = signals.black()[frame] >= (float) share;
            if (black && from < 0) {
                from = frame;
            } else if (!black && from >= 0) {
                add(found, signals.timeline(), from, frame, seconds);
                from = -1;
            }
        }
        if (from >= 0) {
            add(found, signals.timeline(), from, signals.frames(), seconds);
        }
        return found;
    }

    /**
     * Frames that are the same but for noise, from the one that moved last.
     *
     * @param noise share of 256 up to which frames are the same; the one that the signals were taken with
     * @param seconds least time from the first of them to the frame after them, or to the last frame of the video
     */
    public static List<Interval> frozen(FrameSignals signals, double noise, double seconds) {
        signals.require(Signal.STILL);
        List<Interval> found = new ArrayList<>();
        int from = 0;
        for (int frame = 1; frame <= signals.frames(); frame++) {
            if (frame == signals.frames() || signals.still()[frame] > (float) noise) {
                if (frame < signals.frames() || frame - from > 1) {
                    add(found, signals.timeline(), from, frame, seconds);
                }
                from = frame;
            }
        }
        return found;
    }

    private static void add(List<Interval> found, Timeline timeline, int from, int until, double seconds) {
        double end = timeline.seconds(Math.min(until, timeline.frames() - 1));
        if (end - timeline.seconds(from) >= seconds - 1e-6) {
            found.add(new Interval(from, until));
        }
    }
}
