// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.InvalidInputException;
import java.util.Locale;

/**
 * What is kept of every frame of a video: enough to cut and to judge it again without opening the file. All arrays have
 * one entry a frame, but those of {@link Samples}, and those of signals that were not measured, which are empty.
 *
 * @param timeline when frames are shown
 * @param width of frames as displayed, in decoded pixels
 * @param height of frames as displayed, in decoded pixels
 * @param hue mean change of hue from the frame before, 0 to 180
 * @param saturation mean change of saturation from the frame before, 0 to 255
 * @param value mean change of value (the largest of red, green and blue) from the frame before, 0 to 255
 * @param edges mean change of edges from the frame before, 0 to 255; empty where they were not asked for
 * @param histogram correlation of brightness histograms with the frame before, -1 to 1
 * @param hash share of bits of the perceptual hash that differ from the frame before, 0 to 1
 * @param soft likeness to the frame before by colours and structure, below 0 in transitions; empty where it was not
 *     asked for
 * @param colour mean of red, green and blue, 0 to 255
 * @param luma mean luma, 0 to 255
 * @param dark 10th percentile of luma
 * @param bright 90th percentile of luma
 * @param black share of black pixels, 0 to 1
 * @param still distance from the last frame that moved, as a share of 256
 * @param motion mean change of blurred luma from the frame before, in levels
 * @param keyframes the frames that can be decoded without others, ascending
 * @param damaged the frames that are damaged, or decoded from damaged ones, ascending
 * @param samples what was measured of fewer frames
 */
public record FrameSignals(
        Timeline timeline,
        int width,
        int height,
        float[] hue,
        float[] saturation,
        float[] value,
        float[] edges,
        float[] histogram,
        float[] hash,
        float[] soft,
        float[] colour,
        float[] luma,
        byte[] dark,
        byte[] bright,
        float[] black,
        float[] still,
        float[] motion,
        int[] keyframes,
        int[] damaged,
        Samples samples) {

    /** Frames of the video. */
    public int frames() {
        return timeline.frames();
    }

    /** Whether a signal was measured; of no frames, all were. */
    public boolean has(Signal signal) {
        int values = switch (signal) {
            case CONTENT -> hue.length;
            case EDGES -> edges.length;
            case HISTOGRAM -> histogram.length;
            case HASH -> hash.length;
            case SOFT -> soft.length;
            case COLOUR -> colour.length;
            case LUMA -> luma.length;
            case STILL -> still.length;
            case MOTION -> motion.length;
            case SAMPLES -> samples.frame().length;
        };
        return values > 0 || frames() == 0;
    }

    /** Refuses to go on without a signal. */
    public void require(Signal signal) {
        if (!has(signal)) {
            throw new InvalidInputException("Cannot use " + signal.name().toLowerCase(Locale.ROOT)
                    + " of frames: it was not measured. Leave out what needs it, or analyse the videos again with it.");
        }
    }

    /**
     * What is measured twice a second, at full size.
     *
     * @param frame which frames, ascending
     * @param left first column that is brighter than bars; the width where there is none
     * @param right last such column; -1 where there is none
     * @param top first such row; the height where there is none
     * @param bottom last such row; -1 where there is none
     * @param sharpness variance of the Laplacian of grey at a fixed short side
     * @param combed 1 where a frame holds two fields of different times, 0 where it does not, -1 where nothing tells
     * @param phash perceptual hash
     */
    public record Samples(
            int[] frame,
            int[] left,
            int[] right,
            int[] top,
            int[] bottom,
            float[] sharpness,
            byte[] combed,
            long[] phash) {}
}
