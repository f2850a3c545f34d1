// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.bucketing.plan.StepPlanner;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * How the clips of an epoch are laid out in steps.
 *
 * @param sampler who makes the plan
 * @param microBatchesPerStep micro-batches of a step, shared by the ranks, however many there are
 * @param stepMix what the micro-batches of a step have in common
 * @param batchSize clips of a micro-batch where all clips have one size; with buckets, {@code bucket_config} says it
 * @param batchSizes where the batch sizes of buckets come from
 * @param memoryGib what the model and its training may take on a rank, in GiB, without the encoders; null: not checked
 * @param costTarget what a micro-batch may cost with {@code batch_sizes: auto}: TFLOP, or seconds where {@code costs} are
 *     measured; null: as much as all buckets can have within the memory
 * @param costs file {@code costs.json} of an earlier run, whose seconds correct the formula; null: none
 * @param replan with {@code load}: go on even if data or configuration would give other steps, with new ones
 */
public record PlanConfig(
        @Default("planner") StepSampler sampler,
        @Default("4") int microBatchesPerStep,
        @Default("mixed") StepPlanner.Mix stepMix,
        @Default("null") Integer batchSize,
        @Default("configured") BatchSizing batchSizes,
        @Default("null") Double memoryGib,
        @Default("null") Double costTarget,
        @Default("null") String costs,
        @Default("false") boolean replan)
        implements Section {
    public PlanConfig {
        Check.atLeast("micro_batches_per_step", microBatchesPerStep, 1);
        Check.atLeast("batch_size", batchSize, 1);
        if (memoryGib != null) {
            Check.positive("memory_gib", memoryGib);
        }
        Check.that(
                batchSizes == BatchSizing.CONFIGURED || memoryGib != null,
                "memory_gib",
                null,
                "the GiB that a rank may use: batch_sizes is auto");
        if (costTarget != null) {
            Check.positive("cost_target", costTarget);
        }
        Check.notBlank("costs", costs);
    }
}
