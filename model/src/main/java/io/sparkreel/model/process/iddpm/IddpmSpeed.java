// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.KeyedRandom;

/**
 * Which timesteps are trained on, and what their error counts, in the reference's scheduler {@code iddpm-speed} (after
 * "A Closer Look at Time Steps is Worthy of Triple Speed-Up for Diffusion Model Training", Wang et al. 2024): more of the
 * steps at which the noise still grows, less weight on those where there is hardly any.
 *
 * <p>The reference draws about half of a batch, and gives the other half the dual steps of the first. Here every clip
 * draws for itself and takes the dual step with probability 1/2, so that its step does not depend on who shares its
 * batch; over many clips the steps are distributed alike.
 */
final class IddpmSpeed {

    private static final float SHARPNESS = 1e6f;
    private static final float FAST_GROWTH = 1e-4f;
    private static final float SLOW_GROWTH = 5e-5f;
    private static final float FLOOR = 1.5f;

    private final float[] probabilities;
    private final double[] cumulative;
    private final float[] errorWeights;
    private final int meaningfulSteps;

    /** Both follow from the schedule alone. */
    IddpmSpeed(NoiseSchedule schedule) {
        int steps = schedule.steps();
        probabilities = new float[steps];
        cumulative = new double[steps];
        errorWeights = new float[steps];
        int firstSlow = steps - 1;
        float sum = 0;
        for (int i = steps - 1; i >= 0; i--) {
            float growth = growth(schedule, i);
            // Single precision is part of the definition: the factor raises its rounding errors to visible size.
            probabilities[i] = (float) Math.tanh(SHARPNESS * (growth - FAST_GROWTH)) + FLOOR;
            sum += probabilities[i];
            firstSlow = growth < SLOW_GROWTH ? i : firstSlow;
            float signalToNoise = 1 / (1 - schedule.alphaCumulative(i)) - 1;
            errorWeights[i] = 1 / (1 + signalToNoise);
        }
        meaningfulSteps = firstSlow + 1;
        double total = 0;
        for (int i = 0; i < steps; i++) {
            probabilities[i] /= sum;
            total += probabilities[i];
            cumulative[i] = total;
        }
    }

    /** The slope of sqrt(1 - abar): central differences, one-sided at the ends. */
    private static float growth(NoiseSchedule schedule, int step) {
        int last = schedule.steps() - 1;
        int before = Math.max(0, step - 1);
        int after = Math.min(last, step + 1);
        return (schedule.sigma(after) - schedule.sigma(before)) / (after - before);
    }

    /** The probability of a step before half of them are exchanged for their duals. */
    double probability(int step) {
        return probabilities[step];
    }

    /** The step that stands in for another in the second half of a batch of the reference. */
    int dual(int step) {
        return step < meaningfulSteps ? meaningfulSteps - step : step - meaningfulSteps;
    }

    /** The step that one clip is trained on. */
    int drawStep(KeyedRandom random) {
        double u = random.nextDouble() * cumulative[cumulative.length - 1];
        int step = java.util.Arrays.binarySearch(cumulative, u);
        step = step < 0 ? -step - 1 : step + 1; // the first whose cumulative probability exceeds u
        return random.nextDouble() < 0.5 ? step : dual(step);
    }

    /** What the squared error of a step counts: 1 / (1 + snr), where snr is 1 / (1 - abar) - 1. */
    double errorWeight(int step) {
        return errorWeights[step];
    }
}
