// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.Arrays;

/**
 * Canny's edges (1986) as OpenCV finds them: Sobel of 3x3 over a repeated border, the sum of both slopes as magnitude,
 * maxima across the slope in four directions, and edges that continue strong ones.
 */
final class Edges {

    private static final int TAN_22_5 = 13573; // of 15 bits
    private static final byte NONE = 0;
    private static final byte WEAK = 1;
    private static final byte STRONG = 2;

    private final int width;
    private final int height;
    private final int[] across;
    private final int[] down;
    private final int[] upper;
    private final int[] middle;
    private final int[] lower;
    private final int[] smooth;
    private final int[] smoothLeft;
    private final int[] smoothRight;
    private final int[] step;
    private final int[] stepLeft;
    private final int[] stepRight;
    private final int[] lineAcross;
    private final int[] lineDown;
    private final int[] lineMagnitude;
    private final int[] magnitude; // with a border of one
    private final byte[] marks; // with a border of one
    private final int[] stack;

    Edges(int width, int height) {
        this.width = width;
        this.height = height;
        this.across = new int[width * height];
        this.down = new int[width * height];
        this.upper = new int[width];
        this.middle = new int[width];
        this.lower = new int[width];
        this.smooth = new int[width];
        this.smoothLeft = new int[width];
        this.smoothRight = new int[width];
        this.step = new int[width];
        this.stepLeft = new int[width];
        this.stepRight = new int[width];
        this.lineAcross = new int[width];
        this.lineDown = new int[width];
        this.lineMagnitude = new int[width];
        this.magnitude = new int[(width + 2) * (height + 2)];
        this.marks = new byte[(width + 2) * (height + 2)];
        this.stack = new int[width * height];
    }

    /**
     * Finds edges.
     *
     * @param plane grey values, row after row
     * @param low magnitudes up to this are no edge
     * @param high magnitudes above this are one
     * @param target 255 where an edge is, else 0
     */
    void find(int[] plane, int low, int high, int[] target) {
        slopes(plane);
        Arrays.fill(marks, NONE);
        int stride = width + 2;
        int waiting = 0;
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                int at = (y + 1) * stride + x + 1;
                int here = magnitude[at];
                if (here > low && isMaximum(at, here, across[y * width + x], down[y * width + x], stride)) {
                    marks[at] = WEAK;
                    if (here > high) {
                        marks[at] = STRONG;
                        stack[waiting++] = at;
                    }
                }
            }
        }
        while (waiting > 0) {
            int at = stack[--waiting];
            for (int dy = -stride; dy <= stride; dy += stride) {
                for (int dx = -1; dx <= 1; dx++) {
                    if (marks[at + dy + dx] == WEAK) {
                        marks[at + dy + dx] = STRONG;
                        stack[waiting++] = at + dy + dx;
                    }
                }
            }
        }
        for (int y = 0; y < height; y++) {
            for (int x = 0; x < width; x++) {
                target[y * width + x] = marks[(y + 1) * stride + x + 1] == STRONG ? 255 : 0;
            }
        }
    }

    private boolean isMaximum(int at, int here, int slopeAcross, int slopeDown, int stride) {
        int flat = Math.abs(slopeAcross) * TAN_22_5;
        int steep = Math.abs(slopeDown) << 15;
        if (steep < flat) {
            return here > magnitude[at - 1] && here >= magnitude[at + 1];
        }
        if (steep > flat + (Math.abs(slopeAcross) << 16)) {
            return here > magnitude[at - stride] && here >= magnitude[at + stride];
        }
        int side = (slopeAcross ^ slopeDown) < 0 ? -1 : 1;
        return here > magnitude[at - stride - side] && here > magnitude[at + stride + side];
    }

    private void slopes(int[] plane) {
        for (int y = 0; y < height; y++) {
            System.arraycopy(plane, Math.max(0, y - 1) * width, upper, 0, width);
            System.arraycopy(plane, y * width, middle, 0, width);
            System.arraycopy(plane, Math.min(height - 1, y + 1) * width, lower, 0, width);
            weighColumns();
            shift(smooth, smoothLeft, smoothRight);
            shift(step, stepLeft, stepRight);
            weighRows();
            System.arraycopy(lineAcross, 0, across, y * width, width);
            System.arraycopy(lineDown, 0, down, y * width, width);
            System.arraycopy(lineMagnitude, 0, magnitude, (y + 1) * (width + 2) + 1, width);
        }
    }

    /** Of each column: the rows weighed 1, 2, 1, and the lower one less the upper one. */
    private void weighColumns() {
        for (int x = 0; x < width; x++) {
            smooth[x] = upper[x] + 2 * middle[x] + lower[x];
            step[x] = lower[x] - upper[x];
        }
    }

    private void shift(int[] line, int[] left, int[] right) {
        System.arraycopy(line, 0, left, 1, width - 1);
        System.arraycopy(line, 1, right, 0, width - 1);
        left[0] = line[0];
        right[width - 1] = line[width - 1];
    }

    private void weighRows() {
        for (int x = 0; x < width; x++) {
            int dx = smoothRight[x] - smoothLeft[x];
            int dy = stepLeft[x] + 2 * step[x] + stepRight[x];
            lineAcross[x] = dx;
            lineDown[x] = dy;
            lineMagnitude[x] = Math.abs(dx) + Math.abs(dy);
        }
    }

    /** Widens what is set to squares of an odd side around it; in place. */
    static void dilate(int[] plane, int width, int height, int side) {
        int reach = side / 2;
        int[] line = new int[Math.max(width, height)];
        for (int y = 0; y < height; y++) {
            widen(plane, y * width, 1, width, reach, line);
        }
        for (int x = 0; x < width; x++) {
            widen(plane, x, width, height, reach, line);
        }
    }

    private static void widen(int[] plane, int from, int step, int length, int reach, int[] line) {
        Arrays.fill(line, 0, length, 0);
        for (int i = 0; i < length; i++) {
            if (plane[from + i * step] != 0) {
                Arrays.fill(line, Math.max(0, i - reach), Math.min(length, i + reach + 1), 255);
            }
        }
        for (int i = 0; i < length; i++) {
            plane[from + i * step] = line[i];
        }
    }
}
