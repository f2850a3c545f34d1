// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.plan;

import java.util.Arrays;
import java.util.Comparator;
import java.util.PriorityQueue;

/** Shares the micro-batches of a step among the ranks. */
public final class StepSharing {
    /** Part of a load that an exchange must save: sums of floating numbers differ by less. */
    private static final double LEAST_GAIN = 1e-9;

    private StepSharing() {}

    /**
     * Longest first onto the least loaded rank (Graham 1969); of equal ones the first micro-batch, and the lowest
     * rank. Then the most loaded rank gives a micro-batch away, or exchanges one for a shorter one, as long as that
     * leaves both ranks below what it had.
     *
     * @param costs of the step's micro-batches
     * @return the rank of each micro-batch
     */
    public static int[] assign(double[] costs, int ranks) {
        int[] assigned = longestFirst(costs, ranks);
        double[] loads = new double[ranks];
        for (int i = 0; i < costs.length; i++) {
            loads[assigned[i]] += costs[i];
        }
        for (int i = 0; i < costs.length && relieve(costs, assigned, loads); i++) {
            // Once for each micro-batch is far more than is ever needed.
        }
        return assigned;
    }

    /** Lowers the load of the most loaded rank by the best exchange with another; false if there is none. */
    private static boolean relieve(double[] costs, int[] assigned, double[] loads) {
        int most = 0;
        for (int rank = 1; rank < loads.length; rank++) {
            most = loads[rank] > loads[most] ? rank : most;
        }
        double best = loads[most] * (1 - LEAST_GAIN);
        int give = -1;
        int take = -1;
        int other = -1;
        for (int i = 0; i < costs.length; i++) {
            if (assigned[i] != most) {
                continue;
            }
            for (int rank = 0; rank < loads.length; rank++) { // gives i away
                double higher = Math.max(loads[most] - costs[i], loads[rank] + costs[i]);
                if (rank != most && higher < best) {
                    best = higher;
                    give = i;
                    take = -1;
                    other = rank;
                }
            }
            for (int k = 0; k < costs.length; k++) { // exchanges i for k
                double difference = costs[i] - costs[k];
                int rank = assigned[k];
                double higher = Math.max(loads[most] - difference, loads[rank] + difference);
                if (rank != most && difference > 0 && higher < best) {
                    best = higher;
                    give = i;
                    take = k;
                    other = rank;
                }
            }
        }
        if (give < 0) {
            return false;
        }
        double moved = costs[give] - (take < 0 ? 0 : costs[take]);
        assigned[give] = other;
        if (take >= 0) {
            assigned[take] = most;
        }
        loads[most] -= moved;
        loads[other] += moved;
        return true;
    }

    private static int[] longestFirst(double[] costs, int ranks) {
        Integer[] order = new Integer[costs.length];
        Arrays.setAll(order, i -> i);
        Arrays.sort(order, Comparator.comparingDouble((Integer i) -> -costs[i]).thenComparing(i -> i));
        PriorityQueue<Load> least =
                new PriorityQueue<>(Comparator.comparingDouble(Load::cost).thenComparingInt(Load::rank));
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
