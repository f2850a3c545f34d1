// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.sparkreel.model.ForeignText;
import io.sparkreel.model.InvalidInputException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a line of a prompt file means: a text, or a schedule of texts over the loops of a long video, and at its end
 * optionally a JSON object with the prompt's own reference_path and mask_strategy.
 *
 * @param text the prompt without the object, not yet cleaned
 * @param referencePath references of this prompt, separated by semicolons, in place of the configured ones
 * @param maskStrategy strategy of this prompt, in place of the configured one
 */
public record PromptSyntax(String text, Optional<String> referencePath, Optional<String> maskStrategy) {

    private static final String SCHEDULE_START = "|0|";
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /** The prompts of a file: one a line, without the blanks around it. A blank line is an empty prompt. */
    public static List<String> lines(String file) {
        return file.lines().map(String::strip).toList();
    }

    /**
     * Takes a prompt apart.
     *
     * @throws InvalidInputException if a bracket begins anything but one JSON object at the end, or the object has
     *     other keys than reference_path and mask_strategy or values that are not texts
     */
    public static PromptSyntax parse(String prompt) {
        int bracket = firstBracket(prompt);
        if (bracket == prompt.length()) {
            return new PromptSyntax(prompt, Optional.empty(), Optional.empty());
        }
        if (firstBracket(prompt.substring(bracket + 1)) < prompt.length() - bracket - 1) {
            throw refused(prompt, "it has more than one opening bracket");
        }
        JsonNode object;
        try {
            object = JSON.readTree(prompt.substring(bracket));
        } catch (JsonProcessingException e) {
            throw refused(prompt, "what begins at character " + (bracket + 1) + " is no JSON object");
        }
        if (!object.isObject()) {
            throw refused(prompt, "what begins at character " + (bracket + 1) + " is no JSON object");
        }
        for (Map.Entry<String, JsonNode> field : object.properties()) {
            if (!field.getKey().equals("reference_path") && !field.getKey().equals("mask_strategy")) {
                throw refused(prompt, "its object has the key '" + field.getKey() + "'");
            }
            if (!field.getValue().isTextual()) {
                throw refused(prompt, "the value of " + field.getKey() + " is no text");
            }
        }
        return new PromptSyntax(
                prompt.substring(0, bracket), value(object, "reference_path"), value(object, "mask_strategy"));
    }

    /**
     * The text of each loop, cleaned ({@link PromptCleaner#clean}). A text that starts with {@code |0|} is a schedule
     * {@code |start|text|start|text...}: each text holds from its loop up to the next one's. Any other holds always.
     *
     * @param loops number of loops, at least 1
     * @throws InvalidInputException if a schedule's starts are no integers, fall, or leave the loops
     */
    public List<String> texts(int loops) {
        if (!text.startsWith(SCHEDULE_START)) {
            String cleaned = PromptCleaner.clean(text);
            return Collections.nCopies(loops, cleaned);
        }
        String[] parts = text.substring(1).split("\\|", -1);
        if (parts.length % 2 != 0) {
            throw refused(text, "the last loop of its schedule has no text");
        }
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < parts.length; i += 2) {
            int start = start(parts[i]);
            int end = i + 2 < parts.length ? start(parts[i + 2]) : loops;
            if (end < start || end > loops) {
                throw refused(
                        text,
                        "its schedule goes from loop " + start + " to " + end + " in a video of " + loops + " loops");
            }
            texts.addAll(Collections.nCopies(end - start, PromptCleaner.clean(parts[i + 1])));
        }
        return List.copyOf(texts);
    }

    private int start(String number) {
        try {
            return Integer.parseInt(number.strip());
        } catch (NumberFormatException e) {
            throw refused(text, "the loop '" + number + "' of its schedule is no integer");
        }
    }

    private static int firstBracket(String prompt) {
        for (int i = 0; i < prompt.length(); i++) {
            if (prompt.charAt(i) == '{' || prompt.charAt(i) == '[') {
                return i;
            }
        }
        return prompt.length();
    }

    private static Optional<String> value(JsonNode object, String key) {
        return Optional.ofNullable(object.get(key)).map(JsonNode::textValue);
    }

    private static InvalidInputException refused(String prompt, String found) {
        return new InvalidInputException("Cannot read the prompt '" + ForeignText.shown(prompt) + "': " + found
                + ". Write a text or |0|text|loop|text..., and after it at most one object such as "
                + "{\"reference_path\": \"a.png\", \"mask_strategy\": \"0,0,0,1,0\"}.");
    }
}
