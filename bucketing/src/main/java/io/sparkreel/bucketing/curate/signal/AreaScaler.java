// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/** Mean over the covered area, of 8-bit planes that become smaller: OpenCV's {@code INTER_AREA}, in single precision. */
final class AreaScaler {

    private final int fromWidth;
    private final Cover[] columns;
    private final Cover[] rows;

    AreaScaler(int fromWidth, int fromHeight, int width, int height) {
        this.fromWidth = fromWidth;
        this.columns = covers(fromWidth, width);
        this.rows = covers(fromHeight, height);
    }

    byte[] scale(byte[] plane) {
        byte[] scaled = new byte[rows.length * columns.length];
        float[] line = new float[columns.length];
        for (int row = 0; row < rows.length; row++) {
            float[] sums = new float[columns.length];
            Cover cover = rows[row];
            for (int i = 0; i < cover.weights.length; i++) {
                across(plane, (cover.first + i) * fromWidth, line);
                for (int column = 0; column < line.length; column++) {
                    sums[column] += line[column] * cover.weights[i];
                }
            }
            for (int column = 0; column < line.length; column++) {
                scaled[row * columns.length + column] = (byte) Math.min(255, (int) Math.rint(sums[column]));
            }
        }
        return scaled;
    }

    private void across(byte[] plane, int from, float[] line) {
        for (int column = 0; column < columns.length; column++) {
            Cover cover = columns[column];
            float sum = 0;
            for (int i = 0; i < cover.weights.length; i++) {
                sum += (plane[from + cover.first + i] & 0xff) * cover.weights[i];
            }
            line[column] = sum;
        }
    }

    private static Cover[] covers(int from, int to) {
        double scale = (double) from / to;
        Cover[] covers = new Cover[to];
        for (int i = 0; i < to; i++) {
            double begin = i * scale;
            double end = Math.min(begin + scale, from);
            int first = (int) Math.ceil(begin - 1e-3);
            int last = (int) Math.floor(end + 1e-3); // the last whole sample ends here
            boolean before = first - begin > 1e-3;
            boolean after = end - last > 1e-3;
            int start = before ? first - 1 : first;
            float[] weights = new float[(after ? last + 1 : last) - start];
            double width = Math.min(scale, from - begin);
            for (int sample = start; sample < start + weights.length; sample++) {
                double share = sample < first ? first - begin : sample >= last ? Math.min(end - last, 1) : 1;
                weights[sample - start] = (float) (share / width);
            }
            covers[i] = new Cover(start, weights);
        }
        return covers;
    }

    /** Samples under one sample of the result. */
    private record Cover(int first, float[] weights) {}
}
