// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.process.Terms;
import java.nio.ByteBuffer;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Sums over samples of the loss and its terms, and how many ranks want to stop. */
final class StepSums {
    private static final int LOSS = 0;
    private static final int COUNT = 1;
    private static final int STOP = 2;
    private static final int FIRST_TERM = 3;

    private final List<String> terms;
    private final double[] values;

    /** @param terms names of the terms, the same on all ranks */
    StepSums(List<String> terms) {
        this(terms, new double[FIRST_TERM + terms.size()]);
    }

    private StepSums(List<String> terms, double[] values) {
        this.terms = terms;
        this.values = values;
    }

    /**
     * Adds the samples of a micro-batch.
     *
     * @param losses the values of {@code batch.total()}
     */
    void add(float[] losses, Terms batch) {
        for (float loss : losses) {
            values[LOSS] += loss;
        }
        for (int term = 0; term < terms.size(); term++) {
            for (float value : batch.parts().get(terms.get(term)).floats()) {
                values[FIRST_TERM + term] += value;
            }
        }
        values[COUNT] += losses.length;
    }

    /** The sum of the losses. */
    double loss() {
        return values[LOSS];
    }

    /** The number of samples. */
    int samples() {
        return (int) values[COUNT];
    }

    /** Whether some rank wants to stop. */
    boolean stop() {
        return values[STOP] > 0;
    }

    /** The means of the terms over the samples, by name. */
    Map<String, Double> means() {
        Map<String, Double> means = new LinkedHashMap<>();
        for (int term = 0; term < terms.size(); term++) {
            means.put(terms.get(term), values[FIRST_TERM + term] / values[COUNT]);
        }
        return means;
    }

    /** Tells the other ranks whether this one wants to stop. */
    void askToStop(boolean wanted) {
        values[STOP] = wanted ? 1 : 0;
    }

    /** The sums over all ranks, which all call this together. */
    StepSums over(Collective collective) {
        if (collective.worldSize() == 1) {
            return this;
        }
        ByteBuffer mine = ByteBuffer.allocate(values.length * Double.BYTES);
        mine.asDoubleBuffer().put(values);
        double[] totals = new double[values.length];
        for (byte[] rank : collective.allGather(mine.array())) {
            for (int i = 0; i < totals.length; i++) {
                totals[i] += ByteBuffer.wrap(rank).getDouble(i * Double.BYTES);
            }
        }
        return new StepSums(terms, totals);
    }
}
