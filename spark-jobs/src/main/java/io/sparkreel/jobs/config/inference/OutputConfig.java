// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * Where generated clips go, and their names.
 *
 * @param saveDir folder
 * @param sampleName first part of the names; null: "sample"
 * @param numSample clips for each prompt
 * @param promptAsPath names are the prompts
 * @param videoFormat of clips of several frames
 * @param overwrite generate again what an earlier run has left there
 */
public record OutputConfig(
        @Default("samples") String saveDir,
        @Default("null") String sampleName,
        @Default("1") int numSample,
        @Default("false") boolean promptAsPath,
        @Default("mp4") VideoFormat videoFormat,
        @Default("false") boolean overwrite)
        implements Section {
    public OutputConfig {
        Check.notBlank("save_dir", saveDir);
        Check.notBlank("sample_name", sampleName);
        Check.atLeast("num_sample", numSample, 1);
    }
}
