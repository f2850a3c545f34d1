// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * How much blurred luma changes from frame to frame: the mean absolute difference in levels, as FFmpeg's vmafmotion
 * measures it, with its five weights of 15 bits, rows before columns; blurred values keep 7 bits below a level.
 */
final class Motion {

    private static final int BITS = 15;
    private static final int KEPT = 7;
    private static final int[] WEIGHTS = {1785, 8002, 13193, 8002, 1785};

    private int[][] lines = new int[5][0]; // the last five rows
    private int[][] shifted; // the blurred row, from two columns before to two after
    private int[] sums = new int[0]; // with a border of two
    private int[] now = new int[0];
    private int[] before;
    private int widthBefore;

    /** The change from the frame before; 0 for the first frame, and after a change of size. */
    float next(int[] luma, int width) {
        boolean follows = before != null && before.length == luma.length && widthBefore == width;
        widthBefore = width;
        if (!follows) {
            before = new int[luma.length];
            now = new int[luma.length];
            blur(luma, width, before);
            return 0;
        }
        blur(luma, width, now);
        float change = (float) ((double) Planes.sumOfDifferences(now, before) / ((long) luma.length << KEPT));
        int[] free = before;
        before = now;
        now = free;
        return change;
    }

    private void blur(int[] luma, int width, int[] blurred) {
        int height = luma.length / width;
        if (sums.length != width + 4) {
            sums = new int[width + 4];
            lines = new int[5][width];
            shifted = new int[5][width];
        }
        for (int y = 0; y < Math.min(2, height); y++) {
            System.arraycopy(luma, y * width, lines[y % 5], 0, width);
        }
        for (int y = 0; y < height; y++) {
            if (y + 2 < height) {
                System.arraycopy(luma, (y + 2) * width, lines[(y + 2) % 5], 0, width);
            }
            weigh(
                    lines[tap(y - 2, height) % 5],
                    lines[tap(y - 1, height) % 5],
                    lines[y % 5],
                    lines[tap(y + 1, height) % 5],
                    lines[tap(y + 2, height) % 5],
                    BITS - KEPT,
                    shifted[2]);
            System.arraycopy(shifted[2], 0, sums, 2, width);
            for (int side = 1; side <= 2; side++) {
                sums[2 - side] = sums[2 + tap(-side, width)];
                sums[width + 1 + side] = sums[2 + tap(width - 1 + side, width)];
            }
            for (int shift = 0; shift < 5; shift++) {
                System.arraycopy(sums, shift, shifted[shift], 0, width);
            }
            weigh(shifted[0], shifted[1], shifted[2], shifted[3], shifted[4], BITS, sums);
            System.arraycopy(sums, 0, blurred, y * width, width);
        }
    }

    /** The weighed sum of five lines, as long as the first of them. */
    private static void weigh(
            int[] first, int[] second, int[] third, int[] fourth, int[] fifth, int bits, int[] target) {
        int outer = WEIGHTS[0];
        int inner = WEIGHTS[1];
        int middle = WEIGHTS[2];
        for (int x = 0; x < first.length; x++) {
            target[x] = (outer * (first[x] + fifth[x]) + inner * (second[x] + fourth[x]) + middle * third[x]) >> bits;
        }
    }

    /** Mirrored at the beginning without repeating the border, at the end with it, as the filter does. */
    private static int tap(int position, int length) {
        int mirrored = Math.abs(position);
        return Math.max(0, Math.min(length - 1, mirrored >= length ? 2 * length - mirrored - 1 : mirrored));
    }
}
