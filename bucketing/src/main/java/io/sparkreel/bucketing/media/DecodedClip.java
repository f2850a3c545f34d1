// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import io.sparkreel.bucketing.media.range.Excerpt;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Locale;
import java.util.function.IntFunction;

/**
 * All frames of a clip up to the first that cannot be decoded.
 *
 * @param frames those frames, some of which may be damaged
 * @param damaged the numbers of those that are
 * @param end why no more could be decoded, null where the clip ends there
 */
public record DecodedClip(PixelClip frames, BitSet damaged, MediaException end) {

    /**
     * The frames that {@link ClipReader#read(MediaSource, MediaKind, Excerpt, int, IntFunction, ClipReader.Target)} gives of the
     * same clip.
     *
     * @throws MediaException when it throws one
     */
    public PixelClip select(int counted, IntFunction<int[]> choice) throws MediaException {
        int[] indices = choice.apply(counted);
        requireUndamaged(indices);
        if (max(indices) >= frames.frames()) {
            if (end != null) {
                throw end;
            }
            indices = ClipReader.amongFewer(counted, frames.frames(), choice);
            requireUndamaged(indices);
        }
        int frameValues = 3 * frames.height() * frames.width();
        float[] values = new float[indices.length * frameValues];
        for (int i = 0; i < indices.length; i++) {
            System.arraycopy(frames.values(), indices[i] * frameValues, values, i * frameValues, frameValues);
        }
        return new PixelClip(values, indices.length, frames.height(), frames.width());
    }

    private void requireUndamaged(int[] indices) throws MediaException {
        int first = Arrays.stream(indices).filter(damaged::get).min().orElse(-1);
        if (first >= 0) {
            throw damage(first);
        }
    }

    private static int max(int[] indices) {
        return Arrays.stream(indices).max().orElseThrow();
    }

    static MediaException damage(int index) {
        return new MediaException(MediaProblem.DECODE_ERROR, String.format(Locale.ROOT, "frame %d is damaged", index));
    }
}
