// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import java.math.BigInteger;

/**
 * The reference's draw: the first double of {@code numpy.random.default_rng(seed)}, that is PCG64
 * (O'Neill 2014, XSL-RR 128/64) seeded through NumPy's SeedSequence.
 */
public final class NumpyDraw {

    private static final int POOL = 4;
    private static final BigInteger MULTIPLIER =
            new BigInteger("2549297995355413924").shiftLeft(64).add(new BigInteger("4865540595714422341"));
    private static final long MULTIPLIER_HIGH = MULTIPLIER.shiftRight(64).longValue();
    private static final long MULTIPLIER_LOW = MULTIPLIER.longValue();

    private NumpyDraw() {}

    /**
     * The draw for a clip and a candidate.
     *
     * @param seed of the configuration
     * @param row position of the clip in the ordered table
     * @param bucketCount {@link BucketConfig#bucketCount}
     */
    public static double draw(long seed, long epoch, long row, int bucketCount, Candidate candidate) {
        return first(seed + epoch + row * bucketCount + candidate.index());
    }

    /**
     * First double of the generator of that seed.
     *
     * @param seed 0 or more
     */
    public static double first(long seed) {
        if (seed < 0) {
            throw new IllegalArgumentException("NumPy takes no negative seed: " + seed);
        }
        long[] words = seedWords(seed);
        long incrementHigh = words[2] << 1 | words[3] >>> 63;
        long incrementLow = words[3] << 1 | 1;

        // state = 0; step; state += seed words; step; step: the last step is that of the first draw.
        long high = incrementHigh;
        long low = incrementLow;
        long sum = low + words[1];
        high += words[0] + (Long.compareUnsigned(sum, low) < 0 ? 1 : 0);
        low = sum;
        for (int step = 0; step < 2; step++) {
            long product = low * MULTIPLIER_LOW;
            long productHigh =
                    unsignedMultiplyHigh(low, MULTIPLIER_LOW) + high * MULTIPLIER_LOW + low * MULTIPLIER_HIGH;
            low = product + incrementLow;
            high = productHigh + incrementHigh + (Long.compareUnsigned(low, product) < 0 ? 1 : 0);
        }
        long word = Long.rotateRight(high ^ low, (int) (high >>> 58));
        return (word >>> 11) * 0x1.0p-53;
    }

    private static long unsignedMultiplyHigh(long left, long right) {
        return Math.multiplyHigh(left, right) + (left >> 63 & right) + (right >> 63 & left);
    }

    /** SeedSequence(seed).generate_state(4, uint64). */
    private static long[] seedWords(long seed) {
        int[] entropy = {(int) seed, (int) (seed >>> 32)};
        int[] pool = new int[POOL];
        HashMix fill = new HashMix(0x43b0d7e5, 0x931e8875);
        for (int i = 0; i < POOL; i++) {
            pool[i] = fill.next(i < entropy.length ? entropy[i] : 0);
        }
        for (int source = 0; source < POOL; source++) {
            for (int target = 0; target < POOL; target++) {
                if (source != target) {
                    pool[target] = mix(pool[target], fill.next(pool[source]));
                }
            }
        }
        HashMix drain = new HashMix(0x8b51f9dd, 0x58f38ded);
        long[] words = new long[POOL];
        for (int i = 0; i < 2 * POOL; i++) {
            long half = Integer.toUnsignedLong(drain.next(pool[i % POOL]));
            words[i / 2] |= i % 2 == 0 ? half : half << 32;
        }
        return words;
    }

    private static int mix(int left, int right) {
        int mixed = 0xca01f9dd * left - 0x4973f715 * right;
        return mixed ^ mixed >>> 16;
    }

    /** SeedSequence's hash of 32-bit words, whose constant changes with every word. */
    private static final class HashMix {

        private final int multiplier;
        private int constant;

        HashMix(int start, int multiplier) {
            this.constant = start;
            this.multiplier = multiplier;
        }

        int next(int value) {
            int mixed = value ^ constant;
            constant *= multiplier;
            mixed *= constant;
            return mixed ^ mixed >>> 16;
        }
    }
}
