// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

import com.fasterxml.jackson.annotation.JsonProperty;

/**
 * The learning rate of every step: a linear rise from 0, then constant, or falling to 0 at the last step.
 *
 * @param peak the rate after warm-up
 * @param warmupSteps steps of the rise; step n of them has the rate peak * (n + 1) / warmupSteps
 * @param totalSteps the length of the run; 0 in a constant schedule, whose rates do not follow from it
 */
public record LearningRate(
        @JsonProperty("schedule") Schedule schedule,
        @JsonProperty("peak") double peak,
        @JsonProperty("warmup_steps") long warmupSteps,
        @JsonProperty("total_steps") long totalSteps) {
    public LearningRate {
        totalSteps = schedule == Schedule.CONSTANT ? 0 : totalSteps;
    }

    /** What happens after warm-up. */
    public enum Schedule {
        @JsonProperty("constant")
        CONSTANT,
        @JsonProperty("cosine")
        COSINE,
        @JsonProperty("linear")
        LINEAR
    }

    /** The same rate in all steps. */
    public static LearningRate constant(double rate) {
        return new LearningRate(Schedule.CONSTANT, rate, 0, 0);
    }

    /** Whether all steps from {@code step} on have the same rates by this course and by another. */
    public boolean equalsFrom(long step, LearningRate other) {
        boolean risen = step >= Math.max(warmupSteps, other.warmupSteps);
        boolean constant = schedule == Schedule.CONSTANT && other.schedule == Schedule.CONSTANT;
        return equals(other) || (constant && risen && peak == other.peak);
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
