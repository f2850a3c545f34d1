// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.Arrays;

/**
 * Structural similarity (Wang et al. 2004) of two square pictures: the mean over all windows of 7 by 7 that lie within
 * them, each pixel alike, with sample covariances.
 */
final class Similarity {

    private static final int WINDOW = 7;
    private static final int PIXELS = WINDOW * WINDOW;
    private static final double C1 = Math.pow(0.01 * 255, 2);
    private static final double C2 = Math.pow(0.03 * 255, 2);

    private final int side;
    private final int windows;
    private final Sums first;
    private final Sums second;
    private final Sums squares; // of both
    private final Sums products;
    private final double[] row;

    Similarity(int side) {
        this.side = side;
        this.windows = side - WINDOW + 1;
        this.first = new Sums(side);
        this.second = new Sums(side);
        this.squares = new Sums(side);
        this.products = new Sums(side);
        this.row = new double[windows];
    }

    double of(byte[] one, byte[] other) {
        for (Sums sums : new Sums[] {first, second, squares, products}) {
            sums.clear();
        }
        double total = 0;
        for (int y = 0; y < side; y++) {
            add(one, other, y * side, 1);
            if (y >= WINDOW - 1) {
                total += sumOfRow();
                add(one, other, (y - WINDOW + 1) * side, -1);
            }
        }
        return total / ((double) windows * windows);
    }

    private void add(byte[] one, byte[] other, int from, int sign) {
        for (int x = 0; x < side; x++) {
            int a = one[from + x] & 0xff;
            int b = other[from + x] & 0xff;
            first.columns[x] += sign * a;
            second.columns[x] += sign * b;
            squares.columns[x] += sign * (a * a + b * b);
            products.columns[x] += sign * (a * b);
        }
    }

    private double sumOfRow() {
        double[] x = first.slide();
        double[] y = second.slide();
        double[] both = squares.slide();
        double[] product = products.slide();
        double[] similarity = row;
        // One loop of plain arithmetic, which the compiler turns into vectors.
        for (int i = 0; i < windows; i++) {
            double meanX = x[i] / PIXELS;
            double meanY = y[i] / PIXELS;
            double covariance = (product[i] - x[i] * meanY) / (PIXELS - 1);
            double variances = (both[i] - x[i] * meanX - y[i] * meanY) / (PIXELS - 1);
            similarity[i] = (2 * meanX * meanY + C1)
                    * (2 * covariance + C2)
                    / ((meanX * meanX + meanY * meanY + C1) * (variances + C2));
        }
        double sum = 0;
        for (double each : similarity) {
            sum += each;
        }
        return sum;
    }

    /** Sums over the rows of a window, by column, and over windows along the row. */
    private static final class Sums {

        private final int[] columns;
        private final double[] windows;

        Sums(int side) {
            columns = new int[side];
            windows = new double[side - WINDOW + 1];
        }

        void clear() {
            Arrays.fill(columns, 0);
        }

        double[] slide() {
            int sum = 0;
            for (int x = 0; x < WINDOW - 1; x++) {
                sum += columns[x];
            }
            for (int i = 0; i < windows.length; i++) {
                sum += columns[i + WINDOW - 1];
                windows[i] = sum;
                sum -= columns[i];
            }
            return windows;
        }
    }
}
