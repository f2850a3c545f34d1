// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.NoEffect;
import io.sparkreel.model.settings.Variant;

/**
 * The encoder of T5.
 *
 * @param fromPretrained folder of its weights and tokenizer, or hub id
 * @param localFilesOnly a hub id is only looked up in the cache, and never downloaded
 * @param shardformer compute in bf16, half the memory, and on GPUs less than half the time
 * @param modelMaxLength text token slots of a caption
 */
@NoEffect(key = "cache_dir", instead = "HF_HOME says where downloads are kept")
@Variant("t5")
public record T5Config(
        String fromPretrained,
        @Default("true") boolean localFilesOnly,
        @Default("false") boolean shardformer,
        @Default("120") int modelMaxLength)
        implements TextEncoderConfig {
    public T5Config {
        Check.notBlank("from_pretrained", fromPretrained);
        Check.atLeast("model_max_length", modelMaxLength, 1);
    }
}
