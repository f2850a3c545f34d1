// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

/**
 * The noise schedule of DDPM (Ho et al. 2020) with linear betas, possibly respaced (Nichol and Dhariwal
 * 2021).
 *
 * <p>Betas are computed in double precision and rounded to single, also when all steps are kept, and all
 * else follows in single precision: the numbers of the reference.
 */
final class NoiseSchedule {
    /** Steps of the schedule that models are trained on. */
    static final int TRAINING_STEPS = 1000;

    private static final double FIRST_BETA = 1e-4;
    private static final double LAST_BETA = 2e-2;

    private final int[] modelTimes;
    private final float[] betas;
    private final float[] alphasCumulative;
    private final float[] signal;
    private final float[] sigma;
    private final float[] inverseSignal;
    private final float[] inverseSigma;
    private final float[] posteriorVariance;
    private final float[] posteriorLogVariance;
    private final float[] posteriorStart;
    private final float[] posteriorCurrent;

    private NoiseSchedule(int[] keptSteps) {
        modelTimes = keptSteps.clone();
        int n = keptSteps.length;
        betas = respacedBetas(keptSteps);
        alphasCumulative = new float[n];
        signal = new float[n];
        sigma = new float[n];
        inverseSignal = new float[n];
        inverseSigma = new float[n];
        posteriorVariance = new float[n];
        posteriorLogVariance = new float[n];
        posteriorStart = new float[n];
        posteriorCurrent = new float[n];
        double cumulative = 1;
        float previous = 1;
        for (int i = 0; i < n; i++) {
            float alpha = 1 - betas[i];
            cumulative *= alpha;
            float current = (float) cumulative;
            alphasCumulative[i] = current;
            signal[i] = (float) Math.sqrt(current);
            sigma[i] = (float) Math.sqrt(1 - current);
            inverseSignal[i] = (float) Math.sqrt(1 / current);
            inverseSigma[i] = (float) Math.sqrt(1 / current - 1);
            posteriorVariance[i] = betas[i] * (1 - previous) / (1 - current);
            posteriorStart[i] = betas[i] * (float) Math.sqrt(previous) / (1 - current);
            posteriorCurrent[i] = (1 - previous) * (float) Math.sqrt(alpha) / (1 - current);
            previous = current;
        }
        for (int i = 0; i < n; i++) {
            // The variance of step 0 is 0; its logarithm is taken from step 1.
            posteriorLogVariance[i] = (float) Math.log(posteriorVariance[i == 0 && n > 1 ? 1 : i]);
        }
    }

    /** All 1000 steps, or the ones that {@link Respacing} keeps. */
    static NoiseSchedule linear(String respacing) {
        return new NoiseSchedule(Respacing.keptSteps(TRAINING_STEPS, respacing));
    }

    /** The betas of the whole schedule, in double precision. */
    static double[] linearBetas() {
        double[] betas = new double[TRAINING_STEPS];
        for (int i = 0; i < TRAINING_STEPS; i++) {
            betas[i] = FIRST_BETA + (LAST_BETA - FIRST_BETA) * i / (TRAINING_STEPS - 1);
        }
        return betas;
    }

    private static float[] respacedBetas(int[] keptSteps) {
        double[] all = linearBetas();
        float[] betas = new float[keptSteps.length];
        double cumulative = 1;
        double previousKept = 1;
        int next = 0;
        for (int step = 0; step < all.length && next < keptSteps.length; step++) {
            cumulative *= 1 - all[step];
            if (step == keptSteps[next]) {
                betas[next++] = (float) (1 - cumulative / previousKept);
                previousKept = cumulative;
            }
        }
        return betas;
    }

    /** The number of steps kept. */
    int steps() {
        return modelTimes.length;
    }

    /** The timestep that the model is conditioned on at step i. */
    int modelTime(int step) {
        return modelTimes[step];
    }

    /** beta_i */
    float beta(int step) {
        return betas[step];
    }

    /** abar_i */
    float alphaCumulative(int step) {
        return alphasCumulative[step];
    }

    /** sqrt(abar_i): what is left of the clip. */
    float signal(int step) {
        return signal[step];
    }

    /** sqrt(1 - abar_i): the noise. */
    float sigma(int step) {
        return sigma[step];
    }

    /** sqrt(1 / abar_i) */
    float inverseSignal(int step) {
        return inverseSignal[step];
    }

    /** sqrt(1 / abar_i - 1) */
    float inverseSigma(int step) {
        return inverseSigma[step];
    }

    /** Variance of q(x_{i-1} | x_i, x_0). */
    float posteriorVariance(int step) {
        return posteriorVariance[step];
    }

    /** Its logarithm, at step 0 that of step 1. */
    float posteriorLogVariance(int step) {
        return posteriorLogVariance[step];
    }

    /** Weight of x_0 in the mean of q(x_{i-1} | x_i, x_0). */
    float posteriorStart(int step) {
        return posteriorStart[step];
    }

    /** Weight of x_i in the mean of q(x_{i-1} | x_i, x_0). */
    float posteriorCurrent(int step) {
        return posteriorCurrent[step];
    }

    /**
     * What the kernels take of a step: inverse signal, inverse sigma, posterior weights of x_0 and x_i, and
     * the bounds of the log variance, posterior and beta.
     */
    double[] coefficients(int step) {
        return new double[] {
            inverseSignal[step],
            inverseSigma[step],
            posteriorStart[step],
            posteriorCurrent[step],
            posteriorLogVariance[step],
            (float) Math.log(betas[step])
        };
    }
}
