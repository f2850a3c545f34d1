// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.range;

import io.sparkreel.bucketing.InvalidInputException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.Locale;

/**
 * A box of a picture, in decoded pixels after rotation, before samples are stretched until they are square.
 *
 * @param x of its left column
 * @param y of its top row
 * @param width in pixels
 * @param height in pixels
 */
public record CropBox(int x, int y, int width, int height) implements Serializable {

    private static final long serialVersionUID = 1L;

    public CropBox {
        if (x < 0 || y < 0 || width < 1 || height < 1) {
            throw new InvalidInputException(
                    String.format(Locale.ROOT, "%dx%d pixels at (%d, %d) are no crop box", width, height, x, y));
        }
    }

    /** Whether the box lies within a picture of this size. */
    public boolean fits(int pictureWidth, int pictureHeight) {
        return (long) x + width <= pictureWidth && (long) y + height <= pictureHeight;
    }

    /**
     * Cuts the box out of a picture.
     *
     * @param rgb [height, width, 3]
     * @param pictureWidth width of the picture
     * @return [height of the box, width of the box, 3]
     */
    public byte[] cut(byte[] rgb, int pictureWidth) {
        byte[] box = new byte[3 * width * height];
        for (int row = 0; row < height; row++) {
            System.arraycopy(rgb, 3 * ((y + row) * pictureWidth + x), box, 3 * row * width, 3 * width);
        }
        return box;
    }

    /** Of a picture's rows those that are wanted of the box. */
    public boolean[] rows(boolean[] ofBox, int pictureHeight) {
        boolean[] rows = new boolean[pictureHeight];
        if (ofBox == null) {
            Arrays.fill(rows, y, y + height, true);
        } else {
            System.arraycopy(ofBox, 0, rows, y, height);
        }
        return rows;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%dx%d at (%d, %d)", width, height, x, y);
    }
}
