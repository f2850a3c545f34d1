// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.Extensions;
import io.sparkreel.model.InvalidInputException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** The families of models that are registered. */
public final class Families {
    private static final JsonMapper JSON = new JsonMapper();
    private static final String TYPE = "model_type";
    /** The only family of files that do not name theirs: they are older than the name. */
    private static final String UNNAMED = "STDiT2";

    private Families() {}

    /**
     * The family of this type.
     *
     * @throws InvalidInputException if there is none
     */
    public static ModelFamily of(String type) {
        return Extensions.all(ModelFamily.class).stream()
                .filter(family -> family.type().equals(type))
                .findFirst()
                .orElseThrow(() -> new InvalidInputException("Cannot build a model of type '" + type
                        + "': there is no such family. Use one of "
                        + types() + "."));
    }

    private static List<String> types() {
        return Extensions.all(ModelFamily.class).stream()
                .map(ModelFamily::type)
                .sorted()
                .toList();
    }

    /** The published model of a named size, such as {@code STDiT2-XL/2}. */
    public static DenoiserConfig published(String name) {
        return Extensions.all(ModelFamily.class).stream()
                .flatMap(family -> family.published(name).stream())
                .findFirst()
                .orElseThrow(() -> new InvalidInputException(
                        "Cannot build model '" + name + "': no family has such a size. Give another name."));
    }

    /** Reads a {@code config.json} of any family. */
    public static DenoiserConfig read(JsonNode stored) {
        if (!stored.isObject()) {
            throw new InvalidInputException("it is no object. Give the config.json of a model.");
        }
        String type = stored.path(TYPE).asText(UNNAMED);
        return Extensions.all(ModelFamily.class).stream()
                .filter(family -> family.type().equals(type))
                .findFirst()
                .orElseThrow(() -> new InvalidInputException("its model_type is " + type
                        + ", a family that is not here. Give the config.json of a model of " + types() + "."))
                .read(stored);
    }

    /**
     * Reads a {@code config.json} of any family.
     *
     * @throws InvalidInputException if it is none; the message names the file
     */
    public static DenoiserConfig read(Path file) throws IOException {
        try {
            return read(JSON.readTree(Files.readAllBytes(file)));
        } catch (JsonProcessingException e) {
            throw new InvalidInputException(
                    "Cannot read " + file + ": " + e.getOriginalMessage() + ". Give the config.json of a model.");
        } catch (InvalidInputException e) {
            throw new InvalidInputException("Cannot read " + file + ": " + e.getMessage());
        }
    }

    /** The content of a {@code config.json}, as the classes of the reference expect it. */
    public static byte[] write(DenoiserConfig config) throws IOException {
        ObjectNode stored = JSON.valueToTree(config);
        stored.put(TYPE, config.type());
        return JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(stored);
    }
}
