// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;

/** Takes keys that are accepted without effect out of a configuration. */
final class Notices {
    private Notices() {}

    /** Removes the {@link NoEffect} keys of a configuration from a tree, and returns a line for each that was there. */
    static List<String> take(Class<?> configuration, ObjectNode tree) {
        List<String> notices = new ArrayList<>();
        for (NoEffect unused : configuration.getAnnotationsByType(NoEffect.class)) {
            int dot = unused.key().lastIndexOf('.');
            JsonNode section = dot < 0 ? tree : tree.get(unused.key().substring(0, dot));
            if (section instanceof ObjectNode object
                    && object.remove(unused.key().substring(dot + 1)) != null) {
                notices.add("'" + unused.key() + "' has no effect here: " + unused.instead() + ".");
            }
        }
        return List.copyOf(notices);
    }
}
