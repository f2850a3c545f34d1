// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.media.scale.Plane;

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
    private final byte[] found = new byte[SIDE * SIDE];
    private final Similarity similarity = new Similarity(SIDE);
    private LinearScaler scaler;
    private int scaledFrom;
    private byte[] structureNow = new byte[SIDE * SIDE];
    private byte[] structureBefore = new byte[SIDE * SIDE];
    private float[][] coloursBefore;

    /** The likeness; the largest there is for the first frame. */
    float next(Picture picture, byte[] grey) {
        float[][] colours = {counts(picture.blue()), counts(picture.green()), counts(picture.red())};
        if (scaler == null || scaledFrom != picture.width() * 65_536 + picture.height()) {
            scaler = new LinearScaler(picture.width(), picture.height(), SIDE, SIDE);
            scaledFrom = picture.width() * 65_536 + picture.height();
        }
        byte[] free = structureBefore;
        structureBefore = structureNow;
        structureNow = free;
        scaler.scale(Plane.packed(grey, picture.width(), picture.height()), structureNow);
        edges.find(structureNow, EDGE_LOW, EDGE_HIGH, found);
        for (int i = 0; i < found.length; i++) {
            structureNow[i] |= found[i];
        }
        double alike = 1;
        double structure = 1;
        if (coloursBefore != null) {
            alike = 0;
            for (int channel = 0; channel < 3; channel++) {
                alike += Histogram.correlation(colours[channel], coloursBefore[channel]) / 3;
            }
            structure = similarity.of(structureNow, structureBefore);
        }
        coloursBefore = colours;
        return (float) (OF_COLOURS * alike + OF_STRUCTURE * structure + AT_ZERO);
    }

    /** Counts of the levels 1 to 254, as shares of all pixels. */
    private static float[] counts(byte[] plane) {
        int[] levels = new int[256];
        for (byte value : plane) {
            levels[value & 0xff]++;
        }
        float[] shares = new float[254];
        for (int level = 1; level < 255; level++) {
            shares[level - 1] = (float) levels[level] / plane.length;
        }
        return shares;
    }
}
