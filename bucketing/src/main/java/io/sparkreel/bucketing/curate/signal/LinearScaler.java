// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import io.sparkreel.bucketing.media.scale.Plane;

/**
 * Bilinear interpolation of 8-bit samples in fixed point, equal to OpenCV's {@code INTER_LINEAR} in every sample:
 * weights of 11 bits, pixel centres at half coordinates, no antialiasing.
 */
final class LinearScaler {

    private static final int BITS = 11;
    private static final int ONE = 1 << BITS;

    private final Axis columns;
    private final Axis rows;
    private final int[][] lines = new int[2][];
    private final int[] lineOf = new int[2];
    private final int fromWidth;
    private final int fromHeight;
    private final int[] left;
    private final int[] right;
    private final int[] mixed;

    /** From planes of one size to planes of another. */
    LinearScaler(int fromWidth, int fromHeight, int width, int height) {
        this.fromWidth = fromWidth;
        this.fromHeight = fromHeight;
        this.left = new int[width];
        this.right = new int[width];
        this.mixed = new int[width];
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

    /** Whether planes of this size are what it scales. */
    boolean takes(int width, int height) {
        return width == fromWidth && height == fromHeight;
    }

    /** Scales a plane into {@code target}, row after row. */
    void scale(Plane plane, int[] target) {
        byte[] values = plane.values();
        scale(
                (row, line) -> {
                    int from = plane.offset() + row * plane.rowStep();
                    if (columns.whole) {
                        for (int x = 0; x < line.length; x++) {
                            line[x] = (values[from + left[x]] & 0xff) << BITS;
                        }
                        return;
                    }
                    int[] leftWeight = columns.lowerWeight;
                    int[] rightWeight = columns.upperWeight;
                    for (int x = 0; x < line.length; x++) {
                        line[x] = leftWeight[x] * (values[from + left[x]] & 0xff)
                                + rightWeight[x] * (values[from + right[x]] & 0xff);
                    }
                },
                plane.columnStep(),
                target);
    }

    /** Scales samples that stand row after row into {@code target}. */
    void scale(int[] plane, int[] target) {
        scale(
                (row, line) -> {
                    int from = row * fromWidth;
                    int[] leftWeight = columns.lowerWeight;
                    int[] rightWeight = columns.upperWeight;
                    for (int x = 0; x < line.length; x++) {
                        line[x] = leftWeight[x] * plane[from + left[x]] + rightWeight[x] * plane[from + right[x]];
                    }
                },
                1,
                target);
    }

    /** Rows of a source, interpolated along themselves: sums of weights of {@link #BITS} bits. */
    private interface Lines {
        void read(int row, int[] line);
    }

    private void scale(Lines source, int columnStep, int[] target) {
        int width = width();
        for (int x = 0; x < width; x++) {
            left[x] = columns.lower[x] * columnStep;
            right[x] = columns.upper[x] * columnStep;
        }
        lineOf[0] = -1;
        lineOf[1] = -1;
        for (int y = 0; y < height(); y++) {
            int weightAbove = rows.lowerWeight[y];
            int weightBelow = rows.upperWeight[y];
            int[] above = line(source, rows.lower[y]);
            // Where the other line weighs nothing, it needs not be read.
            mix(above, weightAbove, weightBelow == 0 ? above : line(source, rows.upper[y]), weightBelow, mixed);
            System.arraycopy(mixed, 0, target, y * width, width);
        }
    }

    private static void mix(int[] above, int weightAbove, int[] below, int weightBelow, int[] mixed) {
        for (int x = 0; x < mixed.length; x++) {
            mixed[x] = (((weightAbove * (above[x] >> 4)) >> 16) + ((weightBelow * (below[x] >> 4)) >> 16) + 2) >> 2;
        }
    }

    /** A row of the source, interpolated along itself; the last two are kept. */
    private int[] line(Lines source, int row) {
        int slot = row & 1;
        if (lineOf[slot] != row) {
            lineOf[slot] = row;
            source.read(row, lines[slot]);
        }
        return lines[slot];
    }

    /**
     * For every target position the two source positions and their weights.
     *
     * @param whole whether the second position never weighs anything
     */
    private record Axis(int[] lower, int[] upper, int[] lowerWeight, int[] upperWeight, boolean whole) {

        static Axis of(int from, int to) {
            int[] lowers = new int[to];
            int[] uppers = new int[to];
            int[] lowerWeights = new int[to];
            int[] upperWeights = new int[to];
            boolean whole = true;
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
                lowers[i] = lower;
                uppers[i] = Math.min(lower + 1, from - 1);
                lowerWeights[i] = (int) Math.rint((1 - share) * ONE);
                upperWeights[i] = (int) Math.rint(share * ONE);
                whole &= upperWeights[i] == 0;
            }
            return new Axis(lowers, uppers, lowerWeights, upperWeights, whole);
        }
    }
}
