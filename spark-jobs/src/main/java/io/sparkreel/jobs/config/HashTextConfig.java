// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.NoEffect;
import io.sparkreel.model.settings.Variant;

/**
 * One fixed random vector for each word, which needs no weights.
 *
 * @param width of the vectors
 * @param modelMaxLength word slots of a caption
 */
@NoEffect(key = "cache_dir", instead = "HF_HOME says where downloads are kept")
@Variant("hash")
public record HashTextConfig(
        @Default("256") int width, @Default("120") int modelMaxLength) implements TextEncoderConfig {
    public HashTextConfig {
        Check.atLeast("width", width, 1);
        Check.atLeast("model_max_length", modelMaxLength, 1);
    }
}
