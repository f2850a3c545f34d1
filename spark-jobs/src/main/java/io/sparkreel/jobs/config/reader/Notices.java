// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.settings.NoEffect;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.List;

/** Takes keys that are accepted without effect out of a configuration. */
final class Notices {
    private Notices() {}

    /** Removes the {@link NoEffect} keys of a configuration from a tree, and returns a line for each that was there. */
    static List<String> take(Class<?> configuration, ObjectNode tree) {
        List<String> notices = new ArrayList<>();
        take(configuration, tree, "", notices);
        return List.copyOf(notices);
    }

    private static void take(Class<?> section, ObjectNode node, String prefix, List<String> notices) {
        for (NoEffect unused : section.getAnnotationsByType(NoEffect.class)) {
            if (node.remove(unused.key()) != null) {
                notices.add("'" + prefix + unused.key() + "' has no effect here: " + unused.instead() + ".");
            }
        }
        for (RecordComponent component : section.getRecordComponents()) {
            String key = Schema.key(component);
            if (Schema.isSection(component.getGenericType()) && node.get(key) instanceof ObjectNode inner) {
                Class<?> record = Schema.record(component.getType(), inner);
                if (record != null) {
                    take(record, inner, prefix + key + ".", notices);
                }
            }
        }
    }
}
