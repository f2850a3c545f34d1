// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.process.SamplerSection;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;

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
        implements SamplerSection {
    public SamplerConfig {
        Check.that(
                numSamplingSteps >= 2 && numSamplingSteps <= 1000,
                "num_sampling_steps",
                numSamplingSteps,
                "a whole number from 2 to 1000");
        Check.notNegative("cfg_scale", cfgScale);
        Check.atLeast("cfg_channel", cfgChannel, 1);
    }

    @Override
    public String sampler() {
        return type.word();
    }

    @Override
    public ObjectNode process(ObjectNode trained) {
        return predictXstart == null ? trained : Iddpm.identity(trained, predictXstart);
    }
}
