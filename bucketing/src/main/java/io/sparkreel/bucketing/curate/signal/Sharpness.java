// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/** Variance of the Laplacian of grey (four neighbours, mirrored at the border without repeating it), as OpenCV has it. */
final class Sharpness {

    private Sharpness() {}

    static double variance(byte[] grey, int width) {
        int height = grey.length / width;
        long sum = 0;
        long squares = 0;
        for (int y = 0; y < height; y++) {
            int above = mirrored(y - 1, height) * width;
            int here = y * width;
            int below = mirrored(y + 1, height) * width;
            for (int x = 0; x < width; x++) {
                int value = (grey[above + x] & 0xff)
                        + (grey[below + x] & 0xff)
                        + (grey[here + mirrored(x - 1, width)] & 0xff)
                        + (grey[here + mirrored(x + 1, width)] & 0xff)
                        - 4 * (grey[here + x] & 0xff);
                sum += value;
                squares += (long) value * value;
            }
        }
        double mean = (double) sum / grey.length;
        return (double) squares / grey.length - mean * mean;
    }

    /** The position within 0 to length - 1 that lies as far on the other side of the border. */
    static int mirrored(int position, int length) {
        if (length == 1) {
            return 0;
        }
        return position < 0 ? -position : position >= length ? 2 * length - 2 - position : position;
    }
}
