// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import java.util.List;
import java.util.function.Supplier;

/**
 * libtorch's automatic differentiation, used piecewise: a graph is built between leaves, and walked back
 * with an explicit gradient of its result.
 *
 * <p>DJL's own gradient collector is guarded by one flag for the whole JVM; these calls are not.
 */
public final class Autograd {
    private Autograd() {}

    /** Runs with graph recording on, and restores the thread's mode. */
    public static <T> T withGradients(Supplier<T> body) {
        return inMode(true, body);
    }

    private static <T> T inMode(boolean enabled, Supplier<T> body) {
        boolean before = TorchNative.isGradMode();
        TorchNative.setGradMode(enabled);
        try {
            return body.get();
        } finally {
            TorchNative.setGradMode(before);
        }
    }

    /** A view of the same values that starts a new graph and collects a gradient. */
    public static Tensor leaf(Tensor values) {
        Tensor leaf = TensorScope.adopt(TorchNative.detach(values.handle()));
        TorchNative.requireGradient(leaf.handle());
        return leaf;
    }

    /** A view of the same values outside any graph. */
    public static Tensor detach(Tensor values) {
        return TensorScope.adopt(TorchNative.detach(values.handle()));
    }

    /** Adds d(sum(gradient * result)) / d(leaf) to the gradient of every leaf, and frees the graph. */
    public static void backward(Tensor result, Tensor gradient) {
        TorchNative.backward(result.handle(), gradient.handle());
    }

    /** The gradient collected by a leaf. Fails if nothing was propagated to it. */
    public static Tensor gradient(Tensor leaf) {
        return TensorScope.adopt(TorchNative.gradient(leaf.handle()));
    }

    /** The gradients collected by each. */
    public static List<Tensor> gradients(List<Tensor> leaves) {
        return leaves.stream().map(Autograd::gradient).toList();
    }

    /** Makes a tensor without a graph a leaf that collects a gradient. */
    public static void requireGradient(Tensor tensor) {
        TorchNative.requireGradient(tensor.handle());
    }
}
