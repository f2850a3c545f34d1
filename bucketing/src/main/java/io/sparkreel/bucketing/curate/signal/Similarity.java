// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.Arrays;

/**
 * Structural similarity (Wang et al. 2004) of two square pictures: the mean over all windows of 7 by 7 that lie within
 * them, each pixel alike, with sample covariances.
 *
 * <p>Both parts of the fraction are multiplied by what the means and covariances would be divided by: all sums are whole
 * numbers, which a double holds exactly, and one division remains.
 */
final class Similarity {

    private static final int WINDOW = 7;
    private static final int PIXELS = WINDOW * WINDOW;
    private static final double C1 = Math.pow(0.01 * 255, 2) * PIXELS * PIXELS;
    private static final double C2 = Math.pow(0.03 * 255, 2) * PIXELS * (PIXELS - 1);

    private final int side;
    private final int windows;
    private final int[] one; // a row of the first picture
    private final int[] other;
    private final int[] firsts; // sums over the rows of a window, by column
    private final int[] seconds;
    private final int[] squares; // of both
    private final int[] products;
    private final double[] firstSums; // sums over windows
    private final double[] secondSums;
    private final double[] squareSums;
    private final double[] productSums;
    private final double[] total;

    Similarity(int side) {
        this.side = side;
        this.windows = side - WINDOW + 1;
        this.one = new int[side];
        this.other = new int[side];
        this.firsts = new int[side];
        this.seconds = new int[side];
        this.squares = new int[side];
        this.products = new int[side];
        this.firstSums = new double[windows];
        this.secondSums = new double[windows];
        this.squareSums = new double[windows];
        this.productSums = new double[windows];
        this.total = new double[windows];
    }

    double of(int[] first, int[] second) {
        for (int[] sums : new int[][] {firsts, seconds, squares, products}) {
            Arrays.fill(sums, 0);
        }
        Arrays.fill(total, 0);
        for (int y = 0; y < side; y++) {
            if (y >= WINDOW) {
                add(first, second, y - WINDOW, -1);
            }
            add(first, second, y, 1);
            if (y >= WINDOW - 1) {
                slide();
                addSimilarities();
            }
        }
        double sum = 0;
        for (double each : total) {
            sum += each;
        }
        return sum / ((double) windows * windows);
    }

    private void add(int[] first, int[] second, int row, int sign) {
        System.arraycopy(first, row * side, one, 0, side);
        System.arraycopy(second, row * side, other, 0, side);
        for (int x = 0; x < side; x++) {
            int a = one[x];
            int b = other[x];
            firsts[x] += sign * a;
            seconds[x] += sign * b;
            squares[x] += sign * (a * a + b * b);
            products[x] += sign * (a * b);
        }
    }

    private void slide() {
        int first = 0;
        int second = 0;
        int square = 0;
        int product = 0;
        for (int x = 0; x < WINDOW - 1; x++) {
            first += firsts[x];
            second += seconds[x];
            square += squares[x];
            product += products[x];
        }
        for (int x = 0; x < windows; x++) {
            int last = x + WINDOW - 1;
            first += firsts[last];
            second += seconds[last];
            square += squares[last];
            product += products[last];
            firstSums[x] = first;
            secondSums[x] = second;
            squareSums[x] = square;
            productSums[x] = product;
            first -= firsts[x];
            second -= seconds[x];
            square -= squares[x];
            product -= products[x];
        }
    }

    private void addSimilarities() {
        for (int i = 0; i < windows; i++) {
            double x = firstSums[i];
            double y = secondSums[i];
            double product = x * y;
            double both = x * x + y * y;
            double covariance = PIXELS * productSums[i] - product;
            double variances = PIXELS * squareSums[i] - both;
            total[i] += (2 * product + C1) * (2 * covariance + C2) / ((both + C1) * (variances + C2));
        }
    }
}
