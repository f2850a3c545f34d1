// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.process.Sampler.Guidance;
import io.sparkreel.model.process.Sampler.NoiseSource;
import io.sparkreel.model.process.Sampler.Prediction;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.Arrays;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;

/**
 * What all samplers share: the steps of a schedule from the noisiest to the cleanest, classifier-free
 * guidance, and the reference's frame mask. A {@link Rule} makes a sampler of it.
 */
final class ScheduleWalk {
    /** How one step gets from the model's output to the next latents. */
    @FunctionalInterface
    interface Rule {
        /**
         * @param output of the model, guided, [n, 2C, T, H, W]
         * @param x latents of this step [n, C, T, H, W]
         * @param step counts down to 0
         * @param memory what the rule returned as memory at the step before, or null
         * @param begun [n, 1, T, 1, 1], 1 for frames of which the memory is not worth anything, or null
         */
        Move move(Tensor output, Tensor x, int step, Tensor memory, Tensor begun);
    }

    /**
     * @param next latents of the next step
     * @param memory what the rule wants to see again at the next step, or null
     */
    record Move(Tensor next, Tensor memory) {
        private Move releasedFrom(TensorScope scope) {
            return new Move(scope.release(next), memory == null ? null : scope.release(memory));
        }
    }

    private final Kernels kernels = Kernels.instance();
    private final NoiseSchedule schedule;
    private final Tensors tensors;

    ScheduleWalk(NoiseSchedule schedule, Tensors tensors) {
        if (schedule.steps() < 2) {
            throw new InvalidInputException(
                    "Cannot sample in " + schedule.steps() + " step. Set num_sampling_steps to 2 or more.");
        }
        this.schedule = schedule;
        this.tensors = tensors;
    }

    /** The arguments are those of {@link Sampler#sample}. */
    Tensor run(
            Prediction model,
            Tensor start,
            Guidance guidance,
            float[] frameMask,
            NoiseSource noise,
            IntConsumer progress,
            Rule rule) {
        int[] firstActive = frameMask == null ? null : firstActiveSteps(frameMask);
        try (TensorScope scope = TensorScope.open()) {
            Tensor x = start;
            Tensor memory = null;
            for (int i = schedule.steps() - 1; i >= 0; i--) {
                Move move = firstActive == null
                        ? denoise(model, x, i, guidance, null, memory, null, rule)
                        : maskedStep(model, x, i, guidance, firstActive, memory, noise, rule);
                if (x != start) {
                    x.close();
                }
                if (memory != null) {
                    memory.close();
                }
                x = move.next();
                memory = move.memory();
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

    private Move maskedStep(
            Prediction model,
            Tensor x,
            int step,
            Guidance guidance,
            int[] firstActive,
            Tensor memory,
            NoiseSource noise,
            Rule rule) {
        try (TensorScope scope = TensorScope.open()) {
            long[] shape = x.shape();
            int rows = (int) shape[0];
            int frames = (int) shape[2];
            long[] perFrame = {rows, 1, frames, 1, 1};
            Tensor renoised = IddpmKernels.instance()
                    .noised(
                            x,
                            noise.drawForGivenFrames(),
                            tensors.scalar(schedule.signal(step)),
                            tensors.scalar(schedule.sigma(step)));
            Tensor joined = kernels.chooseFrames(tensors.of(flags(firstActive, m -> m == step), perFrame), renoised, x);
            float[] active = flags(firstActive, m -> m > step);
            float[] activeTwice = Arrays.copyOf(active, 2 * active.length);
            System.arraycopy(active, 0, activeTwice, active.length, active.length);
            Tensor noised = tensors.of(activeTwice, 2L * rows, frames, 1, 1);
            // A frame that joins is given at this step and noised at the next: two kinds of prediction.
            Tensor begun = tensors.of(flags(firstActive, m -> m == step || m == step + 1), perFrame);
            Move move = denoise(model, joined, step, guidance, noised, memory, begun, rule);
            Tensor waiting = tensors.of(flags(firstActive, m -> m < step), perFrame);
            return new Move(kernels.chooseFrames(waiting, x, move.next()), move.memory()).releasedFrom(scope);
        }
    }

    private static float[] flags(int[] firstActive, IntPredicate predicate) {
        float[] flags = new float[firstActive.length];
        for (int i = 0; i < flags.length; i++) {
            flags[i] = predicate.test(firstActive[i]) ? 1 : 0;
        }
        return flags;
    }

    private Move denoise(
            Prediction model,
            Tensor x,
            int step,
            Guidance guidance,
            Tensor noised,
            Tensor memory,
            Tensor begun,
            Rule rule) {
        try (TensorScope scope = TensorScope.open()) {
            Tensor output = model.at(kernels.repeatTwice(x), schedule.modelTime(step), noised);
            Tensor guided = kernels.guide(output, guidance.scale(), guidance.channels());
            Tensor conditional = kernels.firstRows(guided, (int) x.shape()[0]);
            return rule.move(conditional, x, step, memory, begun).releasedFrom(scope);
        }
    }
}
