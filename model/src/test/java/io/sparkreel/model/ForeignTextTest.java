// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import static org.junit.jupiter.api.Assertions.assertEquals;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ForeignTextTest {
    @Test
    void controlAndDirectionCharactersAreWrittenOut() {
        assertEquals("new\\u000Aline \\u001B[31mred", ForeignText.shown("new\nline \u001b[31mred"));
        for (int character : new int[] {
            0, 0x9, 0xd, 0x1f, 0x7f, 0x85, 0x9f, 0x200e, 0x200f, 0x2028, 0x2029, 0x202a, 0x202e, 0x2066, 0x2069
        }) {
            assertEquals(
                    "a" + "\\u" + String.format("%04X", character) + "b",
                    ForeignText.shown("a" + (char) character + "b"));
        }
        String words = "Ein Hund \u00e4\u00f6\u00fc\u00df, \u0643\u0644\u0628 \ud83d\udc15 \u200d \u2010 ~\u00a0";
        assertEquals(words, ForeignText.shown(words));
        assertEquals("null", ForeignText.shown(null));
    }

    @Test
    void longTextsAreCutBetweenCharacters() {
        String dog = "\ud83d\udc15";
        assertEquals(dog.repeat(200), ForeignText.shown(dog.repeat(200)));
        assertEquals(dog.repeat(200) + "...", ForeignText.shown(dog.repeat(201)));
        assertEquals("x".repeat(500), ForeignText.line("x".repeat(500)));
    }

    @ParameterizedTest
    @CsvSource({
        "s3a://AKIA1:se/cr+et@bucket/a.mp4, s3a://***@bucket/a.mp4",
        "s3://key:secret@bucket, s3://***@bucket",
        "Cannot open 'https://user:pw@host:8443/a?b=c'., Cannot open 'https://***@host:8443/a?b=c'.",
        "HTTP://token@host/x https://b:c@d, HTTP://***@host/x https://***@d",
        "hdfs://user:pw@name:8020/x, hdfs://***@name:8020/x",
        // What is no secret.
        "abfss://container@account.dfs.core.windows.net/x, abfss://container@account.dfs.core.windows.net/x",
        "https://host:80/a:b@c, https://host:80/a:b@c",
        "hdfs://name:8020/a@b, hdfs://name:8020/a@b",
        "s3a://bucket/2024:01/a@b, s3a://bucket/2024:01/a@b",
        "mail me@host at 10:30, mail me@host at 10:30"
    })
    void addressesAreShownWithoutKeysAndPasswords(String text, String shown) {
        assertEquals(shown, ForeignText.masked(text));
        assertEquals(shown, ForeignText.line(text));
    }
}
