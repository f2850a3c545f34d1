// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.jobs.error.UserError;
import java.util.List;

/** Knows which file or flag a value came from, for errors. */
final class Sources {
    private static final int LONGEST_VALUE = 60;

    private final String file;
    private final JsonNode fileTree;
    private final List<ConfigOverride> overrides;

    Sources(String file, JsonNode fileTree, List<ConfigOverride> overrides) {
        this.file = file;
        this.fileTree = fileTree.deepCopy();
        this.overrides = List.copyOf(overrides);
    }

    /** The flag that set the value at a path, else the file. */
    String of(String path) {
        for (int i = overrides.size() - 1; i >= 0; i--) {
            String key = overrides.get(i).key();
            if (path.equals(key) || path.startsWith(key + ".") || path.startsWith(key + "[")) {
                return overrides.get(i).origin();
            }
        }
        if (fileTree.at("/" + path.replace('.', '/')).isMissingNode()) {
            for (int i = overrides.size() - 1; i >= 0; i--) {
                if (overrides.get(i).key().startsWith(path + ".")) {
                    return overrides.get(i).origin();
                }
            }
        }
        return file;
    }

    UserError invalid(String path, String value, String expected) {
        return new UserError("Cannot read " + of(path) + ": '" + path + "' is " + value + ". Give " + expected + ".");
    }

    UserError invalid(String path, JsonNode value, String expected) {
        return invalid(path, show(value), expected);
    }

    /** Another module refused the value at a path. */
    UserError refused(String path, Throwable refusal) {
        return new UserError(
                "Cannot read " + of(path) + ": '" + path + "' is refused. " + refusal.getMessage(), refusal);
    }

    static String show(JsonNode value) {
        String text = value.toString();
        return text.length() <= LONGEST_VALUE ? text : text.substring(0, LONGEST_VALUE) + "...";
    }
}
