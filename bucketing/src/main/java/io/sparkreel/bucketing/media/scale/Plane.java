// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.scale;

/**
 * A view of 8-bit samples as they are shown: sample (x, y) is {@code values[offset + x * columnStep + y * rowStep]},
 * unsigned. Steps may be negative or exchanged, where a picture is turned for display.
 *
 * @param values shared with whoever made the view, and valid as long as that one says
 * @param width in samples
 * @param height in samples
 */
public record Plane(byte[] values, int offset, int columnStep, int rowStep, int width, int height) {

    /** Samples row after row. */
    public static Plane packed(byte[] values, int width, int height) {
        return new Plane(values, 0, 1, width, width, height);
    }

    /** The sample at a place, 0 to 255. */
    public int at(int x, int y) {
        return values[offset + x * columnStep + y * rowStep] & 0xff;
    }

    /** The samples within a box. */
    public Plane box(int x, int y, int boxWidth, int boxHeight) {
        return new Plane(values, offset + x * columnStep + y * rowStep, columnStep, rowStep, boxWidth, boxHeight);
    }

    /** Copies all samples, row after row. */
    public void pack(byte[] target) {
        for (int y = 0; y < height; y++) {
            int from = offset + y * rowStep;
            int to = y * width;
            if (columnStep == 1) {
                System.arraycopy(values, from, target, to, width);
                continue;
            }
            for (int x = 0; x < width; x++) {
                target[to + x] = values[from + x * columnStep];
            }
        }
    }

    /** Copies all samples, 0 to 255, row after row. */
    public void pack(int[] target) {
        for (int y = 0; y < height; y++) {
            int from = offset + y * rowStep;
            int to = y * width;
            for (int x = 0; x < width; x++) {
                target[to + x] = values[from + x * columnStep] & 0xff;
            }
        }
    }

    /** All samples, row after row. */
    public byte[] packed() {
        byte[] packed = new byte[width * height];
        pack(packed);
        return packed;
    }
}
