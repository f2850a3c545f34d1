// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FrameMaskTest {

    @Test
    @Golden
    void masksAreThoseOfTheReference(GoldenData golden) {
        JsonNode cases = golden.json("masks.json");
        FrameMask masks = FrameMask.of(ratios(cases.get("mask_ratios")));
        assertFalse(cases.get("mask_generator").isEmpty());
        for (JsonNode sample : cases.get("mask_generator")) {
            int frames = sample.get("num_frames").intValue();
            if (sample.has("error")) {
                // A quarter of two or three frames, where the reference fails: the smallest part, one frame.
                boolean[] mask = masks.draw(frames, sample.get("u").doubleValue(), (low, high) -> low);
                assertTrue(count(mask) < frames && count(mask) >= frames - 2, sample.toString());
                continue;
            }
            Iterator<JsonNode> draws = sample.get("randint_draws").elements();
            boolean[] mask = masks.draw(frames, sample.get("u").doubleValue(), (low, high) -> {
                JsonNode draw = draws.next();
                assertEquals(draw.get(0).intValue(), low, sample.toString());
                assertEquals(draw.get(1).intValue(), high, sample.toString());
                return draw.get(2).intValue();
            });
            assertFalse(draws.hasNext(), sample.toString());
            boolean[] expected = new boolean[frames];
            for (int i = 0; i < frames; i++) {
                expected[i] = sample.get("mask").get(i).intValue() == 1;
            }
            if (count(expected) == 0) {
                assertEquals(2, frames, sample.toString());
                expected[1] = true; // nothing is left to learn in the reference's mask
            }
            assertArrayEquals(expected, mask, sample.toString());
        }
    }

    @Test
    void keyedDrawsFollowTheRatios() {
        Map<String, Double> ratios = new LinkedHashMap<>();
        ratios.put("no", 0.7);
        ratios.put("image_head", 0.2);
        ratios.put("quarter_tail", 0.1);
        FrameMask masks = FrameMask.of(ratios);
        int samples = 20_000;
        int[] tailSizes = new int[5];
        int heads = 0;
        for (int clip = 0; clip < samples; clip++) {
            boolean[] mask = masks.draw(16, KeyedRandom.of(1, 0, clip, Purpose.FRAME_MASK));
            heads += mask[0] ? 0 : 1;
            if (!mask[15]) {
                tailSizes[16 - count(mask)]++;
            }
            assertArrayEquals(mask, masks.draw(16, KeyedRandom.of(1, 0, clip, Purpose.FRAME_MASK)));
        }
        assertEquals(0.2, (double) heads / samples, 0.015);
        for (int size = 1; size <= 4; size++) {
            assertEquals(0.025, (double) tailSizes[size] / samples, 0.006);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "quarter_random",
                "quarter_head",
                "quarter_tail",
                "quarter_head_tail",
                "image_random",
                "image_head",
                "image_tail",
                "image_head_tail",
                "mask_image_head"
            })
    void everyKindGivesFramesAtEveryLength(String kind) {
        FrameMask masks = FrameMask.of(Map.of(kind, 1.0));
        for (int frames = 2; frames < 40; frames++) {
            boolean[] mask = masks.draw(frames, KeyedRandom.of(1, 0, frames, Purpose.FRAME_MASK));
            int given = frames - count(mask);
            int most = (kind.contains("quarter") ? Math.max(1, frames / 4) : 1) * (kind.endsWith("head_tail") ? 2 : 1);
            assertTrue(given >= 1 && given <= Math.min(most, frames - 1), kind + " gives " + given + " of " + frames);
        }
        assertArrayEquals(new boolean[] {true}, masks.draw(1, KeyedRandom.of(1, 0, 0, Purpose.FRAME_MASK)));
    }

    @Test
    void impossibleRatiosAreRefused() {
        refused("'mask_some' is no kind of mask", Map.of("mask_some", 1.0));
        refused("mask_no is 1.5", Map.of("mask_no", 1.5));
        refused("mask_no is NaN", Map.of("mask_no", Double.NaN));
        refused("mask_no is given twice", new LinkedHashMap<>(Map.of("mask_no", 0.5, "no", 0.5)));
        refused("the ratios add up to 0.9", Map.of("mask_no", 0.9));
        refused("the ratios add up to 0.0", Map.of());
        FrameMask.of(Map.of("mask_no", 1 - 9e-7));
    }

    private static void refused(String found, Map<String, Double> ratios) {
        InvalidInputException e = assertThrows(InvalidInputException.class, () -> FrameMask.of(ratios));
        assertTrue(e.getMessage().startsWith("Cannot use mask_ratios: "), e.getMessage());
        assertTrue(e.getMessage().contains(found), e.getMessage());
    }

    private static Map<String, Double> ratios(JsonNode node) {
        Map<String, Double> ratios = new LinkedHashMap<>();
        node.properties()
                .forEach(field -> ratios.put(field.getKey(), field.getValue().doubleValue()));
        return ratios;
    }

    private static int count(boolean[] mask) {
        int count = 0;
        for (boolean noised : mask) {
            count += noised ? 1 : 0;
        }
        return count;
    }
}
