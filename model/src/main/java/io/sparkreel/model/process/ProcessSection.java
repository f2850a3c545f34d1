// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process;

import io.sparkreel.model.settings.Chosen;
import io.sparkreel.model.settings.Section;

/** {@code scheduler} of a training run: the diffusion process and its loss. */
@Chosen(otherwise = "iddpm")
public interface ProcessSection extends Section {
    /**
     * The process.
     *
     * @throws io.sparkreel.model.InvalidInputException if it cannot work so
     */
    DiffusionProcess process();
}
