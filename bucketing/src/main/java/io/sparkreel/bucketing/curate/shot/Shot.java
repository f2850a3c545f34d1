// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.shot;

import io.sparkreel.bucketing.curate.signal.Intervals.Interval;
import java.util.Locale;

/**
 * Frames of one view.
 *
 * @param frames the stretch
 * @param begins what lies before it
 * @param ends what lies behind it
 */
public record Shot(Interval frames, Edge begins, Edge ends) {

    /** Why a shot begins or ends. */
    public enum Edge {
        /** The video does. */
        EDGE,
        /** One picture is followed by another. */
        CUT,
        /** The picture goes to black, or comes from it. */
        FADE,
        /** One picture becomes another. */
        DISSOLVE,
        /** Black frames. */
        BLACK,
        /** Frozen frames. */
        FROZEN,
        /** A longer shot was split. */
        LENGTH;

        /** The word in tables. */
        public String tableValue() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** Frames of the shot. */
    public int length() {
        return frames.until() - frames.from();
    }
}
