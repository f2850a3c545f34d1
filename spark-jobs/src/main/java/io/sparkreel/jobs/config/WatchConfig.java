// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/**
 * What one sees of a training run while it goes on.
 *
 * @param peakTflops 10^12 operations a second that the device of one rank can do at most, for the share of it that the
 *     model uses; null ({@code auto}): by the data sheet of a GPU that is known, and not told for other devices
 * @param evalEvery steps between two looks at the loss on clips that are not trained on; null: none
 * @param evalDataPath output folder of a bucketing run whose clips are judged; null: none
 * @param sampleEvery steps between two drawings of the clips of {@code samples}; null: none
 * @param wandb hand the TensorBoard events to the {@code wandb} program when the run ends
 */
public record WatchConfig(
        @Default("auto") Double peakTflops,
        @Default("null") Integer evalEvery,
        @Default("null") String evalDataPath,
        @Default("null") Integer sampleEvery,
        @Default("false") boolean wandb)
        implements Section {
    public WatchConfig {
        Check.that(peakTflops == null || peakTflops > 0, "peak_tflops", peakTflops, "a number above 0");
        Check.atLeast("eval_every", evalEvery, 1);
        Check.notBlank("eval_data_path", evalDataPath);
        Check.that(evalEvery == null || evalDataPath != null, "eval_data_path", null,
                "the output folder of a bucketing run over other clips, for eval_every");
        Check.that(evalDataPath == null || evalEvery != null, "eval_every", null,
                "a number of steps, for eval_data_path");
        Check.atLeast("sample_every", sampleEvery, 1);
    }
}
