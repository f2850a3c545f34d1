// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.watch;

import com.fasterxml.jackson.databind.node.ArrayNode;
import java.util.Arrays;

/**
 * A curve of bounded length over the steps of a run: when it grows long, neighbours become one point, their mean.
 * Steps that are taken again, after a restart, replace what was there.
 */
final class Curve {
    private static final int LONGEST = 2000;

    private final long[] steps = new long[LONGEST];
    private final double[] sums = new double[LONGEST];
    private final int[] counts = new int[LONGEST];
    private int points;
    private int perPoint = 1;

    void add(long step, double value) {
        while (points > 0 && steps[points - 1] >= step) {
            points--;
        }
        if (points == 0 || counts[points - 1] >= perPoint) {
            if (points == LONGEST) {
                halve();
            }
            sums[points] = 0;
            counts[points++] = 0;
        }
        steps[points - 1] = step;
        sums[points - 1] += value;
        counts[points - 1]++;
    }

    private void halve() {
        for (int i = 0; i < LONGEST / 2; i++) {
            steps[i] = steps[2 * i + 1];
            sums[i] = sums[2 * i] + sums[2 * i + 1];
            counts[i] = counts[2 * i] + counts[2 * i + 1];
        }
        points = LONGEST / 2;
        perPoint *= 2;
    }

    /** The steps of the points, ascending. */
    long[] steps() {
        return Arrays.copyOf(steps, points);
    }

    /** Adds [step, value] for each point, null for a value that is no finite number. */
    void writeTo(ArrayNode target) {
        for (int i = 0; i < points; i++) {
            double value = sums[i] / counts[i];
            ArrayNode point = target.addArray().add(steps[i]);
            if (Double.isFinite(value)) {
                point.add((float) value); // half the digits
            } else {
                point.addNull();
            }
        }
    }
}
