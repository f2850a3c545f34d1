// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.model.settings.Choice;

/** {@code sampler} of a training run: who decides which clips make a step. */
public enum StepSampler implements Choice {
    /** Nothing dropped, smaller batches of what is left over, buckets mixed. */
    PLANNER,
    /**
     * The order of Open-Sora 1.1, for comparison: incomplete batches and steps are dropped. A step of it has one
     * micro-batch for each of {@code micro_batches_per_step} ranks.
     */
    OPEN_SORA
}
