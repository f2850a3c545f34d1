// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.toy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.ProcessType;

/** Straight paths between noise and clips. */
final class StraightType implements ProcessType {
    static final String TYPE = "straight";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public DiffusionProcess of(ObjectNode identity) {
        return new Straight();
    }
}
