// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class PromptCleanerTest {

    @Test
    @Golden
    void textsAreCleanedAsTheReferenceCleansThem(GoldenData golden) {
        JsonNode samples = golden.json("masks.json").get("text_preprocessing");
        assertFalse(samples.isEmpty());
        for (JsonNode sample : samples) {
            String text = sample.get("in").textValue();
            assertEquals(sample.get("out").textValue(), PromptCleaner.clean(text), text);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "100%25 sure %zz %4 %E4%B8| 100% sure %zz %4 \uFFFD",
                "a cat &hearts; &eacute;t&eacute;| a cat ♥ été",
                "tom &amp; jerry &unknown; x| tom jerry unknown x",
                "<script>var x = 1;</script>a <a href=\"x>y\">link</a> <!-- no --> b < c| a link b < c",
                "ﬁne ｆｕｌｌ　width| fine full width"
            })
    void furtherTextsAreCleaned(String text, String expected) {
        assertEquals(expected.strip(), PromptCleaner.clean(text));
    }

    @ParameterizedTest
    @ValueSource(strings = {"<", "a", "&", "-", "\"", ".", "a.", "<a ", "<a b=\"", "9", " ", "#", "x1", "中"})
    void longTextsOfOnePieceAreCleanedInTime(String piece) {
        assertTimeoutPreemptively(
                Duration.ofSeconds(10), () -> PromptCleaner.clean(piece.repeat(2000 / piece.length())));
    }
}
