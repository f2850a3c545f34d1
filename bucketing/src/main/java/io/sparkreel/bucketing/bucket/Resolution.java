// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.bucket;

import java.io.Serializable;
import java.util.List;

/**
 * A named size class.
 *
 * @param name as the table spells it
 * @param pixels nominal pixels of a frame, which decide the order of resolutions and admission
 * @param aspectRatios its shapes, in the order that decides ties
 */
public record Resolution(String name, long pixels, List<AspectRatio> aspectRatios) implements Serializable {

    public Resolution {
        aspectRatios = List.copyOf(aspectRatios);
    }

    /** The shape whose label is nearest to height / width, the first of several equally near. */
    public AspectRatio nearest(int height, int width) {
        return nearest((double) height / width);
    }

    AspectRatio nearest(double ratio) {
        AspectRatio best = null;
        double least = Double.POSITIVE_INFINITY;
        for (AspectRatio candidate : aspectRatios) {
            double distance = Math.abs(candidate.value() - ratio);
            if (distance < least) {
                least = distance;
                best = candidate;
            }
        }
        return best;
    }
}
