// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.function.IntConsumer;

/**
 * DDIM (Song, Meng and Ermon 2021, equation 12 with sigma 0): deterministic, x' = a' x0 + s' eps, where x0 and
 * eps are the model's guess of clip and noise in x, and a' and s' signal and noise of the next step. The
 * learned variance is not used.
 */
final class DdimSampler implements Sampler {
    private final NoiseSchedule schedule;
    private final boolean predictXstart;
    private final ScheduleWalk walk;

    /** @param predictXstart whether the model's output is the clean latent instead of the noise */
    DdimSampler(NoiseSchedule schedule, boolean predictXstart, Tensors tensors) {
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
                        IddpmKernels.instance().ddimStep(output, x, coefficients(step), predictXstart), null));
    }

    /** Inverse signal and sigma of this step, signal and sigma of the next. */
    private double[] coefficients(int step) {
        return new double[] {
            schedule.inverseSignal(step),
            schedule.inverseSigma(step),
            step == 0 ? 1 : schedule.signal(step - 1),
            step == 0 ? 0 : schedule.sigma(step - 1)
        };
    }
}
