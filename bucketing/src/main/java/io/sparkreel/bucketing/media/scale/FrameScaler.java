// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.scale;

/** Brings pictures of one source size to one target size. */
public interface FrameScaler {

    /**
     * Resizes, crops and normalises one picture.
     *
     * @param rgb [source height, source width, 3]
     * @param target receives [3, target height, target width] in [-1, 1]
     * @param offset where in {@code target}
     */
    void scale(byte[] rgb, float[] target, int offset);

    /** Rows of the source that {@link #scale} looks at; null: all. */
    default boolean[] rows() {
        return null;
    }
}
