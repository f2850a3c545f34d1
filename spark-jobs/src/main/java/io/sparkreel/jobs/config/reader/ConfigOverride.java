// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.jobs.error.UserError;
import java.util.List;

/** A value from the command line, or of a program, that replaces the file's at a dotted path. */
public final class ConfigOverride {
    private static final ObjectMapper JSON = new ObjectMapper();

    private final String key;
    private final JsonNode value;
    private final String origin;

    private ConfigOverride(String key, JsonNode value, String origin) {
        this.key = key;
        this.value = value;
        this.origin = origin;
    }

    /**
     * A value written as YAML.
     *
     * @param origin what the user typed, for errors
     * @throws UserError when it is no YAML
     */
    public static ConfigOverride yaml(String key, String value, String origin) {
        return new ConfigOverride(key, Yaml.parse(origin, value), origin);
    }

    /** Text taken as it is. */
    public static ConfigOverride text(String key, String value, String origin) {
        return new ConfigOverride(key, JsonNodeFactory.instance.textNode(value), origin);
    }

    /** A list of texts taken as they are. */
    public static ConfigOverride texts(String key, List<String> values, String origin) {
        ArrayNode list = JsonNodeFactory.instance.arrayNode();
        values.forEach(list::add);
        return new ConfigOverride(key, list, origin);
    }

    /** A text, number, boolean, null, or list or map of such, from a program. */
    static ConfigOverride value(String key, Object value) {
        return new ConfigOverride(key, JSON.valueToTree(value), "the setting '" + key + "'");
    }

    String key() {
        return key;
    }

    String origin() {
        return origin;
    }

    /** Puts the value into a tree, making the sections on the way. */
    void apply(ObjectNode tree) {
        ObjectNode section = tree;
        String[] names = key.split("\\.", -1);
        for (int i = 0; i < names.length; i++) {
            if (names[i].isBlank()) {
                throw new UserError("Cannot read " + origin + ": the key '" + key
                        + "' has an empty part. Write it as section.key=value.");
            }
            if (i == names.length - 1) {
                section.set(names[i], value);
                return;
            }
            JsonNode next = section.get(names[i]);
            if (next == null || next.isNull()) {
                section = section.putObject(names[i]);
            } else if (next instanceof ObjectNode object) {
                section = object;
            } else {
                throw new UserError("Cannot read " + origin + ": '" + names[i] + "' is " + Sources.show(next)
                        + ", which has no keys. Set it as a whole.");
            }
        }
    }
}
