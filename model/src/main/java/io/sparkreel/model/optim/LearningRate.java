// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

/**
 * The learning rate of every step: a linear rise from 0, then constant, or falling to 0 at the last step.
 *
 * @param peak the rate after warm-up
 * @param warmupSteps steps of the rise; step n of them has the rate peak * (n + 1) / warmupSteps
 * @param totalSteps the length of the run; only the falling schedules need it
 */
public record LearningRate(Schedule schedule, double peak, long warmupSteps, long totalSteps) {
    /** What happens after warm-up. */
    public enum Schedule {
        CONSTANT,
        COSINE,
        LINEAR
    }

    /** The same rate in all steps. */
    public static LearningRate constant(double rate) {
        return new LearningRate(Schedule.CONSTANT, rate, 0, 1);
    }

    /** The rate of a step counted from 0. */
    public double at(long step) {
        if (step < warmupSteps) {
            return peak * (step + 1) / warmupSteps;
        }
        double progress = Math.min(1, (step - warmupSteps) / (double) Math.max(1, totalSteps - warmupSteps));
        return switch (schedule) {
            case CONSTANT -> peak;
            case COSINE -> peak * 0.5 * (1 + Math.cos(Math.PI * progress));
            case LINEAR -> peak * (1 - progress);
        };
    }
}
