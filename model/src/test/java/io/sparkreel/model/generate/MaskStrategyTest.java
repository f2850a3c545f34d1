// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.sparkreel.golden.Golden;
import io.sparkreel.golden.GoldenData;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.generate.MaskStrategy.Conditions;
import io.sparkreel.model.generate.MaskStrategy.Dialect;
import io.sparkreel.model.generate.MaskStrategy.Entry;
import io.sparkreel.model.generate.MaskStrategy.FrameSource;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MaskStrategyTest {

    @Test
    @Golden
    void tuplesAreReadAsTheReferenceReadsThem(GoldenData golden) {
        JsonNode samples = golden.json("masks.json").get("process_mask_strategy");
        assertFalse(samples.isEmpty());
        for (JsonNode sample : samples) {
            String text = sample.get("in").textValue();
            List<Entry> expected = new ArrayList<>();
            boolean wrong = sample.has("error");
            for (JsonNode tuple : sample.path("out")) {
                try {
                    expected.add(new Entry(
                            integer(tuple, 0),
                            integer(tuple, 1),
                            integer(tuple, 2),
                            integer(tuple, 3),
                            integer(tuple, 4),
                            Float.parseFloat(tuple.get(5).textValue().strip())));
                } catch (NumberFormatException e) {
                    wrong = true; // the reference splits first and fails when it uses the numbers
                }
            }
            if (wrong) {
                assertThrows(InvalidInputException.class, () -> MaskStrategy.parse(text, Dialect.LOOP_FIRST), text);
            } else {
                assertEquals(
                        expected, MaskStrategy.parse(text, Dialect.LOOP_FIRST).entries(), text);
            }
        }
    }

    @Test
    @Golden
    void framesArePlacedAsTheReferencePlacesThem(GoldenData golden) {
        JsonNode samples = golden.json("masks.json").get("apply_mask_strategy");
        assertFalse(samples.isEmpty());
        for (JsonNode sample : samples) {
            for (int row = 0; row < sample.get("mask_strategy").size(); row++) {
                String text = sample.get("mask_strategy").get(row).textValue();
                check(sample, row, () -> MaskStrategy.parse(text, Dialect.LOOP_FIRST));
            }
        }
    }

    @Test
    @Golden
    void fiveNumbersMeanWhatTheConfigurationGuideSays(GoldenData golden) {
        JsonNode samples = golden.json("masks.json").get("five_number_document_order");
        assertFalse(samples.isEmpty());
        for (JsonNode sample : samples) {
            MaskStrategy strategy =
                    MaskStrategy.parse(sample.get("mask_strategy_five_numbers").textValue(), Dialect.REFERENCE_FIRST);
            assertEquals(
                    MaskStrategy.parse(sample.get("equivalent_six_numbers").textValue(), Dialect.LOOP_FIRST), strategy);
            check(sample, 0, () -> strategy);
        }
    }

    @Test
    void theEditRatioIsTheSixthNumberOfEitherDialect() {
        Entry expected = new Entry(2, 1, 3, -4, 5, 0.25f);
        assertEquals(
                List.of(expected),
                MaskStrategy.parse("1,2,3,5,-4,0.25", Dialect.REFERENCE_FIRST).entries());
        assertEquals(
                List.of(expected),
                MaskStrategy.parse("2,1,3,-4,5,0.25", Dialect.LOOP_FIRST).entries());
    }

    @Test
    void laterEntriesAreAdded() {
        MaskStrategy strategy =
                MaskStrategy.parse(null, Dialect.REFERENCE_FIRST).with(new Entry(1, 0, -2, 0, 2, 0));
        Conditions first = strategy.apply(0, 4, List.of(6));
        assertEquals(1, first.mask()[0]);
        assertNull(first.sources()[0]);
        Conditions second = strategy.apply(1, 4, List.of(6));
        assertEquals(new FrameSource(0, 5), second.sources()[1]);
        assertEquals(0, second.mask()[1]);
        assertEquals(1, second.mask()[2]);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "0",
                "0,0",
                "0,0,0,1",
                "0,0,0,1,0,0,0",
                "a,0,0,1,0",
                "0,0,0,1,0.5",
                "0,0,0,1,0;",
                "0,0,0,1,0,x",
                "0,0,0,1,0,1.5",
                "0,0,0,1,0,-0.1",
                "0,0,0,1,0,NaN",
                "99999999999,0,0,1,0"
            })
    void otherTextIsRefusedAndTheOtherDialectNamed(String text) {
        InvalidInputException e =
                assertThrows(InvalidInputException.class, () -> MaskStrategy.parse(text, Dialect.REFERENCE_FIRST));
        assertTrue(e.getMessage().startsWith("Cannot read the mask strategy '" + text + "': "), e.getMessage());
        assertTrue(e.getMessage().contains("set mask_strategy_dialect to loop-first"), e.getMessage());
        InvalidInputException other = assertThrows(
                InvalidInputException.class, () -> MaskStrategy.parse("0,0,0,1,0,0,0", Dialect.LOOP_FIRST));
        assertTrue(other.getMessage().contains("set mask_strategy_dialect to reference-first"), other.getMessage());
    }

    @Test
    void dialectsAreNamedInTheConfiguration() {
        assertEquals("reference-first", Dialect.REFERENCE_FIRST.toString());
        assertEquals("loop-first", Dialect.LOOP_FIRST.toString());
    }

    @Test
    void aReferenceCountedFromTheEndIsRefused() {
        MaskStrategy strategy = MaskStrategy.parse("0,-1", Dialect.LOOP_FIRST);
        assertThrows(InvalidInputException.class, () -> strategy.apply(0, 4, List.of(1)));
    }

    private static void check(JsonNode sample, int row, Supplier<MaskStrategy> parsed) {
        List<Integer> lengths = new ArrayList<>();
        sample.get("reference_lengths").get(row).forEach(length -> lengths.add(length.intValue()));
        int loop = sample.get("loop_i").intValue();
        int frames = sample.get("target_frames").intValue();
        if (sample.has("error")) {
            InvalidInputException e = assertThrows(
                    InvalidInputException.class, () -> parsed.get().apply(loop, frames, lengths), sample.toString());
            assertTrue(e.getMessage().startsWith("Cannot apply the mask strategy: "), e.getMessage());
            return;
        }
        Conditions conditions = parsed.get().apply(loop, frames, lengths);
        assertEquals(frames, conditions.mask().length);
        for (int frame = 0; frame < frames; frame++) {
            assertEquals(
                    (float) sample.get("mask").get(row).get(frame).doubleValue(),
                    conditions.mask()[frame],
                    sample.toString());
            JsonNode source = sample.get("frame_source").get(row).get(frame);
            FrameSource expected = source.isNull()
                    ? null
                    : new FrameSource(source.get(0).intValue(), source.get(1).intValue());
            assertEquals(expected, conditions.sources()[frame], sample.toString());
        }
    }

    private static int integer(JsonNode tuple, int index) {
        return Integer.parseInt(tuple.get(index).textValue().strip());
    }
}
