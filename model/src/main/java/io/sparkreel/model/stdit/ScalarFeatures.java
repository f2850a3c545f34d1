// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.stdit;

/**
 * The sinusoidal features of a scalar condition: {@code [cos(v w_k), sin(v w_k)]}, w_k = 10000^(-k/128), for
 * k = 0..127, computed in single precision as the reference does.
 */
final class ScalarFeatures {
    static final int WIDTH = 256;
    private static final int HALF = WIDTH / 2;
    private static final float[] FREQUENCIES = new float[HALF];

    static {
        for (int k = 0; k < HALF; k++) {
            FREQUENCIES[k] = (float) Math.exp((float) (-Math.log(10_000) * k) / HALF);
        }
    }

    private ScalarFeatures() {}

    /** [B] to [B, 256], row-major. */
    static float[] of(float[] values) {
        float[] features = new float[values.length * WIDTH];
        for (int b = 0; b < values.length; b++) {
            for (int k = 0; k < HALF; k++) {
                float angle = values[b] * FREQUENCIES[k];
                features[b * WIDTH + k] = (float) Math.cos(angle);
                features[b * WIDTH + HALF + k] = (float) Math.sin(angle);
            }
        }
        return features;
    }
}
