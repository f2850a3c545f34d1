// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing;

import java.util.Collection;
import java.util.Locale;

/** The valid name a user most probably meant. */
public final class NearestName {
    private NearestName() {}

    /**
     * The candidate with the least edit distance to {@code typed}, ignoring case and the difference between dash and
     * underscore; the first one on ties.
     *
     * @throws IllegalArgumentException when there is no candidate
     */
    public static String of(String typed, Collection<String> candidates) {
        String nearest = null;
        int least = Integer.MAX_VALUE;
        for (String candidate : candidates) {
            int distance = distance(typed, candidate);
            if (distance < least) {
                least = distance;
                nearest = candidate;
            }
        }
        if (nearest == null) {
            throw new IllegalArgumentException("no candidates for " + typed);
        }
        return nearest;
    }

    /** Insertions, deletions, replacements and swaps of neighbours (optimal string alignment). */
    public static int distance(String first, String second) {
        String a = plain(first);
        String b = plain(second);
        int[][] cost = new int[a.length() + 1][b.length() + 1];
        for (int i = 0; i <= a.length(); i++) {
            for (int j = 0; j <= b.length(); j++) {
                cost[i][j] = i == 0 ? j : j == 0 ? i : step(cost, a, b, i, j);
            }
        }
        return cost[a.length()][b.length()];
    }

    private static int step(int[][] cost, String a, String b, int i, int j) {
        int replaced = cost[i - 1][j - 1] + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        int best = Math.min(replaced, Math.min(cost[i - 1][j], cost[i][j - 1]) + 1);
        boolean swapped = i > 1 && j > 1 && a.charAt(i - 1) == b.charAt(j - 2) && a.charAt(i - 2) == b.charAt(j - 1);
        return swapped ? Math.min(best, cost[i - 2][j - 2] + 1) : best;
    }

    private static String plain(String name) {
        return name.toLowerCase(Locale.ROOT).replace('-', '_');
    }
}
