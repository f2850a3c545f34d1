// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * How executors prepare and take training steps.
 *
 * @param decodeCacheMib decoded clips kept by each rank, in MiB
 * @param decodeThreads threads of each rank that decode clips ahead of the training; null: as many as threads_per_rank
 * @param prefetchMib decoded frames of each rank that may wait for their step, in MiB
 * @param threadsPerRank threads of each rank; null: the cores of its task
 * @param maxBadClips largest fraction of clips that may fail to decode, in [0, 1]
 */
public record StepConfig(
        @Default("256") int decodeCacheMib,
        @Default("null") Integer decodeThreads,
        @Default("512") int prefetchMib,
        @Default("null") Integer threadsPerRank,
        @Default("0.1") double maxBadClips)
        implements Section {
    public StepConfig {
        Check.atLeast("decode_cache_mib", decodeCacheMib, 0);
        Check.atLeast("decode_threads", decodeThreads, 1);
        Check.atLeast("prefetch_mib", prefetchMib, 1);
        Check.atLeast("threads_per_rank", threadsPerRank, 1);
        Check.fraction("max_bad_clips", maxBadClips);
    }
}
