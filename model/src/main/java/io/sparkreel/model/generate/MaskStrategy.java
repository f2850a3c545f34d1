// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.generate;

import io.sparkreel.model.ForeignText;
import io.sparkreel.model.InvalidInputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;

/**
 * Which frames of a generated clip are given by references, in which loop, and how much they may change. One strategy
 * belongs to one prompt. Its text is a list of tuples separated by semicolons, in one of two dialects; inside there is
 * one form.
 *
 * @param entries applied in order, later ones overwriting earlier ones
 */
public record MaskStrategy(List<Entry> entries) {

    /** The strategy that gives no frame. */
    public static final MaskStrategy NONE = new MaskStrategy(List.of());

    private static final int MAX_NUMBERS = 6;

    /** The two orders in which the numbers of a tuple are written. */
    public enum Dialect {
        /** reference, loop, reference start, number of frames, location, and optionally the edit ratio. */
        REFERENCE_FIRST(
                "reference-first",
                5,
                "five numbers (reference, loop, reference start, number of frames, location) or six (and an edit ratio)"),
        /**
         * loop, reference, reference start, target start, number of frames, edit ratio; the last ones may be left out
         * and are then 0, 0, 0, 0, 1, 0.
         */
        LOOP_FIRST(
                "loop-first",
                1,
                "one to six numbers (loop, reference, reference start, target start, number of frames, edit ratio)");

        private final String key;
        private final int fewest;
        private final String form;

        Dialect(String key, int fewest, String form) {
            this.key = key;
            this.fewest = fewest;
            this.form = form;
        }

        /** The value of {@code mask_strategy_dialect} that means this dialect. */
        @Override
        public String toString() {
            return key;
        }

        private Dialect other() {
            return this == REFERENCE_FIRST ? LOOP_FIRST : REFERENCE_FIRST;
        }
    }

    /**
     * One tuple: frames of one reference put into the clip of one loop.
     *
     * @param loop the loop it applies to, from 0
     * @param reference index of the prompt's reference, from 0
     * @param referenceStart first frame taken; negative counts from the reference's end
     * @param targetStart first frame replaced; negative counts from the clip's end
     * @param length number of frames
     * @param edit 0 keeps the frames, 1 regenerates them, between starts denoising part of the way
     */
    public record Entry(int loop, int reference, int referenceStart, int targetStart, int length, float edit) {}

    /** One frame of one reference. */
    public record FrameSource(int reference, int frame) {}

    /**
     * The conditions of one clip.
     *
     * @param mask [T], the edit ratio of each frame, 1 where nothing is given
     * @param sources [T], the frame that is put there, null where nothing is given
     */
    public record Conditions(float[] mask, FrameSource[] sources) {}

    public MaskStrategy {
        entries = List.copyOf(entries);
    }

    /**
     * Reads a strategy.
     *
     * @param text tuples separated by semicolons; null gives no frame
     * @throws InvalidInputException if a tuple does not fit the dialect
     */
    public static MaskStrategy parse(String text, Dialect dialect) {
        if (text == null) {
            return NONE;
        }
        List<Entry> entries = new ArrayList<>();
        for (String tuple : text.split(";", -1)) {
            entries.add(parseEntry(tuple, text, dialect));
        }
        return new MaskStrategy(entries);
    }

    /** This strategy with one more entry at its end. */
    public MaskStrategy with(Entry entry) {
        return new MaskStrategy(
                Stream.concat(entries.stream(), Stream.of(entry)).toList());
    }

    /**
     * The conditions of the clip of one loop. Both ranges of an entry are cut at the ends as Python cuts slices; then
     * they must be equally long, or the reference's a single frame, which is repeated.
     *
     * @param loop the loop, from 0
     * @param frames latent frames T of the clip
     * @param referenceFrames latent frames of each of the prompt's references
     * @throws InvalidInputException if an entry names a reference that is not there or ranges that do not match
     */
    public Conditions apply(int loop, int frames, List<Integer> referenceFrames) {
        float[] mask = new float[frames];
        Arrays.fill(mask, 1);
        FrameSource[] sources = new FrameSource[frames];
        for (Entry entry : entries) {
            if (entry.loop() == loop) {
                apply(entry, mask, sources, referenceFrames);
            }
        }
        return new Conditions(mask, sources);
    }

    private static void apply(Entry entry, float[] mask, FrameSource[] sources, List<Integer> referenceFrames) {
        if (entry.reference() < 0 || entry.reference() >= referenceFrames.size()) {
            throw new InvalidInputException("Cannot apply the mask strategy: it names reference " + entry.reference()
                    + " of a prompt that has " + referenceFrames.size()
                    + ". Count references from 0 and list them in reference_path.");
        }
        int available = referenceFrames.get(entry.reference());
        int from = sliceBound(fromEnd(entry.referenceStart(), available), available);
        int to = sliceBound(fromEnd(entry.referenceStart(), available) + entry.length(), available);
        int targetFrom = sliceBound(fromEnd(entry.targetStart(), mask.length), mask.length);
        int targetTo = sliceBound(fromEnd(entry.targetStart(), mask.length) + entry.length(), mask.length);
        int count = Math.max(0, to - from);
        int targetCount = Math.max(0, targetTo - targetFrom);
        if (count != targetCount && count != 1) {
            throw new InvalidInputException("Cannot apply the mask strategy: " + count + " frames of reference "
                    + entry.reference() + ", which has " + available + ", do not fit " + targetCount
                    + " frames of the clip, which has " + mask.length + ". Choose starts and a length inside both.");
        }
        for (int i = 0; i < targetCount; i++) {
            mask[targetFrom + i] = entry.edit();
            sources[targetFrom + i] = new FrameSource(entry.reference(), from + (count == 1 ? 0 : i));
        }
    }

    private static long fromEnd(int start, int length) {
        return start < 0 ? (long) start + length : start;
    }

    private static int sliceBound(long index, int length) {
        return (int) (index < 0 ? Math.max(0, index + length) : Math.min(index, length));
    }

    private static Entry parseEntry(String tuple, String text, Dialect dialect) {
        String[] parts = tuple.split(",", -1);
        if (parts.length < dialect.fewest || parts.length > MAX_NUMBERS) {
            throw refused(
                    text,
                    "'" + tuple + "' has " + parts.length + (parts.length == 1 ? " number" : " numbers"),
                    dialect);
        }
        int[] numbers = {0, 0, 0, 0, dialect == Dialect.LOOP_FIRST ? 1 : 0};
        for (int i = 0; i < Math.min(parts.length, numbers.length); i++) {
            try {
                numbers[i] = Integer.parseInt(parts[i].strip());
            } catch (NumberFormatException e) {
                throw refused(text, "'" + parts[i].strip() + "' is no integer", dialect);
            }
        }
        float edit = parts.length == MAX_NUMBERS ? parseEdit(parts[MAX_NUMBERS - 1], text, dialect) : 0;
        return dialect == Dialect.LOOP_FIRST
                ? new Entry(numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], edit)
                : new Entry(numbers[1], numbers[0], numbers[2], numbers[4], numbers[3], edit);
    }

    private static float parseEdit(String part, String text, Dialect dialect) {
        float edit;
        try {
            edit = Float.parseFloat(part.strip());
        } catch (NumberFormatException e) {
            throw refused(text, "'" + part.strip() + "' is no number", dialect);
        }
        if (!(edit >= 0 && edit <= 1)) {
            throw refused(text, "the edit ratio " + part.strip() + " is not from 0 to 1", dialect);
        }
        return edit;
    }

    private static InvalidInputException refused(String text, String found, Dialect dialect) {
        return new InvalidInputException("Cannot read the mask strategy '" + ForeignText.shown(text) + "': " + found
                + ". A tuple of the dialect " + dialect.key + " has " + dialect.form
                + "; if yours are written otherwise, set mask_strategy_dialect to " + dialect.other().key + ": "
                + dialect.other().form + ".");
    }
}
