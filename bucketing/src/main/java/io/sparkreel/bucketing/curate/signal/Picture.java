// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * A picture in planes of one byte a pixel, row after row.
 *
 * @param width in pixels
 * @param height in pixels
 */
record Picture(int width, int height, byte[] blue, byte[] green, byte[] red) {

    Picture(int width, int height) {
        this(width, height, new byte[width * height], new byte[width * height], new byte[width * height]);
    }

    int pixels() {
        return width * height;
    }

    /** Brightness by BT.601 with weights of 15 bits, as OpenCV makes grey pictures. */
    void grey(byte[] target) {
        for (int i = 0; i < target.length; i++) {
            int sum = 3735 * (blue[i] & 0xff) + 19235 * (green[i] & 0xff) + 9798 * (red[i] & 0xff);
            target[i] = (byte) ((sum + (1 << 14)) >> 15);
        }
    }

    /** Brightness by BT.601 with weights of 14 bits, as OpenCV makes the Y of YUV. */
    void luma(byte[] target) {
        for (int i = 0; i < target.length; i++) {
            int sum = 1868 * (blue[i] & 0xff) + 9617 * (green[i] & 0xff) + 4899 * (red[i] & 0xff);
            target[i] = (byte) ((sum + (1 << 13)) >> 14);
        }
    }

    /** Mean of all values of all three planes. */
    double mean() {
        long sum = 0;
        for (int i = 0; i < blue.length; i++) {
            sum += (blue[i] & 0xff) + (green[i] & 0xff) + (red[i] & 0xff);
        }
        return (double) sum / (3L * blue.length);
    }
}
