// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * How much blurred luma changes from frame to frame: the mean absolute difference in levels, as FFmpeg's vmafmotion
 * measures it, with its five weights of 15 bits,
 * rows before columns; blurred values keep 7 bits below a level.
 */
final class Motion {

    private static final int BITS = 15;
    private static final int KEPT = 7;
    private static final int[] WEIGHTS = {1785, 8002, 13193, 8002, 1785};

    private int[] sums = new int[0];
    private int[][] lines; // the last five rows
    private short[] now = new short[0];
    private short[] before;

    /** The change from the frame before; 0 for the first frame. */
    float next(byte[] luma, int width) {
        if (before == null || before.length != luma.length) {
            now = new short[luma.length];
            blur(luma, width);
            before = now;
            now = new short[luma.length];
            return 0;
        }
        blur(luma, width);
        long sum = 0;
        for (int i = 0; i < now.length; i++) {
            sum += Math.abs(now[i] - before[i]);
        }
        float change = (float) ((double) sum / ((long) luma.length << KEPT));
        short[] free = before;
        before = now;
        now = free;
        return change;
    }

    private void blur(byte[] luma, int width) {
        int height = luma.length / width;
        if (sums.length != width + 4) {
            sums = new int[width + 4];
            lines = new int[5][width];
        }
        for (int y = 0; y < Math.min(2, height); y++) {
            widen(luma, y, width);
        }
        for (int y = 0; y < height; y++) {
            if (y + 2 < height) {
                widen(luma, y + 2, width);
            }
            blurRows(
                    lines[tap(y - 2, height) % 5],
                    lines[tap(y - 1, height) % 5],
                    lines[y % 5],
                    lines[tap(y + 1, height) % 5],
                    lines[tap(y + 2, height) % 5],
                    width);
            for (int side = 1; side <= 2; side++) {
                sums[2 - side] = sums[2 + tap(-side, width)];
                sums[width + 1 + side] = sums[2 + tap(width - 1 + side, width)];
            }
            int to = y * width;
            for (int x = 0; x < width; x++) {
                now[to + x] = (short) ((WEIGHTS[0] * (sums[x] + sums[x + 4])
                                + WEIGHTS[1] * (sums[x + 1] + sums[x + 3])
                                + WEIGHTS[2] * sums[x + 2])
                        >> BITS);
            }
        }
    }

    private void widen(byte[] luma, int y, int width) {
        int[] line = lines[y % 5];
        for (int x = 0; x < width; x++) {
            line[x] = luma[y * width + x] & 0xff;
        }
    }

    private void blurRows(int[] first, int[] second, int[] third, int[] fourth, int[] fifth, int width) {
        int outer = WEIGHTS[0];
        int inner = WEIGHTS[1];
        int middle = WEIGHTS[2];
        for (int x = 0; x < width; x++) {
            sums[x + 2] = (outer * (first[x] + fifth[x]) + inner * (second[x] + fourth[x]) + middle * third[x])
                    >> (BITS - KEPT);
        }
    }

    /** Mirrored at the beginning without repeating the border, at the end with it, as the filter does. */
    private static int tap(int position, int length) {
        int mirrored = Math.abs(position);
        return Math.max(0, Math.min(length - 1, mirrored >= length ? 2 * length - mirrored - 1 : mirrored));
    }
}
