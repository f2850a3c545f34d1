// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.settings.Choice;
import io.sparkreel.model.settings.Tuple;
import io.sparkreel.model.settings.Variant;
import java.lang.reflect.RecordComponent;
import java.util.List;
import java.util.Map;

/** Writes section records as the tree that reads back to an equal record. */
public final class SectionWriter {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private SectionWriter() {}

    public static ObjectNode write(Record section) {
        ObjectNode node = NODES.objectNode();
        Variant variant = section.getClass().getAnnotation(Variant.class);
        if (variant != null) {
            node.put("type", variant.value());
        }
        writeComponents(section, node);
        return node;
    }

    private static void writeComponents(Record section, ObjectNode node) {
        for (RecordComponent component : section.getClass().getRecordComponents()) {
            Object value = value(section, component);
            if (Schema.isFlat(component)) {
                writeComponents((Record) value, node);
            } else if (value == null && Schema.isAuto(component)) {
                node.put(Schema.key(component), "auto");
            } else {
                node.set(Schema.key(component), tree(value));
            }
        }
    }

    private static JsonNode tree(Object value) {
        if (value == null) {
            return NODES.nullNode();
        } else if (value instanceof Integer number) {
            return NODES.numberNode(number);
        } else if (value instanceof Long number) {
            return NODES.numberNode(number);
        } else if (value instanceof Double number) {
            return NODES.numberNode(number);
        } else if (value instanceof Boolean truth) {
            return NODES.booleanNode(truth);
        } else if (value instanceof Enum<?> constant) {
            return NODES.textNode(Choice.word(constant));
        } else if (value instanceof List<?> list) {
            ArrayNode array = NODES.arrayNode();
            list.forEach(element -> array.add(tree(element)));
            return array;
        } else if (value instanceof Map<?, ?> map) {
            ObjectNode object = NODES.objectNode();
            map.forEach((key, element) -> object.set(key.toString(), tree(element)));
            return object;
        } else if (value instanceof Record tuple && tuple.getClass().isAnnotationPresent(Tuple.class)) {
            ArrayNode array = NODES.arrayNode();
            for (RecordComponent component : tuple.getClass().getRecordComponents()) {
                array.add(tree(value(tuple, component)));
            }
            return array;
        } else if (value instanceof Record section) {
            return write(section);
        }
        return NODES.textNode((String) value);
    }

    private static Object value(Record section, RecordComponent component) {
        try {
            return component.getAccessor().invoke(section);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException("no accessor for " + component, e);
        }
    }
}
