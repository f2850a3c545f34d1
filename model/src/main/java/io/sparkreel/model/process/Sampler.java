// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process;

import io.sparkreel.model.torch.Tensor;
import java.util.function.IntConsumer;

/** Samples latents with a denoiser, by walking a diffusion process backwards. */
public interface Sampler {
    /** The model, on conditional and unconditional captions at once. */
    @FunctionalInterface
    interface Prediction {
        /**
         * @param latents [2n, C, T, H, W], the second half equal to the first
         * @param modelTime the time that the model is conditioned on
         * @param noised [2n, T, 1, 1], 0 for conditioning frames, or null
         * @return [2n, C', T, H, W], the conditional half first
         */
        Tensor at(Tensor latents, float modelTime, Tensor noised);
    }

    /** Standard normal numbers in the shape of the latents [n, C, T, H, W], new ones at every call. */
    @FunctionalInterface
    interface NoiseSource {
        Tensor draw();

        /** The same for conditioning frames that join the walk; from the same stream unless overridden, as in the reference. */
        default Tensor drawForGivenFrames() {
            return draw();
        }
    }

    /**
     * @param scale 1 is no guidance
     * @param channels how many of the first output channels are guided
     */
    record Guidance(double scale, int channels) {}

    /**
     * @param start latents [n, C, T, H, W]: noise, with conditioning frames in their places
     * @param frameMask [n * T], 1 to generate a frame, 0 to keep it, between to edit it from that share of
     *     the schedule on; null to generate all
     * @param noise asked when frames join the walk, and by samplers that add noise themselves
     * @param progress called with the number of steps done
     * @return latents [n, C, T, H, W]. A kept frame comes out as the model reconstructs it in the last step,
     *     as in the reference
     */
    Tensor sample(
            Prediction model,
            Tensor start,
            Guidance guidance,
            float[] frameMask,
            NoiseSource noise,
            IntConsumer progress);
}
