// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.media.scale.Plane;

/**
 * Bilinear interpolation of 8-bit samples in fixed point, equal to OpenCV's {@code INTER_LINEAR} in every sample:
 * weights of 11 bits, pixel centres at half coordinates, no antialiasing.
 */
final class LinearScaler {

    private static final int ONE = 1 << 11;

    private final Axis columns;
    private final Axis rows;
    private final int[][] lines = new int[2][];
    private final int[] lineOf = new int[2];

    /** From planes of one size to planes of another. */
    LinearScaler(int fromWidth, int fromHeight, int width, int height) {
        this.columns = Axis.of(fromWidth, width);
        this.rows = Axis.of(fromHeight, height);
        this.lines[0] = new int[width];
        this.lines[1] = new int[width];
    }

    /** The longer side becomes {@code side}; null where the picture is smaller, or the side is 0: it keeps its size. */
    static LinearScaler toLongSide(int width, int height, int side) {
        int longest = Math.max(width, height);
        if (longest < side || side == 0) {
            return null;
        }
        double factor = (double) longest / side;
        return new LinearScaler(width, height, (int) Math.max(1, Math.rint(width / factor)), (int)
                Math.max(1, Math.rint(height / factor)));
    }

    int width() {
        return columns.lower.length;
    }

    int height() {
        return rows.lower.length;
    }

    /** Rows of the source that are looked at. */
    boolean[] rowsOf(int fromHeight) {
        boolean[] looked = new boolean[fromHeight];
        for (int row = 0; row < height(); row++) {
            looked[rows.lower[row]] = true;
            looked[rows.upper[row]] |= rows.upperWeight[row] != 0;
        }
        return looked;
    }

    /** Scales a plane into {@code target}, row after row. */
    void scale(Plane plane, byte[] target) {
        int width = width();
        int[] left = new int[width];
        int[] right = new int[width];
        for (int x = 0; x < width; x++) {
            left[x] = columns.lower[x] * plane.columnStep();
            right[x] = columns.upper[x] * plane.columnStep();
        }
        lineOf[0] = -1;
        lineOf[1] = -1;
        for (int y = 0; y < height(); y++) {
            int weightAbove = rows.lowerWeight[y];
            int weightBelow = rows.upperWeight[y];
            int to = y * width;
            int[] above = line(plane, rows.lower[y], left, right);
            if (weightBelow == 0) {
                // The other line weighs nothing, and needs not be read.
                for (int x = 0; x < width; x++) {
                    target[to + x] = (byte) ((((weightAbove * (above[x] >> 4)) >> 16) + 2) >> 2);
                }
                continue;
            }
            int[] below = line(plane, rows.upper[y], left, right);
            for (int x = 0; x < width; x++) {
                target[to + x] = (byte)
                        ((((weightAbove * (above[x] >> 4)) >> 16) + ((weightBelow * (below[x] >> 4)) >> 16) + 2) >> 2);
            }
        }
    }

    /** A row of the source, interpolated along itself; the last two are kept. */
    private int[] line(Plane plane, int row, int[] left, int[] right) {
        int slot = row & 1;
        int[] line = lines[slot];
        if (lineOf[slot] == row) {
            return line;
        }
        lineOf[slot] = row;
        byte[] values = plane.values();
        int from = plane.offset() + row * plane.rowStep();
        int[] leftWeight = columns.lowerWeight;
        int[] rightWeight = columns.upperWeight;
        for (int x = 0; x < line.length; x++) {
            line[x] =
                    leftWeight[x] * (values[from + left[x]] & 0xff) + rightWeight[x] * (values[from + right[x]] & 0xff);
        }
        return line;
    }

    /** For every target position the two source positions and their weights. */
    private record Axis(int[] lower, int[] upper, int[] lowerWeight, int[] upperWeight) {

        static Axis of(int from, int to) {
            Axis axis = new Axis(new int[to], new int[to], new int[to], new int[to]);
            for (int i = 0; i < to; i++) {
                float position = (float) ((i + 0.5) * ((double) from / to) - 0.5);
                int lower = (int) Math.floor(position);
                float share = position - lower;
                if (lower < 0) {
                    lower = 0;
                    share = 0;
                }
                if (lower >= from - 1) {
                    lower = from - 1;
                    share = 0;
                }
                axis.lower[i] = lower;
                axis.upper[i] = Math.min(lower + 1, from - 1);
                axis.lowerWeight[i] = (int) Math.rint((1 - share) * ONE);
                axis.upperWeight[i] = (int) Math.rint(share * ONE);
            }
            return axis;
        }
    }
}
