// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

/**
 * {@code torch.randperm} on a CPU generator: the Mersenne Twister MT19937 of Matsumoto and Nishimura
 * 1998, seeded by their init_genrand, and a Fisher-Yates shuffle from the front.
 */
final class TorchPermutation {

    private static final int SIZE = 624;
    private static final int MIDDLE = 397;

    private final int[] state = new int[SIZE];
    private int used = SIZE;

    /** A generator; like PyTorch's it takes the lower 32 bits of the seed. */
    TorchPermutation(long seed) {
        state[0] = (int) seed;
        for (int i = 1; i < SIZE; i++) {
            state[i] = 1812433253 * (state[i - 1] ^ state[i - 1] >>> 30) + i;
        }
    }

    /** The next permutation of 0 to length - 1. */
    int[] next(int length) {
        int[] order = new int[length];
        for (int i = 0; i < length; i++) {
            order[i] = i;
        }
        for (int i = 0; i < length - 1; i++) {
            int other = i + Integer.remainderUnsigned(nextInt(), length - i);
            int swapped = order[i];
            order[i] = order[other];
            order[other] = swapped;
        }
        return order;
    }

    private int nextInt() {
        if (used == SIZE) {
            twist();
        }
        int value = state[used++];
        value ^= value >>> 11;
        value ^= value << 7 & 0x9d2c5680;
        value ^= value << 15 & 0xefc60000;
        return value ^ value >>> 18;
    }

    private void twist() {
        for (int i = 0; i < SIZE; i++) {
            int joined = (state[i] & 0x80000000) | (state[(i + 1) % SIZE] & 0x7fffffff);
            int twisted = joined >>> 1 ^ ((joined & 1) == 0 ? 0 : 0x9908b0df);
            state[i] = state[(i + MIDDLE) % SIZE] ^ twisted;
        }
        used = 0;
    }
}
