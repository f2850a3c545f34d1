// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.Arrays;

/** The lowest coefficients of the discrete cosine transform (DCT-II) of square planes. */
final class Cosines {

    /** Sums this small, compared with the mean, are what rounding leaves of pictures without detail. */
    private static final double ROUNDING = 1e-12;

    private final int side;
    private final int kept;
    private final double[] basis; // [kept, side]
    private final double[] turned; // [side, kept]

    /**
     * For planes of {@code side} by {@code side}.
     *
     * @param kept coefficients kept each way
     * @param orthonormal whether the transform keeps lengths, or is unnormalised
     */
    Cosines(int side, int kept, boolean orthonormal) {
        this.side = side;
        this.kept = kept;
        this.basis = new double[kept * side];
        this.turned = new double[side * kept];
        for (int k = 0; k < kept; k++) {
            double scale = orthonormal ? Math.sqrt((k == 0 ? 1.0 : 2.0) / side) : 2;
            for (int i = 0; i < side; i++) {
                basis[k * side + i] = scale * Math.cos(Math.PI * k * (2 * i + 1) / (2.0 * side));
                turned[i * kept + k] = basis[k * side + i];
            }
        }
    }

    /**
     * Transforms one plane.
     *
     * @param plane [side, side]
     * @return [kept, kept], rows first
     */
    double[] transform(double[] plane) {
        double[] low = new double[kept * kept];
        double[] half = new double[side];
        for (int k = 0; k < kept; k++) {
            Arrays.fill(half, 0);
            for (int y = 0; y < side; y++) {
                addRow(half, 0, basis[k * side + y], plane, y * side, side);
            }
            for (int x = 0; x < side; x++) {
                addRow(low, k * kept, half[x], turned, x * kept, kept);
            }
        }
        double rounding = ROUNDING * Math.abs(low[0]);
        for (int i = 1; i < low.length; i++) {
            low[i] = Math.abs(low[i]) < rounding ? 0 : low[i];
        }
        return low;
    }

    /** Rows are added to rows, not sums taken one by one: the compiler makes vectors of that. */
    private static void addRow(double[] target, int to, double weight, double[] rows, int from, int length) {
        for (int i = 0; i < length; i++) {
            target[to + i] += weight * rows[from + i];
        }
    }
}
