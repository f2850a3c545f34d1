// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.settings.Chosen;
import io.sparkreel.model.settings.Section;

/** {@code scheduler} of an inference run: how noise becomes a latent. */
@Chosen(otherwise = "iddpm")
public interface SamplerSection extends Section {
    /** The sampler, by the name that {@link DiffusionProcess#sampler} knows it by. */
    String sampler();

    /** Denoising steps. */
    int numSamplingSteps();

    /** Guidance scale; 1 is none. */
    double cfgScale();

    /** How many latent channels are guided; null: all. */
    Integer cfgChannel();

    /**
     * The identity of the process to sample with.
     *
     * @param trained the identity of the process that the model was trained with
     */
    ObjectNode process(ObjectNode trained);
}
