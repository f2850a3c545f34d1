// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.toy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.process.SamplerSection;
import io.sparkreel.model.settings.Default;

/** {@code scheduler} of a toy's inference. */
public record EulerSection(
        @Default("euler") String type,
        @Default("4") int numSamplingSteps,
        @Default("1.0") double cfgScale,
        @Default("null") Integer cfgChannel)
        implements SamplerSection {
    @Override
    public String sampler() {
        return type;
    }

    @Override
    public ObjectNode process(ObjectNode trained) {
        return trained;
    }
}
