// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.jobs.config.ImageSize;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;
import java.util.List;

/**
 * The clips that a training run samples from its EMA weights.
 *
 * @param prompts a clip for each
 * @param numFrames frames of a clip; 1 makes a picture
 * @param fps what the model is conditioned on
 * @param imageSize height and width in pixels; the codec may cut them to a multiple of its factor
 * @param sampler how noise becomes a latent; null ({@code auto}): the sampler of the process that needs the fewest steps
 * @param numSamplingSteps denoising steps
 * @param cfgScale guidance scale; 1 is none
 */
public record SampleConfig(
        @Default("[]") List<String> prompts,
        @Default("16") int numFrames,
        @Default("24") int fps,
        @Default("[240, 426]") ImageSize imageSize,
        @Default("auto") String sampler,
        @Default("20") int numSamplingSteps,
        @Default("7.0") double cfgScale)
        implements Section {
    public SampleConfig {
        Check.that(
                prompts.stream().noneMatch(prompt -> prompt == null || prompt.isBlank()), "prompts", prompts, "texts");
        Check.atLeast("num_frames", numFrames, 1);
        Check.atLeast("fps", fps, 1);
        Check.that(
                numSamplingSteps >= 2 && numSamplingSteps <= 1000,
                "num_sampling_steps",
                numSamplingSteps,
                "a whole number from 2 to 1000");
        Check.notNegative("cfg_scale", cfgScale);
    }
}
