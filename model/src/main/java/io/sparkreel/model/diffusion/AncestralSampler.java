// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.diffusion;

import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.Arrays;
import java.util.function.IntConsumer;

/**
 * Draws latents by walking a schedule backwards (DDPM's ancestral sampling with learned variance), with
 * classifier-free guidance and, if some frames are given, the reference's frame mask.
 */
public final class AncestralSampler {
    /** The model, on conditional and unconditional captions at once. */
    @FunctionalInterface
    public interface Denoiser {
        /**
         * @param latents [2n, C, T, H, W], the second half equal to the first
         * @param modelTime timestep of the unspaced schedule
         * @param noised [2n, T, 1, 1], 0 for given frames, or null
         * @return [2n, 2C, T, H, W], the conditional half first
         */
        Tensor predict(Tensor latents, int modelTime, Tensor noised);
    }

    /** Standard normal numbers in the shape of the latents [n, C, T, H, W], new ones at every call. */
    @FunctionalInterface
    public interface NoiseSource {
        Tensor draw();
    }

    /**
     * @param scale 1 is no guidance
     * @param channels how many of the first output channels are guided
     */
    public record Guidance(double scale, int channels) {}

    private final Kernels kernels = Kernels.instance();
    private final NoiseSchedule schedule;
    private final boolean predictXstart;
    private final Tensors tensors;

    /** @param predictXstart whether the model's output is the clean latent instead of the noise */
    public AncestralSampler(NoiseSchedule schedule, boolean predictXstart, Tensors tensors) {
        if (schedule.steps() < 2) {
            throw new io.sparkreel.model.InvalidInputException(
                    "Cannot sample in " + schedule.steps() + " step. Set num_sampling_steps to 2 or more.");
        }
        this.schedule = schedule;
        this.predictXstart = predictXstart;
        this.tensors = tensors;
    }

    /**
     * @param start latents [n, C, T, H, W]: noise, with given frames in their places
     * @param frameMask [n * T], 1 to generate a frame, 0 to keep it, between to edit it from that share of
     *     the schedule on; null to generate all
     * @param progress told the number of steps done
     * @return latents [n, C, T, H, W]. A kept frame comes out as the model reconstructs it in the last step,
     *     as in the reference
     */
    public Tensor sample(Denoiser model, Tensor start, Guidance guidance, float[] frameMask,
            NoiseSource noise, IntConsumer progress) {
        int[] firstActive = frameMask == null ? null : firstActiveSteps(frameMask);
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = start;
            for (int i = schedule.steps() - 1; i >= 0; i--) {
                Tensor next = firstActive == null
                        ? denoise(model, x, i, guidance, null, noise)
                        : maskedStep(model, x, i, guidance, firstActive, noise);
                if (x != start) {
                    x.close();
                }
                x = next;
                progress.accept(schedule.steps() - i);
            }
            return scope.release(x);
        }
    }

    /** The mask times the number of steps, in single precision: frames start to be denoised below that step. */
    private int[] firstActiveSteps(float[] frameMask) {
        int[] steps = new int[frameMask.length];
        for (int i = 0; i < steps.length; i++) {
            steps[i] = (int) (frameMask[i] * schedule.steps());
        }
        return steps;
    }

    private Tensor maskedStep(
            Denoiser model, Tensor x, int step, Guidance guidance, int[] firstActive, NoiseSource noise) {
        try (TensorScope scope = TensorScope.open()) {
            long[] shape = x.shape();
            int rows = (int) shape[0];
            int frames = (int) shape[2];
            long[] perFrame = {rows, 1, frames, 1, 1};
            Tensor renoised = kernels.noised(x, noise.draw(),
                    tensors.scalar(schedule.signal(step)), tensors.scalar(schedule.sigma(step)));
            Tensor begun = kernels.chooseFrames(tensors.of(flags(firstActive, m -> m == step), perFrame), renoised, x);
            float[] active = flags(firstActive, m -> m > step);
            float[] activeTwice = Arrays.copyOf(active, 2 * active.length);
            System.arraycopy(active, 0, activeTwice, active.length, active.length);
            Tensor noised = tensors.of(activeTwice, 2L * rows, frames, 1, 1);
            Tensor next = denoise(model, begun, step, guidance, noised, noise);
            Tensor waiting = tensors.of(flags(firstActive, m -> m < step), perFrame);
            return scope.release(kernels.chooseFrames(waiting, x, next));
        }
    }

    private static float[] flags(int[] firstActive, java.util.function.IntPredicate predicate) {
        float[] flags = new float[firstActive.length];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = predicate.test(firstActive[i]) ? 1 : 0;
        }
        return flags;
    }

    private Tensor denoise(
            Denoiser model, Tensor x, int step, Guidance guidance, Tensor noised, NoiseSource noise) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor output = model.predict(kernels.repeatTwice(x), schedule.modelTime(step), noised);
            Tensor guided = kernels.guide(output, guidance.scale(), guidance.channels());
            Tensor conditional = kernels.firstRows(guided, (int) x.shape()[0]);
            return scope.release(kernels.ancestralStep(
                    conditional, x, noise.draw(), schedule.coefficients(step), step > 0, predictXstart));
        }
    }
}
