// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process;

import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * A kind of diffusion process, part of an {@link io.sparkreel.model.Extension}; so are the records of its
 * {@link ProcessSection} and {@link SamplerSection}.
 */
public interface ProcessType {
    /** Its name in an identity. */
    String type();

    /**
     * The process to sample with.
     *
     * @param identity what {@link DiffusionProcess#identity} said; empty for weights that come without
     */
    DiffusionProcess of(ObjectNode identity);
}
