// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.curate.signal;

/**
 * Sums over planes. A plane has one int for each sample of 0 to 255, row after row.
 *
 * <p>The compiler of JDK 17 turns a loop into vectors where all its arrays hold the same type, bytes are not widened, and
 * each is read and written at the loop's own index, without an offset. So what is hot here works on ints, and rows that
 * are needed at an offset are copied into lines of their own before, which costs next to nothing.
 */
final class Planes {

    /** So many differences of 15 bits fit into an int. */
    private static final int BLOCK = 1 << 16;

    private static final int LEVELS = 256;

    private Planes() {}

    /** Sum of absolute differences of samples, which may have 15 bits; both planes have the same size. */
    static long sumOfDifferences(int[] one, int[] other) {
        long sum = 0;
        for (int from = 0; from < one.length; from += BLOCK) {
            sum += sumOfDifferences(one, other, from, Math.min(from + BLOCK, one.length));
        }
        return sum;
    }

    private static int sumOfDifferences(int[] one, int[] other, int from, int until) {
        int sum = 0;
        for (int i = from; i < until; i++) {
            sum += Math.abs(one[i] - other[i]);
        }
        return sum;
    }

    /** How many samples have each level. */
    static int[] counts(int[] plane) {
        // Four counters for each level: neighbours mostly have the same one, and would wait for each other.
        int[] first = new int[LEVELS];
        int[] second = new int[LEVELS];
        int[] third = new int[LEVELS];
        int[] fourth = new int[LEVELS];
        int at = 0;
        for (; at + 4 <= plane.length; at += 4) {
            first[plane[at] & 0xff]++;
            second[plane[at + 1] & 0xff]++;
            third[plane[at + 2] & 0xff]++;
            fourth[plane[at + 3] & 0xff]++;
        }
        for (; at < plane.length; at++) {
            first[plane[at] & 0xff]++;
        }
        for (int level = 0; level < LEVELS; level++) {
            first[level] += second[level] + third[level] + fourth[level];
        }
        return first;
    }

    /** Sum of all samples, by their counts. */
    static long sum(int[] counts) {
        long sum = 0;
        for (int level = 0; level < LEVELS; level++) {
            sum += (long) level * counts[level];
        }
        return sum;
    }
}
