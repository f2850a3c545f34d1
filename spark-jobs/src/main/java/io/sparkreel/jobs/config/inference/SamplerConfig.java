// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.inference;

import io.sparkreel.jobs.config.SamplerType;
import io.sparkreel.jobs.config.reader.Check;
import io.sparkreel.jobs.config.reader.Default;
import io.sparkreel.jobs.config.reader.Section;

/**
 * {@code scheduler} of an inference run: how noise becomes a latent.
 *
 * @param type the sampler
 * @param numSamplingSteps denoising steps, evenly spaced over the 1,000 of training
 * @param cfgScale guidance scale; 1 is none
 * @param cfgChannel how many latent channels are guided; null: all
 * @param predictXstart the model predicts the clean latent; null: as its checkpoint says
 */
public record SamplerConfig(
        @Default("iddpm") SamplerType type,
        @Default("100") int numSamplingSteps,
        @Default("7.0") double cfgScale,
        @Default("null") Integer cfgChannel,
        @Default("null") Boolean predictXstart)
        implements Section {
    public SamplerConfig {
        Check.that(
                numSamplingSteps >= 2 && numSamplingSteps <= 1000,
                "num_sampling_steps",
                numSamplingSteps,
                "a whole number from 2 to 1000");
        Check.notNegative("cfg_scale", cfgScale);
        Check.atLeast("cfg_channel", cfgChannel, 1);
    }
}
