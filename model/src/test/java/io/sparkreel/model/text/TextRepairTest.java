// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class TextRepairTest {

    private static final Charset WINDOWS_1252 = Charset.forName("windows-1252");

    @ParameterizedTest
    @ValueSource(strings = {"café – naïve", "smörgås", "10 €", "¿qué?", "½ price", "wait…", "• item", "√2 ™"})
    void textReadAsWindows1252ComesBack(String text) {
        String expected = TextRepair.repair(text);
        String misread = new String(text.getBytes(StandardCharsets.UTF_8), WINDOWS_1252);
        assertNotEquals(text, misread);
        assertEquals(expected, TextRepair.repair(misread));
    }

    @Test
    void textMisreadTwiceComesBack() {
        String text = "éclair";
        for (int time = 0; time < 2; time++) {
            text = new String(text.getBytes(StandardCharsets.UTF_8), WINDOWS_1252);
        }
        assertEquals("éclair", TextRepair.repair(text));
    }

    @Test
    void textReadAsLatin1ComesBack() {
        String misread = new String("it’s – good".getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1);
        assertEquals("it's – good", TextRepair.repair(misread));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Spaß…", "café", "Âge d'or", "ÃO", "blasé…", "naïve", "ärger", "Ça va", "日本語", "a ¡ b"})
    void soundTextStays(String text) {
        assertEquals(text, TextRepair.repair(text));
    }

    @ParameterizedTest
    @CsvSource({
        "ﬁn, fin",
        "ｆｕｌｌ, full",
        "l’a, l'a",
        "\u0093a\u0094, \"a\"",
        "e\u0301, é",
        "a\u0007b, ab",
        "a\u001B[31mb, ab",
        "x &lt; y, x < y",
        "\uFEFFa, a"
    })
    void variantsBecomePlain(String text, String expected) {
        assertEquals(expected, TextRepair.repair(text));
    }
}
