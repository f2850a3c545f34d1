// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media.scale;

/**
 * Pillow's resampling of 8-bit RGB or grey: a separable filter whose support grows with the reduction (so
 * that it antialiases), weights in 22-bit fixed point, each pass rounded to bytes, columns before
 * rows.
 */
public enum PillowResize {
    /** Mean of the covered area. */
    BOX(0.5) {
        @Override
        double weight(double x) {
            return x > -0.5 && x <= 0.5 ? 1 : 0;
        }
    },
    /** Cubic convolution of Keys 1981 with a = -0.5. */
    BICUBIC(2) {
        @Override
        double weight(double x) {
            double a = -0.5;
            double d = Math.abs(x);
            if (d < 1) {
                return ((a + 2) * d - (a + 3)) * d * d + 1;
            }
            return d < 2 ? (((d - 5) * d + 8) * d - 4) * a : 0;
        }
    },
    /** The sinc windowed by its own main lobe, three lobes wide (Lanczos). */
    LANCZOS(3) {
        @Override
        double weight(double x) {
            return x >= -3 && x < 3 ? sinc(x) * sinc(x / 3) : 0;
        }

        private double sinc(double x) {
            return x == 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
        }
    };

    private static final int PRECISION_BITS = 22;

    private final double support;

    PillowResize(double support) {
        this.support = support;
    }

    abstract double weight(double x);

    /**
     * Resizes [height, width, 3] to [newHeight, newWidth, 3]; an axis that keeps its length is left
     * alone.
     */
    byte[] resize(byte[] rgb, int height, int width, int newHeight, int newWidth) {
        byte[] result = rgb;
        if (newWidth != width) {
            result = resizeColumns(result, height, width, newWidth);
        }
        if (newHeight != height) {
            result = resizeRows(result, height, newWidth, newHeight);
        }
        return result;
    }

    /** Resizes [height, width] to [newHeight, newWidth]. */
    public byte[] resizeGrey(byte[] grey, int height, int width, int newHeight, int newWidth) {
        byte[] columns = new byte[Math.multiplyExact(height, newWidth)];
        for (int column = 0; column < newWidth; column++) {
            Taps taps = taps(width, newWidth, column);
            for (int row = 0; row < height; row++) {
                columns[row * newWidth + column] = sum(grey, row * width + taps.first, 1, taps);
            }
        }
        byte[] result = new byte[Math.multiplyExact(newHeight, newWidth)];
        for (int row = 0; row < newHeight; row++) {
            Taps taps = taps(height, newHeight, row);
            for (int column = 0; column < newWidth; column++) {
                result[row * newWidth + column] = sum(columns, taps.first * newWidth + column, newWidth, taps);
            }
        }
        return result;
    }

    private static byte sum(byte[] source, int from, int stride, Taps taps) {
        int sum = 1 << (PRECISION_BITS - 1);
        int position = from;
        for (int weight : taps.weights) {
            sum += weight * (source[position] & 0xff);
            position += stride;
        }
        return clip(sum);
    }

    private byte[] resizeColumns(byte[] rgb, int height, int width, int newWidth) {
        byte[] result = new byte[Math.multiplyExact(3 * height, newWidth)];
        for (int column = 0; column < newWidth; column++) {
            Taps taps = taps(width, newWidth, column);
            for (int row = 0; row < height; row++) {
                accumulate(rgb, 3 * (row * width + taps.first), 3, taps, result, 3 * (row * newWidth + column));
            }
        }
        return result;
    }

    private byte[] resizeRows(byte[] rgb, int height, int width, int newHeight) {
        byte[] result = new byte[Math.multiplyExact(3 * width, newHeight)];
        for (int row = 0; row < newHeight; row++) {
            Taps taps = taps(height, newHeight, row);
            for (int column = 0; column < width; column++) {
                accumulate(rgb, 3 * (taps.first * width + column), 3 * width, taps, result, 3 * (row * width + column));
            }
        }
        return result;
    }

    private static void accumulate(byte[] source, int from, int stride, Taps taps, byte[] target, int to) {
        int half = 1 << (PRECISION_BITS - 1);
        int red = half;
        int green = half;
        int blue = half;
        int position = from;
        for (int weight : taps.weights) {
            red += weight * (source[position] & 0xff);
            green += weight * (source[position + 1] & 0xff);
            blue += weight * (source[position + 2] & 0xff);
            position += stride;
        }
        target[to] = clip(red);
        target[to + 1] = clip(green);
        target[to + 2] = clip(blue);
    }

    private static byte clip(int sum) {
        return (byte) Math.max(0, Math.min(255, sum >> PRECISION_BITS));
    }

    /** The source positions one target position looks at. */
    private Taps taps(int length, int newLength, int position) {
        double scale = (double) length / newLength;
        double filterScale = Math.max(scale, 1);
        double reach = support * filterScale;
        double center = (position + 0.5) * scale;
        int first = Math.max(0, (int) (center - reach + 0.5));
        int end = Math.min(length, (int) (center + reach + 0.5));
        double[] weights = new double[end - first];
        double sum = 0;
        for (int i = 0; i < weights.length; i++) {
            weights[i] = weight((i + first - center + 0.5) / filterScale);
            sum += weights[i];
        }
        int[] fixed = new int[weights.length];
        for (int i = 0; i < weights.length; i++) {
            double scaled = (sum == 0 ? weights[i] : weights[i] / sum) * (1 << PRECISION_BITS);
            fixed[i] = (int) (scaled < 0 ? scaled - 0.5 : scaled + 0.5);
        }
        return new Taps(first, fixed);
    }

    private record Taps(int first, int[] weights) {}
}
