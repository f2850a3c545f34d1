// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.KeyedRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * The training masks of Open-Sora 1.1: for a share of the samples some frames stay clean, so that the model learns to
 * continue, complete and join conditioning frames. A mask is true where a frame is noised and false where it is given.
 * At least one frame of every sample is noised.
 */
public final class FrameMask {

    private static final String PREFIX = "mask_";
    private static final double SUM_TOLERANCE = 1e-6;

    /** Which frames are given: one frame, or up to a quarter of them, at a random place, the head, the tail or both. */
    private enum Kind {
        NO,
        QUARTER_RANDOM,
        QUARTER_HEAD,
        QUARTER_TAIL,
        QUARTER_HEAD_TAIL,
        IMAGE_RANDOM,
        IMAGE_HEAD,
        IMAGE_TAIL,
        IMAGE_HEAD_TAIL;

        private final String key = PREFIX + name().toLowerCase(Locale.ROOT);

        private boolean isQuarter() {
            return name().startsWith("QUARTER");
        }
    }

    private record Share(Kind kind, double ratio) {}

    /** Where the integers of a mask come from. */
    @FunctionalInterface
    public interface IntegerSource {
        /** An integer from low to high, both included. */
        int between(int low, int high);
    }

    private final List<Share> shares;

    private FrameMask(List<Share> shares) {
        this.shares = shares;
    }

    /**
     * The masks of a configuration's {@code mask_ratios}.
     *
     * @param ratios share of the samples by kind of mask, in the order in which they divide [0, 1): mask_no,
     *     mask_quarter_random, mask_quarter_head, mask_quarter_tail, mask_quarter_head_tail and the same with image,
     *     with or without the prefix mask_
     * @throws InvalidInputException if a name is unknown or given twice, a ratio is outside [0, 1], or their sum is not
     *     1 within 1e-6
     */
    public static FrameMask of(Map<String, Double> ratios) {
        List<Share> shares = new ArrayList<>();
        double sum = 0;
        for (Map.Entry<String, Double> entry : ratios.entrySet()) {
            Kind kind = kind(entry.getKey());
            double ratio = entry.getValue();
            if (!(ratio >= 0 && ratio <= 1)) {
                throw refused(entry.getKey() + " is " + ratio, "Give a ratio from 0 to 1");
            }
            if (shares.stream().anyMatch(share -> share.kind() == kind)) {
                throw refused(kind.key + " is given twice", "Give each kind of mask once");
            }
            shares.add(new Share(kind, ratio));
            sum += ratio;
        }
        if (Math.abs(sum - 1) > SUM_TOLERANCE) {
            throw refused("the ratios add up to " + sum, "Make their sum 1, for instance by changing mask_no");
        }
        return new FrameMask(List.copyOf(shares));
    }

    /**
     * Draws the mask of one sample: one double chooses the kind, integers from the same stream its size and place.
     *
     * @param frames latent frames of the sample
     * @return [T], true where the frame is noised
     */
    public boolean[] draw(int frames, KeyedRandom random) {
        return draw(frames, random.nextDouble(), (low, high) -> low + random.nextInt(high - low + 1));
    }

    /**
     * Makes the mask that given draws lead to.
     *
     * @param frames latent frames of the sample, at least 1; a single frame is always noised
     * @param u in [0, 1), chooses the kind: the first whose cumulated ratio exceeds it
     * @param integers gives, for a random place or a quarter, first the size and then the start
     * @return [T], true where the frame is noised
     */
    public boolean[] draw(int frames, double u, IntegerSource integers) {
        boolean[] noised = new boolean[frames];
        Arrays.fill(noised, true);
        Kind kind = choose(u);
        if (frames <= 1 || kind == Kind.NO) {
            return noised;
        }
        // The reference cannot draw a quarter of two or three frames; one frame is the smallest part there is.
        int quarter = Math.max(1, frames / 4);
        int size = kind.isQuarter() ? integers.between(1, quarter) : 1;
        switch (kind) {
            case QUARTER_RANDOM, IMAGE_RANDOM -> {
                int start = integers.between(0, frames - size);
                Arrays.fill(noised, start, start + size, false);
            }
            case QUARTER_HEAD, IMAGE_HEAD -> Arrays.fill(noised, 0, size, false);
            case QUARTER_TAIL, IMAGE_TAIL -> Arrays.fill(noised, frames - size, frames, false);
            case QUARTER_HEAD_TAIL, IMAGE_HEAD_TAIL -> {
                Arrays.fill(noised, 0, size, false);
                // In the reference head and tail of two frames are all of them, and its loss is 0/0.
                int tail = Math.min(size, frames - size - 1);
                Arrays.fill(noised, frames - tail, frames, false);
            }
            default -> throw new AssertionError(kind);
        }
        return noised;
    }

    private Kind choose(double u) {
        double cumulated = 0;
        for (Share share : shares) {
            cumulated += share.ratio();
            if (u < cumulated) {
                return share.kind();
            }
        }
        return shares.get(shares.size() - 1).kind(); // rounding left the sum just below 1
    }

    private static Kind kind(String name) {
        String key = name.startsWith(PREFIX) ? name : PREFIX + name;
        return Stream.of(Kind.values())
                .filter(kind -> kind.key.equals(key))
                .findFirst()
                .orElseThrow(() -> refused(
                        "'" + name + "' is no kind of mask",
                        "Use "
                                + String.join(
                                        ", ",
                                        Stream.of(Kind.values())
                                                .map(kind -> kind.key)
                                                .toList())));
    }

    private static InvalidInputException refused(String found, String remedy) {
        return new InvalidInputException("Cannot use mask_ratios: " + found + ". " + remedy + ".");
    }
}
