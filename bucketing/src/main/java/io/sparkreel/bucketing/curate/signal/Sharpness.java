// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/** Variance of the Laplacian of grey (four neighbours, mirrored at the border without repeating it), as OpenCV has it. */
final class Sharpness {

    /** Rows after which squares of the largest values might not fit into an int. */
    private static final int ROWS = 1024;

    private Sharpness() {}

    static double variance(int[] grey, int width) {
        int height = grey.length / width;
        int[] sums = new int[width];
        int[] squares = new int[width];
        int[] above = new int[width];
        int[] here = new int[width];
        int[] below = new int[width];
        int[] left = new int[width];
        int[] right = new int[width];
        long sum = 0;
        long squared = 0;
        for (int y = 0; y < height; y++) {
            int from = y * width;
            System.arraycopy(grey, mirrored(y - 1, height) * width, above, 0, width);
            System.arraycopy(grey, from, here, 0, width);
            System.arraycopy(grey, mirrored(y + 1, height) * width, below, 0, width);
            System.arraycopy(here, 0, left, 1, width - 1);
            System.arraycopy(here, 1, right, 0, width - 1);
            left[0] = here[mirrored(-1, width)];
            right[width - 1] = here[mirrored(width, width)];
            for (int x = 0; x < width; x++) {
                int value = above[x] + below[x] + left[x] + right[x] - 4 * here[x];
                sums[x] += value;
                squares[x] += value * value;
            }
            if (y % ROWS == ROWS - 1 || y == height - 1) {
                for (int x = 0; x < width; x++) {
                    sum += sums[x];
                    squared += squares[x];
                    sums[x] = 0;
                    squares[x] = 0;
                }
            }
        }
        double mean = (double) sum / grey.length;
        return (double) squared / grey.length - mean * mean;
    }

    /** The position within 0 to length - 1 that lies as far on the other side of the border. */
    private static int mirrored(int position, int length) {
        if (length == 1) {
            return 0;
        }
        return position < 0 ? -position : position >= length ? 2 * length - 2 - position : position;
    }
}
