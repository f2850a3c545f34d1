// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

/**
 * How gradients become an update.
 *
 * @param adam settings of AdamW
 * @param learningRate by step
 * @param gradientClip limit of the global norm, 0 for none
 * @param ema of the parameters, null for none
 * @param sharded each rank keeps moments and EMA of its part of the parameters alone, and updates that
 */
public record OptimizerOptions(
        AdamW.Options adam, LearningRate learningRate, double gradientClip, Ema.Options ema, boolean sharded) {
    /** What the reference trains with, at a learning rate of 2e-5. */
    public static final OptimizerOptions REFERENCE = new OptimizerOptions(
            AdamW.Options.REFERENCE, LearningRate.constant(2e-5), 1, new Ema.Options(0.9999, false), false);

    public OptimizerOptions withLearningRate(LearningRate other) {
        return new OptimizerOptions(adam, other, gradientClip, ema, sharded);
    }

    public OptimizerOptions withEma(Ema.Options other) {
        return new OptimizerOptions(adam, learningRate, gradientClip, other, sharded);
    }

    public OptimizerOptions withGradientClip(double other) {
        return new OptimizerOptions(adam, learningRate, other, ema, sharded);
    }

    public OptimizerOptions withAdam(AdamW.Options other) {
        return new OptimizerOptions(other, learningRate, gradientClip, ema, sharded);
    }

    /** Without an EMA. */
    public OptimizerOptions withoutEma() {
        return withEma(null);
    }

    public OptimizerOptions withSharding(boolean other) {
        return new OptimizerOptions(adam, learningRate, gradientClip, ema, other);
    }
}
