// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/**
 * What makes up a training step on the executors.
 *
 * @param microBatchesPerStep micro-batches of a step, shared by the ranks, however many there are
 * @param decodeCacheMib decoded clips kept by each rank, in MiB
 * @param threadsPerRank threads of each rank; null: the cores of its task
 * @param maxBadClips largest fraction of clips that may fail to decode, in [0, 1]
 */
public record StepConfig(
        @Default("4") int microBatchesPerStep,
        @Default("256") int decodeCacheMib,
        @Default("null") Integer threadsPerRank,
        @Default("0.1") double maxBadClips)
        implements Section {
    public StepConfig {
        Check.atLeast("micro_batches_per_step", microBatchesPerStep, 1);
        Check.atLeast("decode_cache_mib", decodeCacheMib, 0);
        Check.atLeast("threads_per_rank", threadsPerRank, 1);
        Check.fraction("max_bad_clips", maxBadClips);
    }
}
