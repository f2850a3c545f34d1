// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.media.scale.Plane;

/**
 * A picture in planes as {@link Planes} has them.
 *
 * @param width in pixels
 * @param height in pixels
 */
record Picture(int width, int height, int[] blue, int[] green, int[] red) {

    Picture(int width, int height) {
        this(width, height, new int[width * height], new int[width * height], new int[width * height]);
    }

    /** Of blue, green and red in their own size. */
    static Picture of(Plane[] bgr) {
        Picture picture = new Picture(bgr[0].width(), bgr[0].height());
        bgr[0].pack(picture.blue);
        bgr[1].pack(picture.green);
        bgr[2].pack(picture.red);
        return picture;
    }

    int pixels() {
        return width * height;
    }

    /** Brightness by BT.601 with weights of 15 bits, as OpenCV makes grey pictures. */
    void grey(int[] target) {
        brightness(3735, 19235, 9798, 15, target);
    }

    /** Brightness by BT.601 with weights of 14 bits, as OpenCV makes the Y of YUV. */
    void luma(int[] target) {
        brightness(1868, 9617, 4899, 14, target);
    }

    /** Brightness by ITU-R 601 with weights of 16 bits, as Pillow makes grey pictures. */
    void pillowGrey(int[] target) {
        brightness(7471, 38470, 19595, 16, target);
    }

    private void brightness(int ofBlue, int ofGreen, int ofRed, int bits, int[] target) {
        int[] blues = blue;
        int[] greens = green;
        int[] reds = red;
        int half = 1 << (bits - 1);
        for (int i = 0; i < target.length; i++) {
            target[i] = (ofBlue * blues[i] + ofGreen * greens[i] + ofRed * reds[i] + half) >> bits;
        }
    }
}
