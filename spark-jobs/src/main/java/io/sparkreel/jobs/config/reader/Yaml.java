// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLGenerator;
import com.fasterxml.jackson.dataformat.yaml.YAMLParser;
import io.sparkreel.jobs.error.UserError;
import java.io.IOException;

/** YAML text to trees and back: one document, no duplicate keys, no aliases. */
final class Yaml {
    private static final YAMLFactory FACTORY = YAMLFactory.builder()
            .enable(YAMLParser.Feature.EMPTY_STRING_AS_NULL)
            .enable(YAMLGenerator.Feature.MINIMIZE_QUOTES)
            .enable(YAMLGenerator.Feature.ALWAYS_QUOTE_NUMBERS_AS_STRINGS)
            .disable(YAMLGenerator.Feature.WRITE_DOC_START_MARKER)
            .disable(YAMLGenerator.Feature.SPLIT_LINES)
            .build();
    private static final ObjectMapper MAPPER = new ObjectMapper(FACTORY)
            .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

    private Yaml() {}

    /**
     * The tree of a text; an empty text is null.
     *
     * @param source what the text is called in errors
     */
    static JsonNode parse(String source, String text) {
        try {
            refuseAliases(source, text);
            JsonNode tree = MAPPER.readTree(text);
            return tree.isMissingNode() ? MAPPER.nullNode() : tree;
        } catch (JsonProcessingException e) {
            throw new UserError("Cannot read " + source + ": " + describe(e) + ". Correct the YAML there.", e);
        } catch (IOException e) {
            throw new UserError("Cannot read " + source + ": " + e.getMessage() + ". Correct the YAML there.", e);
        }
    }

    static String print(JsonNode tree) {
        try {
            return MAPPER.writeValueAsString(tree);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a configuration tree that YAML cannot hold", e);
        }
    }

    /** Jackson reads an alias as the anchor's name, a text: a silent change of meaning. */
    private static void refuseAliases(String source, String text) throws IOException {
        try (YAMLParser parser = FACTORY.createParser(text)) {
            while (parser.nextToken() != null) {
                if (parser.isCurrentAlias()) {
                    throw new UserError("Cannot read " + source + ": line "
                            + parser.currentLocation().getLineNr() + " has the alias '*" + parser.getText()
                            + "'. Write the value out.");
                }
            }
        }
    }

    private static String describe(JsonProcessingException error) {
        String what = error.getOriginalMessage()
                .lines()
                .findFirst()
                .orElse("not YAML")
                .strip();
        return error.getLocation() == null
                ? what
                : what + " in line " + error.getLocation().getLineNr();
    }
}
