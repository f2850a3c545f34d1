// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.toy;

import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.ProcessSection;
import io.sparkreel.model.settings.Default;

/** {@code scheduler} of a toy's training. */
public record StraightSection(@Default("straight") String type) implements ProcessSection {
    @Override
    public DiffusionProcess process() {
        return new Straight();
    }
}
