// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.range;

import io.sparkreel.bucketing.InvalidInputException;
import java.util.Arrays;
import java.util.Locale;

/**
 * When each frame of a film is shown, in seconds since its first.
 *
 * <p>Numbers in a table have few digits: 1/30 s stands there as 0.03 or 0.033. So a frame that is shown up to 5 ms
 * before a second counts as shown at it, or up to a quarter of the time until the next frame, if that is less.
 */
public final class FrameTimes {

    private static final double LATEST = 0.005;

    private final double[] seconds;
    private final double end;

    /**
     * @param seconds ascending, from 0
     * @param end when the film ends
     */
    public FrameTimes(double[] seconds, double end) {
        this.seconds = seconds.clone();
        this.end = end;
    }

    /** Number of frames. */
    public int frames() {
        return seconds.length;
    }

    /**
     * The frames that are shown at {@code start} or later, and before {@code end}.
     *
     * @throws InvalidInputException when there are none, or the film ends before {@code end}
     */
    public FrameRange between(double start, double end) {
        if (end > this.end + LATEST) {
            throw new InvalidInputException(
                    String.format(Locale.ROOT, "%s s to %s s: the film ends at %.3f s", start, end, this.end));
        }
        int first = firstFrom(start);
        int last = firstFrom(end);
        if (last <= first) {
            throw new InvalidInputException(
                    String.format(Locale.ROOT, "no frame is shown from %s s to %s s", start, end));
        }
        return new FrameRange(first, last);
    }

    /** The first frame that is shown at this second or later. */
    private int firstFrom(double second) {
        int found = Arrays.binarySearch(seconds, second - LATEST);
        int frame = found >= 0 ? found : -found - 1;
        while (frame < seconds.length && seconds[frame] < second - tolerance(frame)) {
            frame++;
        }
        return frame;
    }

    private double tolerance(int frame) {
        double next = frame + 1 < seconds.length ? seconds[frame + 1] : end;
        return Math.min(LATEST, (next - seconds[frame]) / 4);
    }
}
