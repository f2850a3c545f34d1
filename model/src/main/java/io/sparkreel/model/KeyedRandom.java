// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model;

import java.util.Objects;

/**
 * A stream of random numbers that is a pure function of its key (seed, epoch, clip, purpose) and of the position in
 * the stream. Who draws, in what order, on which machine and with how many ranks makes no difference.
 *
 * <p>The generator is Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3",
 * SC 2011). Seed, epoch and purpose are mixed into its 64-bit key; the clip's identity is the upper half of its 128-bit
 * counter, so the streams of two clips under one key never overlap; the lower half counts blocks of four 32-bit words.
 *
 * <p>Everything is integer arithmetic, IEEE division and square root, and {@link StrictMath}, whose results are
 * specified to the bit: the same key gives the same bits on every JVM and processor. Not safe for use by several
 * threads at once; streams are cheap, make one each.
 */
public final class KeyedRandom {

    /** What a stream is used for. Streams of two purposes are independent under the same seed, epoch and clip. */
    public enum Purpose {
        NOISE(1),
        TIMESTEP(2),
        TEXT_DROPOUT(3),
        TEMPORAL_START(4),
        FRAME_MASK(5),
        LATENT_NOISE(6),
        SAMPLING_NOISE(7),
        INITIALISATION(8),
        WORD_VECTOR(10);

        // Written down, not ordinal(): a new purpose must not change the streams of the others.
        private final long code;

        Purpose(long code) {
            this.code = code;
        }
    }

    private static final int WORDS_PER_BLOCK = 4;
    private static final int ROUNDS = 10;
    private static final long MULTIPLIER_0 = 0xD2511F53L;
    private static final long MULTIPLIER_1 = 0xCD9E8D57L;
    private static final int WEYL_0 = 0x9E3779B9;
    private static final int WEYL_1 = 0xBB67AE85;
    private static final long UNSIGNED = 0xFFFFFFFFL;
    private static final double TWO_PI = 2 * Math.PI;

    private final int key0;
    private final int key1;
    private final int stream0;
    private final int stream1;
    private final int[] words = new int[WORDS_PER_BLOCK];
    private long block;
    private int used = WORDS_PER_BLOCK;

    private KeyedRandom(long key, long stream) {
        this.key0 = (int) key;
        this.key1 = (int) (key >>> 32);
        this.stream0 = (int) stream;
        this.stream1 = (int) (stream >>> 32);
    }

    /**
     * The stream of one clip, at its beginning.
     *
     * @param seed the run's seed
     * @param epoch the epoch, or any other number that tells repetitions of a draw apart
     * @param clipId identity of the clip, prompt or parameter the draw belongs to
     */
    public static KeyedRandom of(long seed, long epoch, long clipId, Purpose purpose) {
        Objects.requireNonNull(purpose, "purpose");
        return new KeyedRandom(mix(mix(mix(seed) + epoch) + purpose.code), clipId);
    }

    /** A double in [0, 1), a multiple of 2^-53. Uses two words. */
    public double nextDouble() {
        long high = nextWord() & UNSIGNED;
        long low = nextWord() & UNSIGNED;
        return ((high << 32 | low) >>> 11) * 0x1.0p-53;
    }

    /**
     * An integer in [0, bound), every value equally likely (Lemire, "Fast random integer generation in an interval",
     * 2019). Uses one word, rarely more.
     *
     * @throws IllegalArgumentException if bound is not positive
     */
    public int nextInt(int bound) {
        if (bound <= 0) {
            throw new IllegalArgumentException("bound must be positive: " + bound);
        }
        long product = (nextWord() & UNSIGNED) * bound;
        long remainder = product & UNSIGNED;
        if (remainder < bound) {
            long rejected = (1L << 32) % bound;
            while (remainder < rejected) {
                product = (nextWord() & UNSIGNED) * bound;
                remainder = product & UNSIGNED;
            }
        }
        return (int) (product >>> 32);
    }

    /**
     * Fills part of an array with independent standard normal values (Box and Muller 1958, on 32-bit uniforms: values
     * reach 6.66 standard deviations). Starts at the next whole block and uses one word a value, rounded up to whole
     * blocks of four: an array filled in parts whose lengths are multiples of four holds what one call would give.
     *
     * @throws IndexOutOfBoundsException if the part is not inside the array
     */
    public void fillNormal(float[] target, int offset, int length) {
        Objects.checkFromIndexSize(offset, length, target.length);
        int end = offset + length;
        for (int i = offset; i < end; i += WORDS_PER_BLOCK) {
            generate();
            for (int pair = 0; pair < WORDS_PER_BLOCK && i + pair < end; pair += 2) {
                double uniform = ((words[pair] & UNSIGNED) + 0.5) * 0x1.0p-32;
                double radius = Math.sqrt(-2 * StrictMath.log(uniform));
                double angle = TWO_PI * ((words[pair + 1] & UNSIGNED) * 0x1.0p-32);
                target[i + pair] = (float) (radius * StrictMath.cos(angle));
                if (i + pair + 1 < end) {
                    target[i + pair + 1] = (float) (radius * StrictMath.sin(angle));
                }
            }
        }
        used = WORDS_PER_BLOCK;
    }

    /**
     * Moves forward in the stream without drawing.
     *
     * @param count 32-bit words to pass over; one normal value is one word, one double two
     * @throws IllegalArgumentException if count is negative
     */
    public void skip(long count) {
        if (count < 0) {
            throw new IllegalArgumentException("count must not be negative: " + count);
        }
        long buffered = Math.min(count, WORDS_PER_BLOCK - used);
        used += (int) buffered;
        long rest = count - buffered;
        block += rest / WORDS_PER_BLOCK;
        int within = (int) (rest % WORDS_PER_BLOCK);
        if (within > 0) {
            generate();
            used = within;
        }
    }

    private int nextWord() {
        if (used == WORDS_PER_BLOCK) {
            generate();
            used = 0;
        }
        return words[used++];
    }

    private void generate() {
        philox(words, (int) block, (int) (block >>> 32), stream0, stream1, key0, key1);
        block++;
    }

    /** Philox4x32-10: one block of four words from a counter of four words and a key of two. */
    static void philox(int[] output, int c0, int c1, int c2, int c3, int k0, int k1) {
        for (int round = 0; round < ROUNDS; round++) {
            long product0 = MULTIPLIER_0 * (c0 & UNSIGNED);
            long product1 = MULTIPLIER_1 * (c2 & UNSIGNED);
            c0 = (int) (product1 >>> 32) ^ c1 ^ k0;
            c1 = (int) product1;
            c2 = (int) (product0 >>> 32) ^ c3 ^ k1;
            c3 = (int) product0;
            k0 += WEYL_0;
            k1 += WEYL_1;
        }
        output[0] = c0;
        output[1] = c1;
        output[2] = c2;
        output[3] = c3;
    }

    /** The finaliser of SplitMix64 (Steele, Lea and Flood 2014): every input bit moves every output bit. */
    private static long mix(long value) {
        long z = value + 0x9E3779B97F4A7C15L;
        z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
        return z ^ (z >>> 31);
    }
}
