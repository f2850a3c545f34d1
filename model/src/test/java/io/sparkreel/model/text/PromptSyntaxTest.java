// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.InvalidInputException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PromptSyntaxTest {

    @Test
    @Golden
    void promptsMeanWhatTheyMeanInTheReference(GoldenData golden) {
        JsonNode samples = golden.json("masks.json").get("prompts");
        assertFalse(samples.isEmpty());
        for (JsonNode sample : samples) {
            int loops = sample.get("num_loop").intValue();
            if (sample.has("error")) {
                assertThrows(
                        InvalidInputException.class,
                        () -> strings(sample.get("in"))
                                .forEach(prompt -> PromptSyntax.parse(prompt).texts(loops)),
                        sample.toString());
                continue;
            }
            for (int i = 0; i < sample.get("in").size(); i++) {
                PromptSyntax prompt = PromptSyntax.parse(sample.get("in").get(i).textValue());
                JsonNode info = sample.get("info").get(i);
                assertEquals(sample.get("raw").get(i).textValue(), prompt.text());
                assertEquals(Optional.ofNullable(info.path("reference_path").textValue()), prompt.referencePath());
                assertEquals(Optional.ofNullable(info.path("mask_strategy").textValue()), prompt.maskStrategy());
                assertEquals(strings(sample.get("loops").get(i)), prompt.texts(loops));
            }
        }
    }

    @Test
    @Golden
    void promptFilesHoldOnePromptALine(GoldenData golden) {
        JsonNode sample = golden.json("masks.json").get("load_prompts");
        assertEquals(
                strings(sample.get("out")),
                PromptSyntax.lines(sample.get("file").textValue()));
    }

    @Test
    void aLineEndAtTheEndIsNoPrompt() {
        assertEquals(List.of("a", "", "b"), PromptSyntax.lines("a\r\n\r\nb\n"));
        assertEquals(List.of(), PromptSyntax.lines(""));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "a {",
                "a {}}",
                "a {} b",
                "a {\"seed\": \"1\"}",
                "a {\"mask_strategy\": 0}",
                "a [1]",
                "a {\"mask_strategy\": \"0\", \"mask_strategy\": \"1\"}",
                "a {'mask_strategy': '0'}",
                "a {\"mask_strategy\": \"0\"} {\"reference_path\": \"b\"}",
                "a {\"mask_strategy\": null}"
            })
    void otherBracketsAreRefused(String prompt) {
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> PromptSyntax.parse(prompt));
        assertTrue(e.getMessage().startsWith("Cannot read the prompt '" + prompt + "': "), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"|0|a|x|b", "|0|a|2", "|0|a|3|b|1|c", "|0|a|5|b"})
    void schedulesThatDoNotFillTheLoopsAreRefused(String prompt) {
        assertThrows(
                InvalidInputException.class, () -> PromptSyntax.parse(prompt).texts(4));
    }

    @Test
    void scheduledTextsAreCleanedEach() {
        assertEquals(
                List.of("one", "two.", "two."),
                PromptSyntax.parse("|0| One |1|<b>TWO.</b>").texts(3));
    }

    private static List<String> strings(JsonNode array) {
        List<String> values = new ArrayList<>();
        array.forEach(value -> values.add(value.textValue()));
        return values;
    }
}
