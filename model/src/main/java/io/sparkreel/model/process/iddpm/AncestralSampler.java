// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.function.IntConsumer;

/** DDPM's sampling with learned variance (Nichol and Dhariwal 2021): noise is added after every step but the last. */
final class AncestralSampler implements Sampler {
    private final NoiseSchedule schedule;
    private final boolean predictXstart;
    private final ScheduleWalk walk;

    /** @param predictXstart whether the model's output is the clean latent instead of the noise */
    AncestralSampler(NoiseSchedule schedule, boolean predictXstart, Tensors tensors) {
        this.schedule = schedule;
        this.predictXstart = predictXstart;
        walk = new ScheduleWalk(schedule, tensors);
    }

    @Override
    public Tensor sample(
            Prediction model,
            Tensor start,
            Guidance guidance,
            float[] frameMask,
            NoiseSource noise,
            IntConsumer progress) {
        return walk.run(
                model,
                start,
                guidance,
                frameMask,
                noise,
                progress,
                (output, x, step, memory, begun) -> new ScheduleWalk.Move(
                        IddpmKernels.instance()
                                .ancestralStep(
                                        output,
                                        x,
                                        noise.draw(),
                                        schedule.coefficients(step),
                                        step > 0 ? 1 : 0,
                                        predictXstart),
                        null));
    }
}
