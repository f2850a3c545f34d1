// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

/**
 * The sinusoidal features of a scalar condition: {@code [cos(v w_k), sin(v w_k)]}, w_k = 10000^(-k/h), for
 * k = 0..h-1, where h is half of the width; computed in single precision as the reference does.
 */
final class ScalarFeatures {
    static final int WIDTH = 256;

    private ScalarFeatures() {}

    /** [B] to [B, 256], row-major. */
    static float[] of(float[] values) {
        return of(values, WIDTH);
    }

    /** [B] to [B, width], row-major; the last of an odd width is 0. */
    static float[] of(float[] values, int width) {
        int half = width / 2;
        float[] features = new float[values.length * width];
        for (int k = 0; k < half; k++) {
            float frequency = (float) Math.exp((float) (-Math.log(10_000) * k) / half);
            for (int b = 0; b < values.length; b++) {
                float angle = values[b] * frequency;
                features[b * width + k] = (float) Math.cos(angle);
                features[b * width + half + k] = (float) Math.sin(angle);
            }
        }
        return features;
    }
}
