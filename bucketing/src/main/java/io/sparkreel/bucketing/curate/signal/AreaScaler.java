// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

import java.util.Arrays;

/** Mean over the covered area, of 8-bit planes that become smaller: OpenCV's {@code INTER_AREA}, in single precision. */
final class AreaScaler {

    /** All samples as floats: looking them up is faster than converting them. */
    private static final float[] LEVELS = new float[256];

    static {
        for (int level = 0; level < LEVELS.length; level++) {
            LEVELS[level] = level;
        }
    }

    private final int fromWidth;
    private final Covers columns;
    private final Covers rows;
    private final float[] row;
    private final float[] line;
    private final float[] sums;

    AreaScaler(int fromWidth, int fromHeight, int width, int height) {
        this.fromWidth = fromWidth;
        this.columns = Covers.of(fromWidth, width);
        this.rows = Covers.of(fromHeight, height);
        this.row = new float[fromWidth];
        this.line = new float[width];
        this.sums = new float[width];
    }

    /** Scales samples of one int each. */
    int[] scale(int[] plane) {
        return scale(plane, null);
    }

    /** Scales samples of one byte each. */
    int[] scale(byte[] plane) {
        return scale(null, plane);
    }

    private int[] scale(int[] ints, byte[] bytes) {
        int width = line.length;
        int[] scaled = new int[rows.first.length * width];
        for (int y = 0; y < rows.first.length; y++) {
            Arrays.fill(sums, 0);
            for (int i = 0; i < rows.most; i++) {
                float weight = rows.weights[i][y];
                if (weight == 0) {
                    continue;
                }
                int from = (rows.first[y] + i) * fromWidth;
                for (int x = 0; x < fromWidth; x++) {
                    row[x] = LEVELS[(bytes == null ? ints[from + x] : bytes[from + x]) & 0xff];
                }
                across();
                for (int column = 0; column < width; column++) {
                    sums[column] += line[column] * weight;
                }
            }
            for (int column = 0; column < width; column++) {
                scaled[y * width + column] = Math.min(255, (int) Math.rint(sums[column]));
            }
        }
        return scaled;
    }

    /** One row, scaled along itself. Samples under a column are added up from left to right. */
    private void across() {
        int[] first = columns.first;
        Arrays.fill(line, 0);
        float[][] weights = columns.weights;
        int i = 0;
        for (; i + 4 <= columns.most; i += 4) {
            float[] weights0 = weights[i];
            float[] weights1 = weights[i + 1];
            float[] weights2 = weights[i + 2];
            float[] weights3 = weights[i + 3];
            for (int column = 0; column < line.length; column++) {
                int at = i + first[column];
                float sum = line[column] + row[at] * weights0[column];
                sum += row[at + 1] * weights1[column];
                sum += row[at + 2] * weights2[column];
                line[column] = sum + row[at + 3] * weights3[column];
            }
        }
        for (; i < columns.most; i++) {
            float[] weights0 = weights[i];
            for (int column = 0; column < line.length; column++) {
                line[column] += row[i + first[column]] * weights0[column];
            }
        }
    }

    /**
     * Samples under each sample of the result.
     *
     * @param most how many are under one at most
     * @param first of each, so that there are {@code most} from there on
     * @param weights [most, samples of the result]; 0 for those that are not under it
     */
    private record Covers(int most, int[] first, float[][] weights) {

        static Covers of(int from, int to) {
            double scale = (double) from / to;
            float[][] each = new float[to][];
            int[] first = new int[to];
            int most = 0;
            for (int i = 0; i < to; i++) {
                double begin = i * scale;
                double end = Math.min(begin + scale, from);
                int whole = (int) Math.ceil(begin - 1e-3);
                int last = (int) Math.floor(end + 1e-3); // the last whole sample ends here
                boolean before = whole - begin > 1e-3;
                boolean after = end - last > 1e-3;
                first[i] = before ? whole - 1 : whole;
                each[i] = new float[(after ? last + 1 : last) - first[i]];
                double width = Math.min(scale, from - begin);
                for (int sample = first[i]; sample < first[i] + each[i].length; sample++) {
                    double share = sample < whole ? whole - begin : sample >= last ? Math.min(end - last, 1) : 1;
                    each[i][sample - first[i]] = (float) (share / width);
                }
                most = Math.max(most, each[i].length);
            }
            float[][] weights = new float[most][to];
            for (int i = 0; i < to; i++) {
                int start = Math.min(first[i], from - most);
                for (int k = 0; k < each[i].length; k++) {
                    weights[first[i] - start + k][i] = each[i][k];
                }
                first[i] = start;
            }
            return new Covers(most, first, weights);
        }
    }
}
