// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.model.Extension;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.ModelFamily;
import io.sparkreel.model.family.ModelSection;
import io.sparkreel.model.settings.SectionRecord;
import java.util.List;
import java.util.Optional;

/** The spatial-temporal diffusion transformer of Open-Sora 1.1. */
public final class Stdit2Family implements Extension, ModelFamily {
    static final String TYPE = "STDiT2";

    @Override
    public List<?> parts() {
        return List.of(
                this, new SectionRecord(ModelSection.class, Stdit2Config.typeAndSizes(TYPE), Stdit2Section.class));
    }

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
