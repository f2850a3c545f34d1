// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import io.sparkreel.model.settings.Section;

/** {@code text_encoder}: what turns captions and prompts into features, chosen by {@code type}. */
public sealed interface TextEncoderConfig extends Section permits T5Config, HashTextConfig {
    /** Text token slots of a caption. */
    int modelMaxLength();
}
