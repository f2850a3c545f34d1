// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.Optional;

/**
 * A kind of model, registered by a line in {@code META-INF/services/io.sparkreel.model.family.ModelFamily}. Nothing else
 * names it.
 */
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
