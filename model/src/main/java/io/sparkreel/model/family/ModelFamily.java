// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/** A kind of model, part of an {@link io.sparkreel.model.Extension}; so is the record of its {@link ModelSection}. */
public interface ModelFamily {
    /** Its name, in configurations and as {@code model_type} of {@code config.json}. */
    String type();

    /**
     * Reads a {@code config.json}. What it does not say is as the reference's class has it.
     *
     * @throws io.sparkreel.model.InvalidInputException if it is not one of this family
     */
    DenoiserConfig read(JsonNode stored);

    /** The published model of a named size, such as {@code STDiT2-XL/2}; empty if it is none of this family. */
    Optional<DenoiserConfig> published(String name);

    /** The type of the diffusion process that its published weights were trained with. */
    String process();
}
