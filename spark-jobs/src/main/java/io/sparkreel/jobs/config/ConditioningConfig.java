// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import java.util.List;

/**
 * Pictures and clips a video is conditioned on, and videos longer than one generation.
 *
 * @param referencePath for each prompt null or paths separated by ";"; null: none
 * @param maskStrategy for each prompt null or a mask strategy; null: none
 * @param maskStrategyDialect the order of its numbers
 * @param loop generations that are joined to one video
 * @param conditionFrameLength frames of a generation that begin the next one; null only without loops
 */
public record ConditioningConfig(
        @Default("null") List<String> referencePath,
        @Default("null") List<String> maskStrategy,
        @Default("reference-first") MaskStrategyDialect maskStrategyDialect,
        @Default("1") int loop,
        @Default("null") Integer conditionFrameLength)
        implements Section {
    public ConditioningConfig {
        Check.atLeast("loop", loop, 1);
        Check.atLeast("condition_frame_length", conditionFrameLength, 1);
        Check.that(loop == 1 || conditionFrameLength != null, "condition_frame_length", null,
                "a number of frames: a generation after the first starts from them");
    }
}
