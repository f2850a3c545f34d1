// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.Set;

/** What can be measured of frames. When frames are shown, and which are keyframes or damaged, is always known. */
public enum Signal {
    /** {@link FrameSignals#hue}, {@link FrameSignals#saturation} and {@link FrameSignals#value}. */
    CONTENT,
    /** {@link FrameSignals#edges}; takes as long as all others together. */
    EDGES,
    /** {@link FrameSignals#histogram}. */
    HISTOGRAM,
    /** {@link FrameSignals#hash}. */
    HASH,
    /** {@link FrameSignals#soft}. */
    SOFT,
    /** {@link FrameSignals#colour}. */
    COLOUR,
    /** {@link FrameSignals#luma}, {@link FrameSignals#dark}, {@link FrameSignals#bright}, {@link FrameSignals#black}. */
    LUMA,
    /** {@link FrameSignals#still}. */
    STILL,
    /** {@link FrameSignals#motion}. */
    MOTION,
    /** {@link FrameSignals#samples}. */
    SAMPLES;

    /** Signals of every picture in which shots are found. */
    static final Set<Signal> OF_PICTURE = Set.of(CONTENT, EDGES, HISTOGRAM, HASH, SOFT, COLOUR);

    /** Signals of the planes as they were decoded. */
    static final Set<Signal> OF_PLANES = Set.of(LUMA, STILL, MOTION);
}
