// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;
import java.util.List;

/**
 * What is asked for.
 *
 * @param prompt texts; null: those of {@code promptPath}. It wins where both are given
 * @param promptPath file of prompts, one in a line
 * @param startIndex first prompt that is used, from 0; null: the first
 * @param endIndex first prompt that is not used any more; null: all
 */
public record PromptConfig(
        @Default("null") List<String> prompt,
        @Default("null") String promptPath,
        @Default("null") Integer startIndex,
        @Default("null") Integer endIndex)
        implements Section {
    public PromptConfig {
        Check.that(prompt == null || !prompt.isEmpty(), "prompt", prompt, "at least one text");
        Check.notBlank("prompt_path", promptPath);
        Check.atLeast("start_index", startIndex, 0);
        Check.atLeast("end_index", endIndex, startIndex == null ? 0 : startIndex);
    }
}
