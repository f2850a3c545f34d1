// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.Arrays;

/**
 * Likeness of a frame to the one before it, which falls below 0 within dissolves and wipes: a linear rule over the
 * correlation of colour histograms and the structural similarity (SSIM) of small grey pictures whose edges are drawn
 * in, with the weights that Koala-36M was given.
 */
final class SoftTransition {

    private static final double OF_COLOURS = 4.61480465;
    private static final double OF_STRUCTURE = 3.75211168;
    private static final double AT_ZERO = -5.485968377;
    private static final int SIDE = 128;
    private static final int EDGE_LOW = 100;
    private static final int EDGE_HIGH = 200;

    private final Edges edges = new Edges(SIDE, SIDE);
    private final int[] found = new int[SIDE * SIDE];
    private final Similarity similarity = new Similarity(SIDE);
    private LinearScaler scaler;
    private int[] structureNow = new int[SIDE * SIDE];
    private int[] structureBefore = new int[SIDE * SIDE];
    private float[] coloursBefore;

    /**
     * The likeness; the largest there is for the first frame.
     *
     * @param colours counts of the levels of blue, green and red
     */
    float next(int[][] colours, int[] grey, int width) {
        float[] coloursNow = shares(colours);
        int height = grey.length / width;
        if (scaler == null || !scaler.takes(width, height)) {
            scaler = new LinearScaler(width, height, SIDE, SIDE);
        }
        int[] free = structureBefore;
        structureBefore = structureNow;
        structureNow = free;
        scaler.scale(grey, structureNow);
        edges.find(structureNow, EDGE_LOW, EDGE_HIGH, found);
        for (int i = 0; i < found.length; i++) {
            structureNow[i] |= found[i];
        }
        double alike = 1;
        double structure = 1;
        if (coloursBefore != null) {
            alike = Histogram.correlation(coloursNow, coloursBefore);
            structure = similarity.of(structureNow, structureBefore);
        }
        coloursBefore = coloursNow;
        return (float) (OF_COLOURS * alike + OF_STRUCTURE * structure + AT_ZERO);
    }

    /** The levels 1 to 254 of all three colours in one row, as shares of all pixels. */
    private static float[] shares(int[][] colours) {
        float[] shares = new float[3 * 254];
        int to = 0;
        for (int[] levels : colours) {
            int pixels = Arrays.stream(levels).sum();
            for (int level = 1; level < 255; level++) {
                shares[to++] = (float) levels[level] / pixels;
            }
        }
        return shares;
    }
}
