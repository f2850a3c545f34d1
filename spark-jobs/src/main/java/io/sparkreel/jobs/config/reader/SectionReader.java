// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.bucketing.NearestName;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.model.settings.InvalidValueException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.RecordComponent;
import java.util.Iterator;
import java.util.List;
import java.util.Set;

/** Reads a tree into section records; every refusal is a {@link UserError} that names source, key and value. */
final class SectionReader {
    private final Class<?> root;
    private final Sources sources;
    private final ValueReader values;

    SectionReader(Class<?> root, Sources sources) {
        this.root = root;
        this.sources = sources;
        this.values = new ValueReader(this, sources);
    }

    <T> T readRoot(Class<T> type, ObjectNode tree) {
        return type.cast(readSection(type, tree, ""));
    }

    /**
     * @param prefix dotted path of the section with a dot at its end, or "" for the whole configuration
     */
    Object readSection(Class<?> type, ObjectNode node, String prefix) {
        Class<?> section = Schema.isChosen(type) ? variant(type, node, prefix) : type;
        refuseUnknownKeys(section, node, prefix);
        return readComponents(section, node, prefix);
    }

    private Class<?> variant(Class<?> type, ObjectNode node, String prefix) {
        Class<?> variant = Schema.record(type, node);
        if (variant != null) {
            return variant;
        }
        List<String> known = List.copyOf(Schema.variants(type).keySet());
        String choices = String.join(", ", known);
        JsonNode word = node.get("type");
        if (word == null) {
            throw missing(prefix + "type", "one of " + choices);
        }
        throw sources.invalid(
                prefix + "type",
                word,
                "one of " + choices + " (nearest: " + NearestName.of(word.asText(), known) + ")");
    }

    private void refuseUnknownKeys(Class<?> section, ObjectNode node, String prefix) {
        Set<String> known = Schema.keys(section);
        for (Iterator<String> names = node.fieldNames(); names.hasNext(); ) {
            String name = names.next();
            if (!known.contains(name)) {
                throw new UserError("Cannot read " + sources.of(prefix + name) + ": unknown key '" + prefix + name
                        + "' (value " + Sources.show(node.get(name)) + "). Did you mean '"
                        + Schema.nearest(root, section, prefix, name) + "'?");
            }
        }
    }

    private Object readComponents(Class<?> section, ObjectNode node, String prefix) {
        RecordComponent[] components = section.getRecordComponents();
        Object[] arguments = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            arguments[i] = Schema.isFlat(components[i])
                    ? readComponents(components[i].getType(), node, prefix)
                    : readComponent(components[i], node, prefix);
        }
        return construct(section, arguments, prefix);
    }

    private Object readComponent(RecordComponent component, ObjectNode node, String prefix) {
        String path = prefix + Schema.key(component);
        JsonNode value = node.get(Schema.key(component));
        if (value == null && Schema.defaultOf(component) != null) {
            value = Yaml.parse("the default of '" + path + "'", Schema.defaultOf(component));
        } else if (value == null && Schema.isSection(component.getGenericType())) {
            value = JsonNodeFactory.instance.objectNode();
        } else if (value == null) {
            throw missing(path, values.expected(component.getGenericType()));
        }
        if (Schema.isAuto(component) && value.asText().equals("auto")) {
            return null;
        }
        if (isNull(value)) {
            if (Schema.mayBeNull(component)) {
                return null;
            }
            throw sources.invalid(path, value, values.expected(component.getGenericType()));
        }
        String otherwise = Schema.isAuto(component) ? ", or auto" : Schema.mayBeNull(component) ? ", or null" : "";
        return values.read(component.getGenericType(), value, path, otherwise);
    }

    /** The published configurations write an open size as a pair of nulls. */
    private static boolean isNull(JsonNode value) {
        if (!value.isArray() || value.isEmpty()) {
            return value.isNull();
        }
        for (JsonNode element : value) {
            if (!element.isNull()) {
                return false;
            }
        }
        return true;
    }

    /** @param prefix dotted path that the names in a refusal are relative to */
    Object construct(Class<?> type, Object[] arguments, String prefix) {
        RecordComponent[] components = type.getRecordComponents();
        Class<?>[] types = new Class<?>[components.length];
        for (int i = 0; i < types.length; i++) {
            types[i] = components[i].getType();
        }
        try {
            return type.getDeclaredConstructor(types).newInstance(arguments);
        } catch (InvocationTargetException e) {
            if (e.getCause() instanceof InvalidValueException refused) {
                if (refused.getCause() != null) {
                    throw sources.refused(prefix + refused.key(), refused.getCause());
                }
                throw sources.invalid(prefix + refused.key(), refused.value(), refused.expected());
            }
            throw new IllegalStateException("the constructor of " + type.getName() + " failed", e.getCause());
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no constructor of " + type.getName() + " fits its components", e);
        }
    }

    private UserError missing(String path, String expected) {
        return new UserError(
                "Cannot read " + sources.of(path) + ": the key '" + path + "' is missing. Give " + expected + ".");
    }
}
