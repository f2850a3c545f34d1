// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntToDoubleFunction;

/**
 * The training objective of IDDPM (Nichol and Dhariwal 2021): squared error of the prediction, plus the
 * variational bound, through which the variance is learned while the prediction counts as a constant.
 *
 * <p>A noised batch is prepared once, then its loss is taken of the model's output.
 */
final class DiffusionLoss {
    private final NoiseSchedule schedule;
    private final boolean predictXstart;
    private final double vbWeight;
    private final IntToDoubleFunction errorWeight;
    private final Tensors tensors;

    /**
     * A loss in which the squared error counts alike at all steps.
     *
     * @param predictXstart whether the model's output is the clean latent instead of the noise
     * @param vbWeight weight of the variational bound; 1 in the reference, 0.001 is lambda of the paper
     */
    DiffusionLoss(NoiseSchedule schedule, boolean predictXstart, double vbWeight, Tensors tensors) {
        this(schedule, predictXstart, vbWeight, null, tensors);
    }

    /**
     * The same with a weight of the squared error by step.
     *
     * @param errorWeight such as {@link IddpmSpeed#errorWeight}; null for 1 at all steps
     */
    DiffusionLoss(
            NoiseSchedule schedule,
            boolean predictXstart,
            double vbWeight,
            IntToDoubleFunction errorWeight,
            Tensors tensors) {
        this.schedule = schedule;
        this.predictXstart = predictXstart;
        this.vbWeight = vbWeight;
        this.errorWeight = errorWeight;
        this.tensors = tensors;
    }

    /**
     * A batch noised to its timesteps.
     *
     * @param start clean latents [B, C, T, H, W]
     * @param noise of the same shape
     * @param noised the mixture that the model sees
     * @param steps [B], steps of the schedule
     * @param frameWeight [B, T]: 1 over the sample's number of noised frames, 0 for given ones
     */
    record Batch(Tensor start, Tensor noise, Tensor noised, int[] steps, Tensor frameWeight) {}

    /**
     * Per sample terms, each [B].
     *
     * @param squaredError weighted by step, if it is
     * @param total squared error + weight * bound, the loss proper
     */
    record Terms(Tensor squaredError, Tensor variationalBound, Tensor total) {}

    /**
     * Noises a batch. Given frames, those whose mask is false, get the noise of step 0. A sample all of whose frames are
     * given has the loss 0.
     *
     * @param frameMask [B * T], true for a frame that is noised, or null if all are
     */
    Batch noise(Tensor start, Tensor noise, int[] steps, boolean[] frameMask) {
        int frames = (int) start.shape()[2];
        float[] signal = new float[steps.length * frames];
        float[] sigma = new float[signal.length];
        float[] weight = new float[signal.length];
        for (int b = 0; b < steps.length; b++) {
            int kept = 0;
            for (int t = 0; t < frames; t++) {
                int i = b * frames + t;
                boolean given = frameMask != null && !frameMask[i];
                int step = given ? 0 : steps[b];
                signal[i] = schedule.signal(step);
                sigma[i] = schedule.sigma(step);
                weight[i] = given ? 0 : 1;
                kept += given ? 0 : 1;
            }
            for (int t = 0; t < frames; t++) {
                weight[b * frames + t] /= Math.max(1, kept);
            }
        }
        long[] perFrame = {steps.length, 1, frames, 1, 1};
        Tensor mixture =
                IddpmKernels.instance().noised(start, noise, tensors.of(signal, perFrame), tensors.of(sigma, perFrame));
        return new Batch(start, noise, mixture, steps.clone(), tensors.of(weight, steps.length, frames));
    }

    /** The terms of the loss of the model's output [B, 2C, T, H, W] on this batch. */
    Terms terms(Tensor output, Batch batch) {
        Kernels kernels = Kernels.instance();
        IddpmKernels own = IddpmKernels.instance();
        Tensor target = predictXstart ? batch.start() : batch.noise();
        Tensor squaredError = own.squaredError(output, target, batch.frameWeight());
        if (errorWeight != null) {
            squaredError = kernels.multiply(squaredError, errorWeights(batch.steps()));
        }
        float[] atZero = new float[batch.steps().length];
        boolean anyZero = false;
        for (int b = 0; b < atZero.length; b++) {
            atZero[b] = batch.steps()[b] == 0 ? 1 : 0;
            anyZero |= batch.steps()[b] == 0;
        }
        Tensor bound = own.variationalBound(
                output,
                batch.start(),
                batch.noised(),
                coefficients(batch.steps()),
                perSample(atZero),
                anyZero,
                predictXstart,
                batch.frameWeight());
        Tensor scale = tensors.scalar((float) vbWeight);
        return new Terms(squaredError, bound, kernels.addScaled(squaredError, bound, scale));
    }

    private Tensor errorWeights(int[] steps) {
        float[] weights = new float[steps.length];
        for (int b = 0; b < weights.length; b++) {
            weights[b] = (float) errorWeight.applyAsDouble(steps[b]);
        }
        return tensors.of(weights, weights.length);
    }

    private List<Tensor> coefficients(int[] steps) {
        int count = schedule.coefficients(0).length;
        List<Tensor> coefficients = new ArrayList<>(count);
        for (int k = 0; k < count; k++) {
            float[] values = new float[steps.length];
            for (int b = 0; b < steps.length; b++) {
                values[b] = (float) schedule.coefficients(steps[b])[k];
            }
            coefficients.add(perSample(values));
        }
        return coefficients;
    }

    private Tensor perSample(float[] values) {
        return tensors.of(Arrays.copyOf(values, values.length), values.length, 1, 1, 1, 1);
    }
}
