// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.media.scale.PillowResize;
import java.util.Arrays;

/** Hashes of 64 bits that look-alikes share most of, equal to those of the imagehash library. */
final class PerceptualHash {

    private static final int SIDE = 32;
    private static final Cosines COSINES = new Cosines(SIDE, 8, false);

    private PerceptualHash() {}

    /** pHash: the lowest 8 by 8 frequencies of 32 by 32 pixels against their median; row by row, the first bit highest. */
    static long phash(int[] grey, int width) {
        byte[] small = PillowResize.LANCZOS.resizeGrey(bytes(grey), grey.length / width, width, SIDE, SIDE);
        double[] values = new double[small.length];
        for (int i = 0; i < values.length; i++) {
            values[i] = small[i] & 0xff;
        }
        return bits(aboveMedian(COSINES.transform(values)));
    }

    /** dHash: whether a pixel of 9 by 8 is brighter than the one to its left; order as above. */
    static long dhash(int[] grey, int width) {
        byte[] small = PillowResize.LANCZOS.resizeGrey(bytes(grey), grey.length / width, width, 8, 9);
        boolean[] brighter = new boolean[64];
        for (int y = 0; y < 8; y++) {
            for (int x = 0; x < 8; x++) {
                brighter[8 * y + x] = (small[9 * y + x + 1] & 0xff) > (small[9 * y + x] & 0xff);
            }
        }
        return bits(brighter);
    }

    /** Brightness by ITU-R 601 in 16 bits, as Pillow rounds it. */
    static int[] grey(Picture picture) {
        int[] grey = new int[picture.pixels()];
        picture.pillowGrey(grey);
        return grey;
    }

    private static byte[] bytes(int[] plane) {
        byte[] bytes = new byte[plane.length];
        for (int i = 0; i < plane.length; i++) {
            bytes[i] = (byte) plane[i];
        }
        return bytes;
    }

    static boolean[] aboveMedian(double[] values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        int half = sorted.length / 2;
        double median = sorted.length % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
        boolean[] above = new boolean[values.length];
        for (int i = 0; i < above.length; i++) {
            above[i] = values[i] > median;
        }
        return above;
    }

    private static long bits(boolean[] set) {
        long bits = 0;
        for (boolean bit : set) {
            bits = bits << 1 | (bit ? 1 : 0);
        }
        return bits;
    }
}
