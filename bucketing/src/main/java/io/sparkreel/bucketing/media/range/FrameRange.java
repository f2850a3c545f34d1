// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.range;

import io.sparkreel.bucketing.InvalidInputException;
import java.io.Serializable;
import java.util.Locale;

/**
 * A range of the frames of a film, counted as they are shown, from 0.
 *
 * @param start the first frame
 * @param end the frame after the last
 */
public record FrameRange(int start, int end) implements Serializable {

    private static final long serialVersionUID = 1L;

    public FrameRange {
        if (start < 0 || end <= start) {
            throw new InvalidInputException(
                    String.format(Locale.ROOT, "frames %d to %d are no range: 0 <= start < end", start, end));
        }
    }

    /** Number of frames. */
    public int length() {
        return end - start;
    }
}
