// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.bench;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.Families;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.Processes;

/** The models that are measured: that of Open-Sora 1.1, in sizes of one's own. */
final class BenchmarkModel {
    static final int LATENT_CHANNELS = 4;
    static final int TEXT_WIDTH = 4096;

    private BenchmarkModel() {}

    static DenoiserConfig of(int hidden, int depth, int heads, int textTokens) {
        return Families.read(JsonNodeFactory.instance
                .objectNode()
                .put("model_type", "STDiT2")
                .put("input_sq_size", 512)
                .put("in_channels", LATENT_CHANNELS)
                .put("hidden_size", hidden)
                .put("depth", depth)
                .put("num_heads", heads)
                .put("caption_channels", TEXT_WIDTH)
                .put("model_max_length", textTokens)
                .put("qk_norm", true));
    }

    /** The process that models of this family are trained with. */
    static DiffusionProcess process(DenoiserConfig config) {
        return Processes.of(Processes.identity(Families.of(config.type()).process()));
    }
}
