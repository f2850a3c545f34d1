// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.KeyedRandom;

/**
 * What a codec knows of the latent of a clip: independent normal values. Drawing from it costs next to nothing, so it can
 * be stored in place of the clip and still give another latent each time.
 *
 * @param mean [C, T, h, w]
 * @param logVariance [C, T, h, w]; null where the latent is certain
 */
public record LatentDistribution(float[] mean, float[] logVariance) {
    public LatentDistribution {
        if (logVariance != null && logVariance.length != mean.length) {
            throw new IllegalArgumentException(mean.length + " means and " + logVariance.length + " variances");
        }
    }

    /** A latent [C, T, h, w]: mean + deviation * noise. The noise is drawn for the whole of it at once. */
    public float[] draw(KeyedRandom noise) {
        if (logVariance == null) {
            return mean.clone();
        }
        float[] normal = new float[mean.length];
        noise.fillNormal(normal, 0, normal.length);
        return draw(normal);
    }

    /** The same with the given noise [C, T, h, w]. */
    float[] draw(float[] noise) {
        float[] latent = new float[mean.length];
        for (int i = 0; i < latent.length; i++) {
            latent[i] = (float) (mean[i] + Math.exp(0.5 * logVariance[i]) * noise[i]);
        }
        return latent;
    }
}
