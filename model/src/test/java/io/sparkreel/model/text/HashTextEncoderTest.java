// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.InvalidInputException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HashTextEncoderTest {

    private final HashTextEncoder encoder = new HashTextEncoder(64, 5);

    @Test
    void aWordIsTheSameVectorWhereverItStands() {
        TextFeatures features = encoder.encode(List.of("A dog runs", "the Dog"));
        assertEquals(2, features.batch());
        assertArrayEquals(slot(features, 0, 1), slot(features, 1, 1));
        assertArrayEquals(
                new boolean[] {true, true, true, false, false, true, true, false, false, false}, features.mask());
        assertArrayEquals(new float[64], slot(features, 0, 3));
    }

    @Test
    void aTextDoesNotDependOnItsNeighbours() {
        TextFeatures together = encoder.encode(List.of("one two three four", "red"));
        assertArrayEquals(slot(encoder.encode(List.of("red")), 0, 0), slot(together, 1, 0));
    }

    @Test
    void wordsAreCutAtWhatIsNeitherLetterNorDigit() {
        TextFeatures features = encoder.encode(List.of("  Über-Café, 4K!", "über café 4k"));
        int half = features.values().length / 2;
        assertArrayEquals(
                new boolean[] {true, true, true, false, false, true, true, true, false, false}, features.mask());
        assertArrayEquals(
                Arrays.copyOfRange(features.values(), 0, half), Arrays.copyOfRange(features.values(), half, 2 * half));
    }

    @Test
    void longTextsAreCutToTheSlots() {
        TextFeatures features = encoder.encode(List.of("a b c d e f g"));
        assertArrayEquals(new boolean[] {true, true, true, true, true}, features.mask());
        assertArrayEquals(slot(encoder.encode(List.of("e")), 0, 0), slot(features, 0, 4));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "   ", "!?", "..."})
    void aTextWithoutWordsKeepsOneEmptySlot(String text) {
        TextFeatures features = encoder.encode(List.of(text));
        assertArrayEquals(new boolean[] {true, false, false, false, false}, features.mask());
        assertArrayEquals(new float[5 * 64], features.values());
    }

    @Test
    void differentWordsHaveDifferentStandardNormalVectors() {
        try (HashTextEncoder wide = new HashTextEncoder(1000, 1)) {
            Set<Float> first = new HashSet<>();
            double sum = 0;
            double squares = 0;
            for (int word = 0; word < 100; word++) {
                float[] values = wide.encode(List.of("word" + word)).values();
                first.add(values[0]);
                for (float value : values) {
                    sum += value;
                    squares += value * value;
                }
            }
            assertEquals(100, first.size());
            assertEquals(0, sum / 100_000, 0.015);
            assertEquals(1, squares / 100_000, 0.02);
        }
    }

    @Test
    void impossibleSizesAreRefused() {
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> new HashTextEncoder(0, 4));
        assertTrue(e.getMessage().startsWith("Cannot set up the hash text encoder: width is 0"), e.getMessage());
        assertThrows(InvalidInputException.class, () -> new HashTextEncoder(4, 0));
    }

    private static float[] slot(TextFeatures features, int row, int slot) {
        int start = (row * features.slots() + slot) * features.width();
        return Arrays.copyOfRange(features.values(), start, start + features.width());
    }
}
