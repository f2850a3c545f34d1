// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import java.util.Arrays;
import java.util.Comparator;

/** Shares the micro-batches of a step among the ranks. */
public final class StepSharing {
    private StepSharing() {}

    /**
     * Longest first onto the least loaded rank (Graham 1969); of equal ones the first micro-batch, and the lowest
     * rank.
     *
     * @param costs of the step's micro-batches
     * @return the rank of each micro-batch
     */
    public static int[] assign(double[] costs, int ranks) {
        Integer[] order = new Integer[costs.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingDouble((Integer i) -> -costs[i]).thenComparing(i -> i));
        double[] load = new double[ranks];
        int[] assigned = new int[costs.length];
        for (int i : order) {
            int least = 0;
            for (int rank = 1; rank < ranks; rank++) {
                if (load[rank] < load[least]) {
                    least = rank;
                }
            }
            assigned[i] = least;
            load[least] += costs[i];
        }
        return assigned;
    }
}
