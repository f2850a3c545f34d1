// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

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
        PriorityQueue<Load> least = new PriorityQueue<>(
                Comparator.comparingDouble(Load::cost).thenComparingInt(Load::rank));
        for (int rank = 0; rank < ranks; rank++) {
            least.add(new Load(rank, 0));
        }
        int[] assigned = new int[costs.length];
        for (int i : order) {
            Load rank = least.remove();
            assigned[i] = rank.rank();
            least.add(new Load(rank.rank(), rank.cost() + costs[i]));
        }
        return assigned;
    }

    private record Load(int rank, double cost) {}

    /** What each rank gets to do when a step is shared. */
    static double[] loads(double[] costs, int ranks) {
        double[] loads = new double[ranks];
        int[] assigned = assign(costs, ranks);
        for (int i = 0; i < assigned.length; i++) {
            loads[assigned[i]] += costs[i];
        }
        return loads;
    }
}
