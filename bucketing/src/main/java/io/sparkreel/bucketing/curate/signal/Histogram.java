// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/** Correlation of the histograms of brightness of a frame and the one before it. */
final class Histogram {

    private final int bins;
    private float[] before;

    Histogram(int bins) {
        this.bins = bins;
    }

    /**
     * Pearson's correlation with the frame before; 1 for the first frame.
     *
     * @param grey brightness of each pixel
     */
    float next(int[] grey) {
        float[] now = normalised(grey);
        float correlation = before == null ? 1 : (float) correlation(now, before);
        before = now;
        return correlation;
    }

    private float[] normalised(int[] grey) {
        int[] levels = Planes.counts(grey);
        float[] counts = new float[bins];
        for (int level = 0; level < 256; level++) {
            counts[level * bins / 256] += levels[level];
        }
        double squares = 0;
        for (float count : counts) {
            squares += (double) count * count;
        }
        double scale = squares > 0 ? 1 / Math.sqrt(squares) : 0;
        for (int bin = 0; bin < bins; bin++) {
            counts[bin] = (float) (counts[bin] * scale);
        }
        return counts;
    }

    /** Two histograms without any spread count as equal. */
    static double correlation(float[] one, float[] other) {
        double sumOne = 0;
        double sumOther = 0;
        double squaresOne = 0;
        double squaresOther = 0;
        double products = 0;
        for (int i = 0; i < one.length; i++) {
            sumOne += one[i];
            sumOther += other[i];
            squaresOne += (double) one[i] * one[i];
            squaresOther += (double) other[i] * other[i];
            products += (double) one[i] * other[i];
        }
        double share = 1.0 / one.length;
        double spread = (squaresOne - sumOne * sumOne * share) * (squaresOther - sumOther * sumOther * share);
        return Math.abs(spread) > Math.ulp(1.0) ? (products - sumOne * sumOther * share) / Math.sqrt(spread) : 1;
    }
}
