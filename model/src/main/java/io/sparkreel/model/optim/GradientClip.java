// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

/** Scales a gradient down to a given global norm. */
public final class GradientClip {
    /** PyTorch's guard against division by a vanishing norm. */
    private static final double EPSILON = 1e-6;

    private GradientClip() {}

    /** What a gradient of this norm is to be multiplied with. */
    public static double factor(double norm, double limit) {
        return limit > 0 && Double.isFinite(norm) && norm > limit ? limit / (norm + EPSILON) : 1;
    }
}
