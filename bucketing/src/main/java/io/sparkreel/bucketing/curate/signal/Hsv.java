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
    final int[] hue;
    final int[] saturation;
    final int[] value;

    Hsv(int width, int height) {
        this.width = width;
        this.height = height;
        this.hue = new int[width * height];
        this.saturation = new int[width * height];
        this.value = new int[width * height];
    }

    /** Takes over a picture of the same size. */
    void set(Picture picture) {
        int[] ranges = saturation;
        most(picture.blue(), picture.green(), picture.red(), value);
        ranges(picture.blue(), picture.green(), picture.red(), value, ranges);
        sixths(picture.blue(), picture.green(), picture.red(), value, ranges, hue);
        sixthsOfRed(picture.blue(), picture.green(), picture.red(), value, hue);
        scale();
    }

    // Choices are made by masks, which have all bits where a difference is negative, and none where it is not: such
    // loops become vectors, if they are short.

    private static void most(int[] blues, int[] greens, int[] reds, int[] most) {
        for (int i = 0; i < most.length; i++) {
            int green = greens[i];
            int over = green - reds[i];
            int greater = green - (over & (over >> 31));
            int rest = greater - blues[i];
            most[i] = greater - (rest & (rest >> 31));
        }
    }

    /** The greatest of the colours less the least of them. */
    private static void ranges(int[] blues, int[] greens, int[] reds, int[] most, int[] ranges) {
        for (int i = 0; i < ranges.length; i++) {
            int over = greens[i] - reds[i];
            int least = reds[i] + (over & (over >> 31));
            int rest = blues[i] - least;
            ranges[i] = most[i] - least - (rest & (rest >> 31));
        }
    }

    /** Hue in sixths of a turn, times the range, where red is not the greatest. */
    private static void sixths(int[] blues, int[] greens, int[] reds, int[] most, int[] ranges, int[] sixths) {
        for (int i = 0; i < sixths.length; i++) {
            int notGreen = (greens[i] - most[i]) >> 31;
            int ofGreen = blues[i] - reds[i] + 2 * ranges[i];
            int ofBlue = reds[i] - greens[i] + 4 * ranges[i];
            sixths[i] = ofGreen + ((ofBlue - ofGreen) & notGreen);
        }
    }

    /** The same where red is the greatest. */
    private static void sixthsOfRed(int[] blues, int[] greens, int[] reds, int[] most, int[] sixths) {
        for (int i = 0; i < sixths.length; i++) {
            int notRed = (reds[i] - most[i]) >> 31;
            int ofRed = greens[i] - blues[i];
            sixths[i] = ofRed + ((sixths[i] - ofRed) & notRed);
        }
    }

    private void scale() {
        int[] hues = hue;
        int[] saturations = saturation;
        int[] values = value;
        for (int i = 0; i < hues.length; i++) {
            int range = saturations[i] & 0xff;
            int turned = (hues[i] * HUE[range] + HALF) >> BITS;
            hues[i] = turned + ((turned >> 31) & 180);
            saturations[i] = (range * SATURATION[values[i] & 0xff] + HALF) >> BITS;
        }
    }
}
