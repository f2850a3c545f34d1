// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import static org.bytedeco.ffmpeg.global.avutil.av_display_rotation_get;

/**
 * How stored pixels are turned for display: the axes are swapped first, then mirrored. Angles that
 * are no multiple of 90 degrees are taken to the nearest one.
 *
 * @param degrees FFmpeg's angle of the display matrix, counter-clockwise, rounded toward zero
 */
public record Orientation(int degrees, boolean swapAxes, boolean mirrorColumns, boolean mirrorRows) {

    static final Orientation UPRIGHT = new Orientation(0, false, false, false);

    /**
     * Reads a display matrix [a b u, c d v, x y w], which takes the stored point (p, q) to (a p + c q
     * + x, b p + d q + y).
     */
    static Orientation of(int[] matrix) {
        if (matrix == null) {
            return UPRIGHT;
        }
        FFmpegRuntime.ensureLoaded();
        double degrees = av_display_rotation_get(matrix);
        if (Double.isNaN(degrees)) {
            return UPRIGHT;
        }
        long a = matrix[0];
        long b = matrix[1];
        long c = matrix[3];
        long d = matrix[4];
        boolean swap = Math.abs(b) + Math.abs(c) > Math.abs(a) + Math.abs(d);
        boolean mirrorColumns = swap ? c < 0 : a < 0;
        boolean mirrorRows = swap ? b < 0 : d < 0;
        return new Orientation((int) degrees, swap, mirrorColumns, mirrorRows);
    }

    /** By the value of the EXIF and TIFF tag "Orientation" (TIFF 6.0, section 8), 1 to 8. */
    static Orientation ofExif(int value) {
        return switch (value) {
            case 2 -> new Orientation(0, false, true, false);
            case 3 -> new Orientation(-180, false, true, true);
            case 4 -> new Orientation(-180, false, false, true);
            case 5 -> new Orientation(90, true, false, false);
            case 6 -> new Orientation(-90, true, true, false);
            case 7 -> new Orientation(-90, true, true, true);
            case 8 -> new Orientation(90, true, false, true);
            default -> UPRIGHT;
        };
    }

    boolean changesPixels() {
        return swapAxes || mirrorColumns || mirrorRows;
    }

    /** Turns one RGB picture of the stored size. */
    byte[] apply(byte[] rgb, int height, int width) {
        if (!changesPixels()) {
            return rgb;
        }
        int shownHeight = swapAxes ? width : height;
        int shownWidth = swapAxes ? height : width;
        byte[] shown = new byte[rgb.length];
        for (int row = 0; row < shownHeight; row++) {
            int q = mirrorRows ? shownHeight - 1 - row : row;
            for (int column = 0; column < shownWidth; column++) {
                int p = mirrorColumns ? shownWidth - 1 - column : column;
                int from = 3 * (swapAxes ? p * width + q : q * width + p);
                int to = 3 * (row * shownWidth + column);
                shown[to] = rgb[from];
                shown[to + 1] = rgb[from + 1];
                shown[to + 2] = rgb[from + 2];
            }
        }
        return shown;
    }
}
