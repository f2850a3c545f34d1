// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.toy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sparkreel.model.Extension;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.ModelFamily;
import io.sparkreel.model.family.ModelSection;
import io.sparkreel.model.process.ProcessSection;
import io.sparkreel.model.process.SamplerSection;
import io.sparkreel.model.settings.SectionRecord;
import java.util.List;
import java.util.Optional;

/** A second family, with a process of its own, that only tests know: what the jobs do not name they cannot depend on. */
public final class ToyFamily implements Extension, ModelFamily {
    static final String TYPE = "Toy";
    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .build();

    @Override
    public List<?> parts() {
        return List.of(
                this,
                new StraightType(),
                new SectionRecord(ModelSection.class, List.of(TYPE), ToySection.class),
                new SectionRecord(ProcessSection.class, List.of(StraightType.TYPE), StraightSection.class),
                new SectionRecord(SamplerSection.class, List.of(Straight.EULER), EulerSection.class));
    }

    @Override
    public String type() {
        return TYPE;
    }

    @Override
    public DenoiserConfig read(JsonNode stored) {
        try {
            return JSON.treeToValue(stored, ToyConfig.class);
        } catch (JsonProcessingException e) {
            throw new InvalidInputException(e.getOriginalMessage() + ". Give the config.json of a toy.");
        }
    }

    @Override
    public Optional<DenoiserConfig> published(String name) {
        return Optional.empty();
    }

    @Override
    public String process() {
        return StraightType.TYPE;
    }
}
