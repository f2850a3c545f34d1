// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.io.Serializable;

/**
 * What is measured of frames, and how. Whoever changes one of these has to open the videos again.
 *
 * @param shotSize longest side of the pictures that shots are found in, in pixels; 0: as decoded
 * @param signalSize longest side of the planes that the other signals are taken of, in pixels; 0: as decoded
 * @param edges whether changes of edges are measured
 * @param soft whether the likeness that tells soft transitions is measured
 * @param blackLevel share of the way from black to white up to which a pixel is black
 * @param noise share of 256 up to which a frame counts as the same as another
 * @param barLimit mean luma up to which a row or column belongs to a bar
 */
public record SignalOptions(
        int shotSize, int signalSize, boolean edges, boolean soft, double blackLevel, double noise, int barLimit)
        implements Serializable {

    private static final long serialVersionUID = 1L;

    /** Longest side by default. */
    public static final int SIZE = 256;

    /** Everything but edges, of small pictures, with the levels that FFmpeg's filters have. */
    public static final SignalOptions DEFAULT = new SignalOptions(SIZE, SIZE, false, true, 0.10, 0.001, 24);
}
