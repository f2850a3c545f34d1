// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.collective.Collective;
import java.nio.ByteBuffer;

/** Sums over samples, and how many ranks want to stop. */
final class StepSums {
    static final int LOSS = 0;
    static final int SQUARED_ERROR = 1;
    static final int BOUND = 2;
    static final int COUNT = 3;
    static final int STOP = 4;

    private final double[] values = new double[5];

    /** Adds the samples of a micro-batch. */
    void add(float[] losses, float[] squaredErrors, float[] bounds) {
        for (int i = 0; i < losses.length; i++) {
            values[LOSS] += losses[i];
            values[SQUARED_ERROR] += squaredErrors[i];
            values[BOUND] += bounds[i];
        }
        values[COUNT] += losses.length;
    }

    /** The sum of the losses. */
    double loss() {
        return values[LOSS];
    }

    /** Tells the other ranks whether this one wants to stop. */
    void askToStop(boolean wanted) {
        values[STOP] = wanted ? 1 : 0;
    }

    /** The totals over all ranks, which all call this together; by the constants of this class. */
    double[] over(Collective collective) {
        if (collective.worldSize() == 1) {
            return values;
        }
        ByteBuffer mine = ByteBuffer.allocate(values.length * Double.BYTES);
        mine.asDoubleBuffer().put(values);
        double[] totals = new double[values.length];
        for (byte[] rank : collective.allGather(mine.array())) {
            for (int i = 0; i < totals.length; i++) {
                totals[i] += ByteBuffer.wrap(rank).getDouble(i * Double.BYTES);
            }
        }
        return totals;
    }
}
