// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * Hue (0 to 180), saturation and value (0 to 255) of a picture in 8 bits, by OpenCV's tables of 12 fractional bits, to
 * which it is equal in every value.
 */
final class Hsv {

    private static final int BITS = 12;
    private static final int HALF = 1 << (BITS - 1);
    private static final int[] SATURATION = table(255.0);
    private static final int[] HUE = table(180.0 / 6);

    private static int[] table(double full) {
        int[] table = new int[256];
        for (int i = 1; i < 256; i++) {
            table[i] = (int) Math.rint(full * (1 << BITS) / i);
        }
        return table;
    }

    final int width;
    final int height;
    final byte[] hue;
    final byte[] saturation;
    final byte[] value;

    Hsv(int width, int height) {
        this.width = width;
        this.height = height;
        this.hue = new byte[width * height];
        this.saturation = new byte[width * height];
        this.value = new byte[width * height];
    }

    /** Takes over a picture of the same size. */
    void set(Picture picture) {
        byte[] blues = picture.blue();
        byte[] greens = picture.green();
        byte[] reds = picture.red();
        for (int i = 0; i < value.length; i++) {
            int blue = blues[i] & 0xff;
            int green = greens[i] & 0xff;
            int red = reds[i] & 0xff;
            int most = Math.max(blue, Math.max(green, red));
            int range = most - Math.min(blue, Math.min(green, red));
            int sixths = most == red ? green - blue : most == green ? blue - red + 2 * range : red - green + 4 * range;
            int turned = (sixths * HUE[range] + HALF) >> BITS;
            hue[i] = (byte) (turned < 0 ? turned + 180 : turned);
            saturation[i] = (byte) ((range * SATURATION[most] + HALF) >> BITS);
            value[i] = (byte) most;
        }
    }
}
