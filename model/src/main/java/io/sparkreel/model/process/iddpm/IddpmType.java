// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.Extension;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.process.ProcessSection;
import io.sparkreel.model.process.ProcessType;
import io.sparkreel.model.process.SamplerSection;
import io.sparkreel.model.settings.Choice;
import io.sparkreel.model.settings.SectionRecord;
import java.util.List;
import java.util.stream.Stream;

/** The process of Open-Sora 1.1. */
public final class IddpmType implements Extension, ProcessType {
    @Override
    public List<?> parts() {
        return List.of(
                this,
                new SectionRecord(ProcessSection.class, words(SchedulerType.values()), SchedulerConfig.class),
                new SectionRecord(SamplerSection.class, words(SamplerType.values()), SamplerConfig.class));
    }

    private static List<String> words(Choice... types) {
        return Stream.of(types).map(Choice::word).toList();
    }

    @Override
    public String type() {
        return Iddpm.TYPE;
    }

    @Override
    public DiffusionProcess of(ObjectNode identity) {
        return Iddpm.of(identity);
    }
}
