// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

/**
 * The encoder of T5.
 *
 * @param fromPretrained folder of its weights and tokenizer, or hub id
 * @param modelMaxLength text token slots of a caption
 */
@Variant("t5")
public record T5Config(String fromPretrained, @Default("120") int modelMaxLength) implements TextEncoderConfig {
    public T5Config {
        Check.notBlank("from_pretrained", fromPretrained);
        Check.atLeast("model_max_length", modelMaxLength, 1);
    }
}
