// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/** The name a typing error probably meant. */
final class NearestName {

    private NearestName() {}

    /** The choice with the fewest changed characters (Levenshtein), the first of several. */
    static String of(String given, Collection<String> choices) {
        return choices.stream()
                .min(Comparator.comparingInt(choice -> distance(given, choice)))
                .orElseThrow();
    }

    private static int distance(String left, String right) {
        String from = left.toLowerCase(Locale.ROOT);
        String to = right.toLowerCase(Locale.ROOT);
        int[] previous = new int[to.length() + 1];
        Arrays.setAll(previous, i -> i);
        for (int i = 1; i <= from.length(); i++) {
            int[] current = new int[to.length() + 1];
            current[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = previous[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                current[j] = Math.min(replaced, 1 + Math.min(previous[j], current[j - 1]));
            }
            previous = current;
        }
        return previous[to.length()];
    }
}
