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
    private final int[] sumX;
    private final int[] sumY;
    private final int[] squares; // of both
    private final int[] products;

    Similarity(int side) {
        this.side = side;
        this.sumX = new int[side];
        this.sumY = new int[side];
        this.squares = new int[side];
        this.products = new int[side];
    }

    double of(byte[] one, byte[] other) {
        Arrays.fill(sumX, 0);
        Arrays.fill(sumY, 0);
        Arrays.fill(squares, 0);
        Arrays.fill(products, 0);
        for (int y = 0; y < WINDOW - 1; y++) {
            add(one, other, y * side, 1);
        }
        double total = 0;
        for (int y = WINDOW - 1; y < side; y++) {
            add(one, other, y * side, 1);
            total += alongRow();
            add(one, other, (y - WINDOW + 1) * side, -1);
        }
        int windows = side - WINDOW + 1;
        return total / ((double) windows * windows);
    }

    private void add(byte[] one, byte[] other, int from, int sign) {
        for (int x = 0; x < side; x++) {
            int a = one[from + x] & 0xff;
            int b = other[from + x] & 0xff;
            sumX[x] += sign * a;
            sumY[x] += sign * b;
            squares[x] += sign * (a * a + b * b);
            products[x] += sign * (a * b);
        }
    }

    private double alongRow() {
        int x = 0;
        int y = 0;
        int both = 0;
        int product = 0;
        double total = 0;
        for (int i = 0; i < side; i++) {
            x += sumX[i];
            y += sumY[i];
            both += squares[i];
            product += products[i];
            if (i < WINDOW - 1) {
                continue;
            }
            double meanX = (double) x / PIXELS;
            double meanY = (double) y / PIXELS;
            double scale = 1.0 / (PIXELS - 1);
            double covariance = (product - x * meanY) * scale;
            double variances = (both - x * meanX - y * meanY) * scale;
            total += (2 * meanX * meanY + C1)
                    * (2 * covariance + C2)
                    / ((meanX * meanX + meanY * meanY + C1) * (variances + C2));
            int first = i - WINDOW + 1;
            x -= sumX[first];
            y -= sumY[first];
            both -= squares[first];
            product -= products[first];
        }
        return total;
    }
}
