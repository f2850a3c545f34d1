// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.bucketing.NearestName;
import io.sparkreel.model.settings.Choice;
import io.sparkreel.model.settings.Tuple;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Reads single values by the type of the component that takes them; nothing is converted silently. */
final class ValueReader {
    private final SectionReader sections;
    private final Sources sources;

    ValueReader(SectionReader sections, Sources sources) {
        this.sections = sections;
        this.sources = sources;
    }

    /** @param otherwise what else the key takes, for errors: ", or null" */
    Object read(Type type, JsonNode value, String path, String otherwise) {
        Object result = convert(type, value, path);
        if (result == null) {
            throw sources.invalid(path, value, expected(type) + otherwise + nearest(type, value));
        }
        return result;
    }

    /** The value, or null where the type takes no such value. */
    private Object convert(Type type, JsonNode value, String path) {
        Class<?> raw = Schema.raw(type);
        if (raw == int.class || raw == Integer.class) {
            return value.isIntegralNumber() && value.canConvertToInt() ? value.intValue() : null;
        } else if (raw == long.class) {
            return value.isIntegralNumber() && value.canConvertToLong() ? value.longValue() : null;
        } else if (raw == double.class || raw == Double.class) {
            return value.isNumber() && Double.isFinite(value.doubleValue()) ? value.doubleValue() : null;
        } else if (raw == boolean.class || raw == Boolean.class) {
            return value.isBoolean() ? value.booleanValue() : null;
        } else if (raw == String.class) {
            return value.isTextual() || value.isNumber() ? value.asText() : null;
        } else if (raw.isEnum()) {
            return Stream.of(raw.getEnumConstants())
                    .filter(c -> Choice.word((Enum<?>) c).equals(value.asText()))
                    .findFirst()
                    .orElse(null);
        } else if (raw == List.class) {
            return value.isArray() ? list(type, value, path) : null;
        } else if (raw == Map.class) {
            return value instanceof ObjectNode object ? map(type, object, path) : null;
        } else if (raw.isAnnotationPresent(Tuple.class)) {
            return value.isArray() && value.size() == raw.getRecordComponents().length ? tuple(raw, value, path) : null;
        }
        return value instanceof ObjectNode object ? sections.readSection(raw, object, path + ".") : null;
    }

    private List<Object> list(Type type, JsonNode value, String path) {
        Type element = Schema.argument(type, 0);
        List<Object> list = new ArrayList<>();
        for (JsonNode item : value) {
            // Only lists of texts run beside a list of prompts, where a prompt may have none.
            boolean absent = item.isNull() && element == String.class;
            list.add(absent ? null : read(element, item, path + "[" + list.size() + "]", ""));
        }
        return Collections.unmodifiableList(list);
    }

    private Map<Object, Object> map(Type type, ObjectNode value, String path) {
        Map<Object, Object> map = new LinkedHashMap<>();
        for (Map.Entry<String, JsonNode> entry : value.properties()) {
            String name = entry.getKey();
            Object key = name;
            if (Schema.argument(type, 0) == Integer.class) {
                if (!name.matches("[1-9][0-9]{0,8}")) {
                    throw sources.invalid(
                            path,
                            "a mapping with the key \"" + name + "\"",
                            "numbers of frames, such as 16, as its keys");
                }
                key = Integer.valueOf(name);
            }
            map.put(key, read(Schema.argument(type, 1), entry.getValue(), path + "." + name, ""));
        }
        return Collections.unmodifiableMap(map);
    }

    private Object tuple(Class<?> type, JsonNode value, String path) {
        RecordComponent[] components = type.getRecordComponents();
        Object[] arguments = new Object[components.length];
        for (int i = 0; i < components.length; i++) {
            if (value.get(i).isNull() && Schema.mayBeNull(components[i])) {
                continue;
            }
            arguments[i] = convert(components[i].getGenericType(), value.get(i), path);
            if (arguments[i] == null) {
                return null;
            }
        }
        return sections.construct(type, arguments, path + ".");
    }

    /** What a type takes, in words that follow "Give". */
    String expected(Type type) {
        Class<?> raw = Schema.raw(type);
        if (raw == int.class || raw == Integer.class || raw == long.class) {
            return "a whole number";
        } else if (raw == double.class || raw == Double.class) {
            return "a number";
        } else if (raw == boolean.class || raw == Boolean.class) {
            return "true or false";
        } else if (raw == String.class) {
            return "a text";
        } else if (raw.isEnum()) {
            return "one of " + String.join(", ", words(raw));
        } else if (raw == List.class) {
            return "a list";
        } else if (raw.isAnnotationPresent(Tuple.class)) {
            return raw.getAnnotation(Tuple.class).value();
        }
        return "a mapping of keys to values";
    }

    private static String nearest(Type type, JsonNode value) {
        Class<?> raw = Schema.raw(type);
        return raw.isEnum() && value.isTextual()
                ? " (nearest: " + NearestName.of(value.asText(), words(raw)) + ")"
                : "";
    }

    private static List<String> words(Class<?> choice) {
        return Stream.of(choice.getEnumConstants())
                .map(constant -> Choice.word((Enum<?>) constant))
                .toList();
    }
}
