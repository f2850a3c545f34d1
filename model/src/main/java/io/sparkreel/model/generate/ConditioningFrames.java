// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

/**
 * Latent frames that a clip is conditioned on.
 *
 * @param mask [T], 1 to generate a frame, 0 to keep the given one, between to edit it from that share of the
 *     schedule on
 * @param latents [T] latent frames of [C, h, w]; null where nothing is given
 */
public record ConditioningFrames(float[] mask, float[][] latents) {
    /**
     * Takes a latent apart into its frames.
     *
     * @param latent [C, T, h, w]
     * @param frames T
     * @param channels C
     * @return T frames of [C, h, w]
     */
    static float[][] split(float[] latent, int frames, int channels) {
        int area = latent.length / channels / frames;
        float[][] parts = new float[frames][channels * area];
        for (int frame = 0; frame < frames; frame++) {
            for (int channel = 0; channel < channels; channel++) {
                System.arraycopy(latent, (channel * frames + frame) * area, parts[frame], channel * area, area);
            }
        }
        return parts;
    }

    /** Whether there is no given frame at all. */
    boolean isEmpty() {
        for (float[] latent : latents) {
            if (latent != null) {
                return false;
            }
        }
        return true;
    }

    /**
     * Puts the frames that are to be kept back into a drawn latent: the reference's sampler replaces even these by the
     * model's output in its last step.
     *
     * @param latent [C, T, h, w], changed
     * @param channels C
     */
    public void restoreKept(float[] latent, int channels) {
        int frames = latents.length;
        int area = latent.length / channels / frames;
        for (int frame = 0; frame < frames; frame++) {
            for (int channel = 0; latents[frame] != null && mask[frame] == 0 && channel < channels; channel++) {
                System.arraycopy(latents[frame], channel * area, latent, (channel * frames + frame) * area, area);
            }
        }
    }
}
