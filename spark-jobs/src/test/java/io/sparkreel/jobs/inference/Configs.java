// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.inference;

import io.sparkreel.jobs.config.inference.InferenceConfig;
import io.sparkreel.jobs.config.reader.ConfigLoader;
import java.util.List;

/** Configurations of tests. */
public final class Configs {
    static final String PARTS = """
            vae: {type: wavelet, levels: 3, bands: [Y-LL, Y-LH, Y-HL, Y-HH, Cb-LL, Cr-LL], scales: [3.3, 0.75, 0.8, 0.38, 0.53, 0.43]}
            text_encoder: {type: hash, width: 32, model_max_length: 12}
            dtype: fp32
            scheduler: {num_sampling_steps: 3, cfg_scale: 1.5, predict_xstart: true}
            """;

    private Configs() {}

    /** The lines of YAML beside codec, text encoder and sampler of the tests. */
    public static InferenceConfig of(String... lines) {
        return ConfigLoader.parse(
                        InferenceConfig.class, "test.yaml", PARTS + String.join("\n", lines) + "\n", List.of())
                .config();
    }
}
