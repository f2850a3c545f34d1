// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.InvalidInputException;
import java.util.TreeSet;

/** Chooses which steps of a schedule are kept when sampling takes fewer of them. */
final class Respacing {
    private Respacing() {}

    /**
     * @param steps steps of the whole schedule
     * @param argument empty or null for all; {@code "100"} for 100 evenly spread; {@code "10,15,20"} for that
     *     many in each of equal sections; {@code "ddim50"} for the first whole stride that gives exactly 50
     * @return the kept steps, ascending
     */
    static int[] keptSteps(int steps, String argument) {
        if (argument == null || argument.isBlank()) {
            return sections(steps, new int[] {steps});
        }
        try {
            if (argument.startsWith("ddim")) {
                return strided(steps, Integer.parseInt(argument.substring(4).strip()));
            }
            String[] parts = argument.split(",");
            int[] counts = new int[parts.length];
            for (int i = 0; i < parts.length; i++) {
                counts[i] = Integer.parseInt(parts[i].strip());
            }
            return sections(steps, counts);
        } catch (NumberFormatException e) {
            throw new InvalidInputException("Cannot respace a schedule: '" + argument
                    + "' is no list of step counts. Give a number, numbers separated by commas, or ddimN.");
        }
    }

    private static int[] strided(int steps, int wanted) {
        for (int stride = 1; stride < steps; stride++) {
            if ((steps + stride - 1) / stride == wanted) {
                int[] kept = new int[wanted];
                for (int i = 0; i < wanted; i++) {
                    kept[i] = i * stride;
                }
                return kept;
            }
        }
        throw new InvalidInputException("Cannot respace a schedule: no whole stride through " + steps + " steps gives "
                + wanted + ". Choose another number.");
    }

    private static int[] sections(int steps, int[] counts) {
        TreeSet<Integer> kept = new TreeSet<>();
        int size = steps / counts.length;
        int extra = steps % counts.length;
        int start = 0;
        for (int i = 0; i < counts.length; i++) {
            int length = size + (i < extra ? 1 : 0);
            if (counts[i] < 1 || counts[i] > length) {
                throw new InvalidInputException("Cannot respace a schedule: a section of " + length
                        + " steps cannot give " + counts[i] + ". Choose between 1 and " + length + ".");
            }
            double stride = counts[i] <= 1 ? 1 : (length - 1) / (double) (counts[i] - 1);
            double position = 0;
            for (int k = 0; k < counts[i]; k++) {
                kept.add(start + (int) Math.rint(position));
                position += stride;
            }
            start += length;
        }
        return kept.stream().mapToInt(Integer::intValue).toArray();
    }
}
