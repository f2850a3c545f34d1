// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.ModelFamily;
import java.util.Optional;

/** The spatial-temporal diffusion transformer of Open-Sora 1.1. */
public final class Stdit2Family implements ModelFamily {
    static final String TYPE = "STDiT2";

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public DenoiserConfig read(JsonNode stored) {
        return Stdit2Config.of(stored);
    }

    @Override
    public Optional<DenoiserConfig> published(String name) {
        return Stdit2Config.published(name).map(DenoiserConfig.class::cast);
    }

    @Override
    public String process() {
        return "iddpm";
    }
}
