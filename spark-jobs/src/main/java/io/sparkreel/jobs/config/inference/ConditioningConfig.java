// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

import io.sparkreel.model.generate.Carry;
import io.sparkreel.model.generate.MaskStrategy;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;
import java.util.List;

/**
 * Pictures and clips a video is conditioned on, and videos longer than one generation.
 *
 * @param referencePath for each prompt null or paths separated by ";"; null: none
 * @param maskStrategy for each prompt null or a mask strategy; null: none
 * @param maskStrategyDialect the order of its numbers
 * @param loop generations that are joined to one video
 * @param conditionFrameLength frames of a generation that begin the next one; null only without loops
 * @param carry how those frames reach the next one
 * @param keepGivenFrames whether frames of edit ratio 0 come out as they were given; Open-Sora 1.1, and so the default,
 *     lets the model replace them in its last step, which changes them the less the better the model is
 * @param localReferencesInTables whether rows of a prompt file may name files of the machines that run the job
 * @param referenceHosts hosts that references may be fetched from over http or https: names, "*.example.org" or "*".
 *     One that a pattern allows must have a public address; a name of its own may lead anywhere
 * @param referenceMaxMib largest file of a reference
 * @param referenceTimeoutS most seconds that fetching a reference over http may take
 */
public record ConditioningConfig(
        @Default("null") List<String> referencePath,
        @Default("null") List<String> maskStrategy,
        @Default("reference-first") MaskStrategy.Dialect maskStrategyDialect,
        @Default("1") int loop,
        @Default("null") Integer conditionFrameLength,
        @Default("decoded") Carry carry,
        @Default("false") boolean keepGivenFrames,
        @Default("false") boolean localReferencesInTables,
        @Default("[]") List<String> referenceHosts,
        @Default("256") int referenceMaxMib,
        @Default("60") int referenceTimeoutS)
        implements Section {
    public ConditioningConfig {
        Check.atLeast("loop", loop, 1);
        Check.atLeast("condition_frame_length", conditionFrameLength, 1);
        Check.that(
                loop == 1 || conditionFrameLength != null,
                "condition_frame_length",
                null,
                "a number of frames: a generation after the first starts from them");
        Check.that(
                referenceHosts.stream().noneMatch(host -> host == null || host.isBlank()),
                "reference_hosts",
                referenceHosts,
                "names of hosts");
        Check.that(
                referenceMaxMib >= 1 && referenceMaxMib < 2048,
                "reference_max_mib",
                referenceMaxMib,
                "a whole number from 1 to 2047");
        Check.atLeast("reference_timeout_s", referenceTimeoutS, 1);
    }
}
