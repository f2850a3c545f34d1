// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

/**
 * The positions of tokens: sinusoidal in two dimensions, scaled with the size of the picture, for the tokens
 * of a frame; rotary for the frames.
 */
final class PositionEmbedding {
    private PositionEmbedding() {}

    /**
     * [rows * columns, D]. Token (i, j) gets the vector of its column, then that of its row; a position p has
     * the vector [sin(p w_m), cos(p w_m)], w_m = 10000^(-2m / (D/2)).
     *
     * @param scale sqrt(height * width) in pixels over the model's input_sq_size
     */
    static float[] spatial(int rows, int columns, int width, double scale) {
        double base = Math.rint(Math.sqrt(rows * (double) columns));
        return spatial(rows, columns, width, base / rows / scale, base / columns / scale);
    }

    /** The same with the distances between neighbours in a column and in a row. */
    static float[] spatial(int rows, int columns, int width, double rowStep, double columnStep) {
        int half = width / 2;
        float[] embedding = new float[rows * columns * width];
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                int begin = (i * columns + j) * width;
                fill(embedding, begin, half, j * columnStep);
                fill(embedding, begin + half, half, i * rowStep);
            }
        }
        return embedding;
    }

    private static void fill(float[] target, int begin, int width, double position) {
        int quarter = width / 2;
        for (int m = 0; m < quarter; m++) {
            double angle = position * Math.pow(10_000, -2.0 * m / width);
            target[begin + m] = (float) Math.sin(angle);
            target[begin + quarter + m] = (float) Math.cos(angle);
        }
    }

    /** [frames, headSize / 2]: the angle by which pair i of a head turns in each frame. */
    static float[] rotaryAngles(int frames, int headSize) {
        int pairs = headSize / 2;
        float[] angles = new float[frames * pairs];
        for (int t = 0; t < frames; t++) {
            for (int i = 0; i < pairs; i++) {
                angles[t * pairs + i] = (float) (t * Math.pow(10_000, -2.0 * i / headSize));
            }
        }
        return angles;
    }
}
