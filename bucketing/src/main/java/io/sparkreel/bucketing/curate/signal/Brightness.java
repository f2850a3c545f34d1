// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * How luma is spread over one picture, by the counts of its levels.
 *
 * @param counts pixels of each level, [256]
 * @param pixels their sum
 */
record Brightness(int[] counts, int pixels) {

    static Brightness of(int[] luma) {
        return new Brightness(Planes.counts(luma), luma.length);
    }

    double mean() {
        return (double) Planes.sum(counts) / pixels;
    }

    /** The level that so many percent of the pixels do not exceed, as FFmpeg's signalstats counts. */
    int percentile(int percent) {
        long wanted = (long) Math.rint(pixels * percent / 100.0);
        long below = 0;
        for (int level = 0; level < 255; level++) {
            below += counts[level];
            if (below >= wanted) {
                return level;
            }
        }
        return 255;
    }

    /**
     * Share of black pixels, as FFmpeg's blackdetect counts them.
     *
     * @param share of the way from black to white up to which a pixel is black
     * @param fullRange whether black is 0 and white 255, or 16 and 235
     */
    double black(double share, boolean fullRange) {
        int most = (int) (fullRange ? share * 255 : 16 + share * 219);
        long black = 0;
        for (int level = 0; level <= most; level++) {
            black += counts[level];
        }
        return (double) black / pixels;
    }
}
