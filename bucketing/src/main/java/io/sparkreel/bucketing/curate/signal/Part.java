// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.media.FootageReader;
import io.sparkreel.bucketing.media.MediaException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Where a part of a video begins and ends, in units of the video's time base.
 *
 * @param firstPts when the first frame of the video is shown; not used of the first part, which has that frame
 * @param from when the first frame of the part is shown at the earliest; {@link Long#MIN_VALUE} in the first part
 * @param until when the first frame after the part is shown at the earliest; {@link Long#MAX_VALUE} in the last part
 */
public record Part(long firstPts, long from, long until) {

    /** All of a video. */
    public static final Part WHOLE = new Part(0, Long.MIN_VALUE, Long.MAX_VALUE);

    /** Whether no frame comes before the part. */
    public boolean isFirst() {
        return from == Long.MIN_VALUE;
    }

    /** Whether no frame comes after the part. */
    public boolean isLast() {
        return until == Long.MAX_VALUE;
    }

    /** Whether the part is all of the video. */
    public boolean isWhole() {
        return isFirst() && isLast();
    }

    /**
     * Splits a long video into parts of about equal length. Each begins just behind a keyframe, which is then the one frame
     * before it that is decoded twice. A video whose container has no index stays whole.
     *
     * @param reader that has not read yet; it cannot be read from afterwards
     * @param seconds how long a part may be
     * @return the parts, in order, without a gap between them
     * @throws MediaException when not one frame can be decoded
     */
    public static List<Part> plan(FootageReader reader, double seconds) throws MediaException, IOException {
        SignalPass.requireFrame(reader);
        long first = reader.pts();
        double duration = reader.duration();
        int count = (int) Math.ceil(duration / seconds);
        if (count < 2) {
            return List.of(WHOLE);
        }
        double ticks = duration * reader.timeBaseDenominator() / reader.timeBaseNumerator();
        long[] times = new long[count - 1];
        for (int i = 1; i < count; i++) {
            times[i - 1] = first + (long) (ticks * i / count);
        }
        List<Part> parts = new ArrayList<>();
        long from = Long.MIN_VALUE;
        for (long key : reader.keyframesBefore(times)) {
            if (key > first) {
                parts.add(new Part(first, from, key + 1));
                from = key + 1;
            }
        }
        parts.add(new Part(first, from, Long.MAX_VALUE));
        return parts;
    }
}
