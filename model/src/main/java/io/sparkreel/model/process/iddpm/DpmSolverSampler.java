// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.process.Sampler;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.List;
import java.util.function.IntConsumer;

/**
 * DPM-Solver++ (2M) (Lu et al. 2022, algorithm 2): deterministic and of second order, from the predictions of
 * two steps. With signal a, noise s, l = log(a / s), and h = l' - l the length of a step,
 *
 * <pre>x' = (s' / s) x - a' (exp(-h) - 1) D,   D = x0 + h / (2 h_before) (x0 - x0_before)</pre>
 *
 * <p>The first step has no prediction before it, and the last one, to no noise at all, an infinite h: both take
 * D = x0. So does the one before it, over which l rises so much more than before that D would overshoot, and
 * frames that have only just joined the walk. The learned variance is not used.
 */
final class DpmSolverSampler implements Sampler {
    private final NoiseSchedule schedule;
    private final boolean predictXstart;
    private final ScheduleWalk walk;

    /** @param predictXstart whether the model's output is the clean latent instead of the noise */
    DpmSolverSampler(NoiseSchedule schedule, boolean predictXstart, Tensors tensors) {
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
                (output, x, step, memory, begun) -> move(IddpmKernels.instance()
                        .dpmSolverStep(
                                output, x, optional(memory), optional(begun), coefficients(step), predictXstart)));
    }

    private static List<Tensor> optional(Tensor tensor) {
        return tensor == null ? List.of() : List.of(tensor);
    }

    private static ScheduleWalk.Move move(List<Tensor> latentsAndStart) {
        return new ScheduleWalk.Move(latentsAndStart.get(0), latentsAndStart.get(1));
    }

    /** Inverse signal and sigma of this step, the weights of x and D, and that of the change of x0 in D. */
    private double[] coefficients(int step) {
        double weightOfX = 0;
        double weightOfStart = 1;
        double weightOfChange = 0;
        if (step > 0) {
            weightOfX = (double) schedule.sigma(step - 1) / schedule.sigma(step);
            weightOfStart = schedule.signal(step - 1) - weightOfX * schedule.signal(step);
        }
        if (step > 1 && step < schedule.steps() - 1) {
            double length = logSignalToNoise(step - 1) - logSignalToNoise(step);
            weightOfChange = length / (2 * (logSignalToNoise(step) - logSignalToNoise(step + 1)));
        }
        return new double[] {
            schedule.inverseSignal(step), schedule.inverseSigma(step), weightOfX, weightOfStart, weightOfChange
        };
    }

    private double logSignalToNoise(int step) {
        return Math.log((double) schedule.signal(step) / schedule.sigma(step));
    }
}
