// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
import io.sparkreel.model.KeyedRandom.Purpose;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * A text encoder without weights: each word stands for one fixed vector of standard normal values, drawn from a stream
 * keyed by the word's hash. It knows no meaning, but tells words apart, and a model can learn what follows from each.
 *
 * <p>Words are the runs of Unicode letters, marks and digits of the text in lower case; there are no others and the
 * order is kept. One slot holds one word; words beyond the last slot are left out; unused slots are zero and masked.
 * A text without words keeps its first slot, all zero, under mask 1, because attention needs a key to look at.
 */
public final class HashTextEncoder implements TextEncoder {

    private static final Pattern BETWEEN_WORDS = Pattern.compile("[^\\p{L}\\p{M}\\p{Nd}]+");

    private final int width;
    private final int slots;

    /**
     * @param width values in a word's vector, at least 1
     * @param slots words kept of a text, at least 1
     * @throws InvalidInputException if either is smaller
     */
    public HashTextEncoder(int width, int slots) {
        if (width < 1 || slots < 1) {
            throw new InvalidInputException("Cannot set up the hash text encoder: width is " + width + " and slots is "
                    + slots + ". Give numbers of at least 1.");
        }
        this.width = width;
        this.slots = slots;
    }

    @Override
    public int width() {
        return width;
    }

    @Override
    public int slots() {
        return slots;
    }

    @Override
    public TextFeatures encode(List<String> texts) {
        float[] values = new float[Math.multiplyExact(Math.multiplyExact(texts.size(), slots), width)]; // [B, L, D]
        boolean[] mask = new boolean[texts.size() * slots]; // [B, L]
        for (int row = 0; row < texts.size(); row++) {
            int slot = row * slots;
            int end = slot + slots;
            mask[slot] = true;
            for (String word : BETWEEN_WORDS.split(texts.get(row).toLowerCase(Locale.ROOT))) {
                if (slot == end) {
                    break;
                }
                if (!word.isEmpty()) {
                    KeyedRandom.of(0, 0, hash(word), Purpose.WORD_VECTOR).fillNormal(values, slot * width, width);
                    mask[slot++] = true;
                }
            }
        }
        return new TextFeatures(values, mask, texts.size(), slots, width);
    }

    /** Nothing to release. */
    @Override
    public void close() {}

    /** FNV-1a with 64 bits (Fowler, Noll and Vo 1991) over the UTF-8 bytes. */
    private static long hash(String word) {
        long hash = 0xCBF29CE484222325L;
        for (byte value : word.getBytes(StandardCharsets.UTF_8)) {
            hash = (hash ^ (value & 0xFF)) * 0x100000001B3L;
        }
        return hash;
    }
}
