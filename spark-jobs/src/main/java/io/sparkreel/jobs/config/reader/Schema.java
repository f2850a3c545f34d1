// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.bucketing.NearestName;
import io.sparkreel.model.settings.Chosen;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.settings.SectionRecord;
import io.sparkreel.model.settings.Tuple;
import io.sparkreel.model.settings.Variant;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.lang.reflect.Type;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** What the section records say about valid keys. */
final class Schema {
    private Schema() {}

    /** The YAML spelling of a component's name. */
    static String key(RecordComponent component) {
        return component.getName().replaceAll("([a-z0-9])([A-Z])", "$1_$2").toLowerCase(Locale.ROOT);
    }

    static boolean isFlat(RecordComponent component) {
        return component.isAnnotationPresent(Flat.class);
    }

    /** The default as YAML, or null where the key must be given. */
    static String defaultOf(RecordComponent component) {
        Default annotation = component.getAnnotation(Default.class);
        return annotation == null ? null : annotation.value();
    }

    static boolean isAuto(RecordComponent component) {
        return "auto".equals(defaultOf(component)) && !component.getType().isEnum();
    }

    static boolean mayBeNull(RecordComponent component) {
        boolean boxed = component.getType() == Integer.class
                || component.getType() == Double.class
                || component.getType() == Boolean.class;
        return boxed || "null".equals(defaultOf(component));
    }

    static boolean isSection(Type type) {
        return type instanceof Class<?> raw
                && Section.class.isAssignableFrom(raw)
                && !raw.isAnnotationPresent(Tuple.class);
    }

    /** Whether the key {@code type} chooses the record of a section. */
    static boolean isChosen(Class<?> section) {
        return section.isSealed() || section.isAnnotationPresent(Chosen.class);
    }

    /** The record of a section that its key {@code type} names, or null. */
    static Class<?> variant(Class<?> section, String type) {
        Map<String, Class<?>> variants = variants(section);
        return variants.getOrDefault(type, variants.get(otherwise(section)));
    }

    /** The record of a section that names no type, or null if it has to. */
    static Class<?> variantWithoutType(Class<?> section) {
        return variants(section).get(otherwise(section));
    }

    /** The record that reads this section, or null if its {@code type} chooses none. */
    static Class<?> record(Class<?> section, ObjectNode node) {
        if (!isChosen(section)) {
            return section;
        }
        JsonNode type = node.get("type");
        return type == null ? variantWithoutType(section) : variant(section, type.asText());
    }

    private static String otherwise(Class<?> section) {
        return section.isSealed() ? "" : section.getAnnotation(Chosen.class).otherwise();
    }

    /** The records of a section by the values of {@code type} that choose them: its own, or those that extensions bring. */
    static Map<String, Class<?>> variants(Class<?> section) {
        Map<String, Class<?>> variants = new LinkedHashMap<>();
        if (section.isSealed()) {
            for (Class<?> variant : section.getPermittedSubclasses()) {
                variants.put(variant.getAnnotation(Variant.class).value(), variant);
            }
            return variants;
        }
        for (SectionRecord found : SectionRecord.of(section)) {
            found.types().forEach(type -> variants.put(type, found.record()));
        }
        return variants;
    }

    /** The keys directly inside a section, in order. */
    static Set<String> keys(Class<?> section) {
        Set<String> keys = new LinkedHashSet<>();
        if (section.isAnnotationPresent(Variant.class)) {
            keys.add("type");
        }
        for (RecordComponent component : section.getRecordComponents()) {
            if (isFlat(component)) {
                keys.addAll(keys(component.getType()));
            } else {
                keys.add(key(component));
            }
        }
        return keys;
    }

    /** Dotted paths of all keys below a section, those of every variant included. */
    static Set<String> paths(Class<?> section, String prefix) {
        Set<String> paths = new LinkedHashSet<>();
        if (isChosen(section)) {
            paths.add(prefix + "type");
            new LinkedHashSet<>(variants(section).values()).forEach(variant -> paths.addAll(paths(variant, prefix)));
            return paths;
        }
        for (RecordComponent component : section.getRecordComponents()) {
            String path = prefix + key(component);
            if (isFlat(component)) {
                paths.addAll(paths(component.getType(), prefix));
                continue;
            }
            paths.add(path);
            if (isSection(component.getGenericType())) {
                paths.addAll(paths(component.getType(), path + "."));
            }
        }
        return paths;
    }

    /**
     * The valid path nearest to an unknown one: by its last name, synonyms included; where several are equally near,
     * one of the same section.
     *
     * @param root record of the whole configuration
     * @param section record in which the unknown key stands
     * @param prefix dotted path of that section with a dot at its end, or ""
     */
    static String nearest(Class<?> root, Class<?> section, String prefix, String unknown) {
        Set<String> paths = new LinkedHashSet<>();
        keys(section).forEach(key -> paths.add(prefix + key));
        paths.addAll(paths(root, ""));
        String best = null;
        int least = Integer.MAX_VALUE;
        for (String path : paths) {
            int distance = distance(root, unknown, path);
            if (distance < least) {
                least = distance;
                best = path;
            }
        }
        return best;
    }

    private static int distance(Class<?> root, String unknown, String path) {
        String name = path.substring(path.lastIndexOf('.') + 1);
        int least = NearestName.distance(unknown, name);
        for (Synonym synonym : root.getAnnotationsByType(Synonym.class)) {
            if (synonym.key().equals(name)) {
                for (String other : synonym.names()) {
                    least = Math.min(least, NearestName.distance(unknown, other));
                }
            }
        }
        return least;
    }

    static Type argument(Type type, int index) {
        return ((ParameterizedType) type).getActualTypeArguments()[index];
    }

    static Class<?> raw(Type type) {
        return type instanceof ParameterizedType generic ? (Class<?>) generic.getRawType() : (Class<?>) type;
    }
}
