// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Kernels;

/** Scales a gradient down to a given global norm. */
public final class GradientClip {
    /** PyTorch's guard against division by a vanishing norm. */
    private static final double EPSILON = 1e-6;

    private GradientClip() {}

    /**
     * Scales the gradient in place if its Euclidean norm exceeds {@code limit}.
     *
     * @param limit the largest norm allowed; 0 or less leaves the gradient alone
     * @return the norm before; not a finite number if the gradient is not, which is then left alone
     */
    public static double apply(FlatBuffer gradient, double limit) {
        double norm = Kernels.instance().norm(gradient.tensor());
        double factor = factor(norm, limit);
        if (factor != 1) {
            Kernels.instance().scaleInPlace(gradient.tensor(), factor);
        }
        return norm;
    }

    /** What a gradient of this norm is to be multiplied with. */
    static double factor(double norm, double limit) {
        return limit > 0 && Double.isFinite(norm) && norm > limit ? limit / (norm + EPSILON) : 1;
    }
}
