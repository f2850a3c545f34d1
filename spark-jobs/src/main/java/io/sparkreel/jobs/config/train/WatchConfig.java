// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * Monitoring of a training run.
 *
 * @param peakTflops 10^12 operations a second that the device of one rank can do at most, for the share of it that the
 *     model uses; null ({@code auto}): by the data sheet of a GPU that is known, and not told for other devices
 * @param evalEvery steps between two looks at the loss on clips that are not trained on; null: none
 * @param evalFraction share of the clips of {@code data_path} that are held out for validation, chosen by their
 *     identity: the same in all runs on the same data
 * @param evalDataPath instead of that, output folder of a bucketing run whose clips are for validation
 * @param sampleEvery steps between two drawings of the clips of {@code samples}; null: none
 * @param wandb hand the TensorBoard events to the {@code wandb} program when the run ends
 */
public record WatchConfig(
        @Default("auto") Double peakTflops,
        @Default("null") Integer evalEvery,
        @Default("0.0") double evalFraction,
        @Default("null") String evalDataPath,
        @Default("null") Integer sampleEvery,
        @Default("false") boolean wandb)
        implements Section {
    public WatchConfig {
        Check.that(peakTflops == null || peakTflops > 0, "peak_tflops", peakTflops, "a number above 0");
        Check.atLeast("eval_every", evalEvery, 1);
        Check.notBlank("eval_data_path", evalDataPath);
        Check.that(
                evalFraction >= 0 && evalFraction <= 0.5, "eval_fraction", evalFraction, "a number between 0 and 0.5");
        boolean hasClips = evalDataPath != null || evalFraction > 0;
        Check.that(
                evalEvery == null || hasClips,
                "eval_fraction",
                evalFraction,
                "a share of the clips, for eval_every, or other clips as eval_data_path");
        Check.that(
                evalDataPath == null || evalFraction == 0,
                "eval_fraction",
                evalFraction,
                "0 where eval_data_path gives the clips");
        Check.that(
                !hasClips || evalEvery != null,
                "eval_every",
                null,
                "a number of steps, for eval_fraction and eval_data_path");
        Check.atLeast("sample_every", sampleEvery, 1);
    }
}
