// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.sparkreel.model.KeyedRandom.Purpose;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KeyedRandomTest {

    /** The known-answer vectors that the Random123 library publishes for philox4x32 with 10 rounds. */
    @ParameterizedTest
    @CsvSource({
        "00000000 00000000 00000000 00000000, 00000000 00000000, 6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        "ffffffff ffffffff ffffffff ffffffff, ffffffff ffffffff, 408f276d 41c83b0e a20bc7c6 6d5451fd",
        "243f6a88 85a308d3 13198a2e 03707344, a4093822 299f31d0, d16cfe09 94fdcceb 5001e420 24126ea1"
    })
    void philoxGivesThePublishedAnswers(String counter, String key, String expected) {
        int[] c = words(counter);
        int[] k = words(key);
        int[] output = new int[4];
        KeyedRandom.philox(output, c[0], c[1], c[2], c[3], k[0], k[1]);
        assertArrayEquals(words(expected), output);
    }

    @Test
    void aKeyAlwaysGivesTheSameNumbers() {
        assertArrayEquals(doubles(stream(), 100), doubles(stream(), 100));
    }

    @Test
    void everyPartOfTheKeyChangesTheStream() {
        Set<Double> first = new HashSet<>();
        first.add(stream().nextDouble());
        first.add(KeyedRandom.of(43, 3, 7, Purpose.NOISE).nextDouble());
        first.add(KeyedRandom.of(42, 4, 7, Purpose.NOISE).nextDouble());
        first.add(KeyedRandom.of(42, 3, 8, Purpose.NOISE).nextDouble());
        first.add(KeyedRandom.of(42, 3, 7 + (1L << 40), Purpose.NOISE).nextDouble());
        first.add(KeyedRandom.of(42, 3, 7, Purpose.TIMESTEP).nextDouble());
        assertEquals(6, first.size());
    }

    @Test
    void seedAndEpochAreNotInterchangeable() {
        Set<Double> first = new HashSet<>();
        for (long seed = -20; seed < 20; seed++) {
            for (long epoch = 0; epoch < 40; epoch++) {
                for (Purpose purpose : Purpose.values()) {
                    first.add(KeyedRandom.of(seed, epoch, 0, purpose).nextDouble());
                }
            }
        }
        assertEquals(40 * 40 * Purpose.values().length, first.size());
    }

    @Test
    void firstNumbersOfManyClipsAreUniform() {
        double[] values = IntStream.range(0, 100_000)
                .mapToDouble(
                        clip -> KeyedRandom.of(1, 0, clip, Purpose.TIMESTEP).nextDouble())
                .toArray();
        assertUniform(values);
    }

    @Test
    void doublesAreUniform() {
        assertUniform(doubles(stream(), 100_000));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 10, 1000})
    void integersAreUniform(int bound) {
        KeyedRandom random = stream();
        int draws = 200_000;
        int[] counts = new int[bound];
        for (int i = 0; i < draws; i++) {
            counts[random.nextInt(bound)]++;
        }
        double expected = (double) draws / bound;
        double chiSquare = Arrays.stream(counts)
                .mapToDouble(c -> (c - expected) * (c - expected) / expected)
                .sum();
        double degrees = bound - 1;
        assertTrue(chiSquare < degrees + 5 * Math.sqrt(2 * degrees) + 1e-9, "chi square " + chiSquare);
    }

    @Test
    void integersBelowAVeryLargeBoundHaveNoBias() {
        int bound = 3 << 29; // a plain remainder of 32 bits would put two thirds below the middle
        KeyedRandom random = stream();
        int below = 0;
        for (int i = 0; i < 100_000; i++) {
            int value = random.nextInt(bound);
            assertTrue(value >= 0 && value < bound);
            below += value < bound / 2 ? 1 : 0;
        }
        assertEquals(50_000, below, 800);
    }

    @Test
    void normalsFollowTheNormalDistribution() {
        float[] values = new float[200_000];
        stream().fillNormal(values, 0, values.length);
        double[] sorted = IntStream.range(0, values.length)
                .mapToDouble(i -> values[i])
                .sorted()
                .toArray();
        double worst = 0;
        for (int i = 0; i < sorted.length; i++) {
            worst = Math.max(worst, Math.abs(normalDistribution(sorted[i]) - (i + 0.5) / sorted.length));
        }
        assertTrue(worst < 1.95 / Math.sqrt(sorted.length), "Kolmogorov-Smirnov distance " + worst);
        double neighbours = 0;
        for (int i = 1; i < values.length; i++) {
            neighbours += values[i] * values[i - 1];
        }
        assertEquals(0, neighbours / values.length, 4 / Math.sqrt(values.length));
    }

    @Test
    void normalsOfAKeyArePinned() {
        float[] values = new float[6];
        stream().fillNormal(values, 0, 6);
        assertArrayEquals(PINNED, values);
    }

    @Test
    void normalsFilledInPartsAreThoseFilledAtOnce() {
        float[] once = new float[103];
        stream().fillNormal(once, 0, once.length);
        float[] parts = new float[once.length];
        KeyedRandom random = stream();
        random.fillNormal(parts, 0, 40);
        random.fillNormal(parts, 40, 4);
        random.fillNormal(parts, 44, 59);
        assertArrayEquals(once, parts);
    }

    @Test
    void aShortFillLeavesTheRestOfTheArrayAlone() {
        float[] values = new float[9];
        stream().fillNormal(values, 2, 5);
        assertEquals(0, values[0] + values[1]);
        assertEquals(0, values[7] + values[8]);
        for (int i = 2; i < 7; i++) {
            assertTrue(values[i] != 0);
        }
    }

    @Test
    void skippingIsDrawingAndForgetting() {
        for (int drawn = 0; drawn < 6; drawn++) {
            for (int skipped = 0; skipped < 12; skipped++) {
                KeyedRandom skips = stream();
                KeyedRandom draws = stream();
                doubles(skips, drawn);
                doubles(draws, drawn + skipped);
                skips.skip(2L * skipped);
                assertEquals(draws.nextDouble(), skips.nextDouble());
            }
        }
        KeyedRandom far = stream();
        far.skip(1L << 40);
        KeyedRandom near = stream();
        near.skip((1L << 40) - 1);
        near.skip(1);
        assertEquals(near.nextDouble(), far.nextDouble());
    }

    @Test
    void impossibleArgumentsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> stream().nextInt(0));
        assertThrows(IllegalArgumentException.class, () -> stream().skip(-1));
        assertThrows(IndexOutOfBoundsException.class, () -> stream().fillNormal(new float[3], 1, 3));
        assertThrows(NullPointerException.class, () -> KeyedRandom.of(0, 0, 0, null));
    }

    /** Computed by another implementation, in Python. */
    private static final float[] PINNED = {0.3669129f, 0.24080646f, -0.2164438f, -2.0140562f, 0.68603367f, 0.8533394f};

    private static KeyedRandom stream() {
        return KeyedRandom.of(42, 3, 7, Purpose.NOISE);
    }

    private static double[] doubles(KeyedRandom random, int count) {
        return IntStream.range(0, count).mapToDouble(i -> random.nextDouble()).toArray();
    }

    private static int[] words(String text) {
        return Arrays.stream(text.split(" "))
                .mapToInt(word -> Integer.parseUnsignedInt(word, 16))
                .toArray();
    }

    private static void assertUniform(double[] values) {
        double[] sorted = Arrays.stream(values).sorted().toArray();
        double worst = 0;
        for (int i = 0; i < sorted.length; i++) {
            worst = Math.max(worst, Math.abs(sorted[i] - (i + 0.5) / sorted.length));
        }
        assertTrue(sorted[0] >= 0 && sorted[sorted.length - 1] < 1);
        assertTrue(worst < 1.95 / Math.sqrt(sorted.length), "Kolmogorov-Smirnov distance " + worst);
    }

    /** Abramowitz and Stegun 26.2.17, absolute error below 7.5e-8. */
    private static double normalDistribution(double x) {
        double t = 1 / (1 + 0.2316419 * Math.abs(x));
        double tail = Math.exp(-x * x / 2)
                / Math.sqrt(2 * Math.PI)
                * t
                * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return x > 0 ? 1 - tail : tail;
    }
}
