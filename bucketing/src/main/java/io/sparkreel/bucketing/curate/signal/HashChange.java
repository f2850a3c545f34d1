// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * Share of the bits that differ between the perceptual hashes of a frame and of the one before it, as PySceneDetect's
 * hash detector takes it: the lowest coefficients of a picture's cosine transform, against their median.
 */
final class HashChange {

    private final int side;
    private final Cosines cosines;
    private AreaScaler scaler;
    private int scaledFrom;
    private boolean[] before;

    /**
     * Of hashes of {@code size} by {@code size} bits.
     *
     * @param lowpass how many times as long the sides of the transformed picture are
     */
    HashChange(int size, int lowpass) {
        this.side = size * lowpass;
        this.cosines = new Cosines(side, size, true);
    }

    /** The share of bits that differ from the frame before, 0 to 1; 0 for the first frame. */
    float next(int[] grey, int width) {
        boolean[] now = hash(grey, width);
        int differing = 0;
        for (int i = 0; before != null && i < now.length; i++) {
            differing += now[i] != before[i] ? 1 : 0;
        }
        before = now;
        return (float) differing / now.length;
    }

    private boolean[] hash(int[] grey, int width) {
        int height = grey.length / width;
        if (scaler == null || scaledFrom != width * 65_536 + height) {
            scaler = new AreaScaler(width, height, side, side);
            scaledFrom = width * 65_536 + height;
        }
        int[] small = scaler.scale(grey);
        int most = 0;
        for (int value : small) {
            most = Math.max(most, value);
        }
        double[] values = new double[small.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) small[i] / (most == 0 ? 1 : most);
        }
        return PerceptualHash.aboveMedian(cosines.transform(values));
    }
}
