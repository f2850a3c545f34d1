// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.ProcessType;

/** The process of Open-Sora 1.1. */
public final class IddpmType implements ProcessType {
    @Override
    public String type() {
        return Iddpm.TYPE;
    }

    @Override
    public DiffusionProcess of(ObjectNode identity) {
        return Iddpm.of(identity);
    }
}
