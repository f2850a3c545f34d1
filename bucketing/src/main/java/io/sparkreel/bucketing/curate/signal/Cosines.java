// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/** The lowest coefficients of the discrete cosine transform (DCT-II) of square planes. */
final class Cosines {

    /** Sums this small, compared with the mean, are what rounding leaves of pictures without detail. */
    private static final double ROUNDING = 1e-12;

    private final int side;
    private final int kept;
    private final double[] basis; // [kept, side]
    private final double[] half; // [kept, side]

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
        this.half = new double[kept * side];
        for (int k = 0; k < kept; k++) {
            double scale = orthonormal ? Math.sqrt((k == 0 ? 1.0 : 2.0) / side) : 2;
            for (int i = 0; i < side; i++) {
                basis[k * side + i] = scale * Math.cos(Math.PI * k * (2 * i + 1) / (2.0 * side));
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
        for (int k = 0; k < kept; k++) {
            for (int x = 0; x < side; x++) {
                double sum = 0;
                for (int y = 0; y < side; y++) {
                    sum += basis[k * side + y] * plane[y * side + x];
                }
                half[k * side + x] = sum;
            }
        }
        double[] low = new double[kept * kept];
        for (int k = 0; k < kept; k++) {
            for (int l = 0; l < kept; l++) {
                double sum = 0;
                for (int x = 0; x < side; x++) {
                    sum += half[k * side + x] * basis[l * side + x];
                }
                low[k * kept + l] = Math.abs(sum) < ROUNDING * Math.abs(low[0]) ? 0 : sum;
            }
        }
        return low;
    }
}
