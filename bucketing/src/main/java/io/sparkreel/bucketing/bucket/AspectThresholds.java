// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * {@link Resolution#nearest} as a chain of comparisons, for column expressions. A threshold is the
 * smallest double at which the next label wins in the arithmetic of {@code nearest} itself; plain
 * mid-points differ from it on exact ties such as 0.8, the ratio of every 5:4 picture.
 *
 * @param aspectRatios by ascending label
 * @param thresholds one fewer; entry i is the least height / width that takes {@code
 *     aspectRatios.get(i + 1)} or a later one
 */
public record AspectThresholds(List<AspectRatio> aspectRatios, List<Double> thresholds) {

    public AspectThresholds {
        aspectRatios = List.copyOf(aspectRatios);
        thresholds = List.copyOf(thresholds);
    }

    /** Finds the thresholds of a resolution. */
    public static AspectThresholds of(Resolution resolution) {
        List<AspectRatio> ascending = new ArrayList<>(resolution.aspectRatios());
        ascending.sort(Comparator.comparingDouble(AspectRatio::value));
        List<Double> thresholds = new ArrayList<>();
        for (int i = 0; i + 1 < ascending.size(); i++) {
            double upperLabel = ascending.get(i + 1).value();
            long below = Double.doubleToLongBits(ascending.get(i).value());
            long at = Double.doubleToLongBits(upperLabel);
            // Positive doubles are ordered as their bits, so that halving the bits visits every double.
            while (at - below > 1) {
                long middle = below + (at - below) / 2;
                if (resolution.nearest(Double.longBitsToDouble(middle)).value() >= upperLabel) {
                    at = middle;
                } else {
                    below = middle;
                }
            }
            thresholds.add(Double.longBitsToDouble(at));
        }
        return new AspectThresholds(ascending, thresholds);
    }

    /** The shape for a ratio of height to width, equal to {@link Resolution#nearest}. */
    public AspectRatio find(double ratio) {
        int i = 0;
        while (i < thresholds.size() && ratio >= thresholds.get(i)) {
            i++;
        }
        return aspectRatios.get(i);
    }
}
