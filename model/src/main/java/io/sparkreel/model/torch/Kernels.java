// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import java.util.List;

/**
 * The leaf functions of {@code tensor.py}, typed; shapes stand beside each function there. Results belong to the calling
 * thread's current {@link TensorScope}. Functions record a graph where the thread does. All threads share the instance.
 */
public final class Kernels {
    private final ScriptModule module = ScriptModule.load(Kernels.class, "tensor.py", false);

    private Kernels() {}

    /** The kernels of this process; {@link Torch#start()} comes first. */
    public static Kernels instance() {
        return Holder.INSTANCE;
    }

    private static final class Holder {
        static final Kernels INSTANCE = new Kernels();
    }

    Tensor selfTest(long[] shape) {
        return module.tensor("self_test", shape);
    }

    Tensor selfTestConvolution(long batch, long channels, long height, long width) {
        return module.tensor("self_test_convolution", batch, channels, height, width);
    }

    Tensor toHost(Tensor x) {
        return module.tensor("to_host", x);
    }

    Tensor toDevice(Tensor x, String device) {
        return module.tensor("to_device", x, device);
    }

    Tensor zeros(long[] shape, Precision precision, String device) {
        return module.tensor("zeros", shape, precision.code(), device);
    }

    /** A view of {@code count} elements of a flat buffer from {@code begin}, in the given shape. */
    public Tensor sliceFlat(Tensor flat, long begin, long count, long... shape) {
        return module.tensor("slice_flat", flat, begin, count, shape);
    }

    /** A view as one dimension. */
    public Tensor flattenView(Tensor x) {
        return module.tensor("flatten_view", x);
    }

    /** Copies {@code source} over {@code target}. */
    public void copyInto(Tensor target, Tensor source) {
        module.run("copy_into", target, source);
    }

    /** Sets every element. */
    public void fill(Tensor target, double value) {
        module.run("fill", target, value);
    }

    /** {@code a + b} */
    public Tensor add(Tensor a, Tensor b) {
        return module.tensor("add", a, b);
    }

    /** {@code a * b} */
    public Tensor multiply(Tensor a, Tensor b) {
        return module.tensor("multiply", a, b);
    }

    /** {@code a + scale * b} */
    public Tensor addScaled(Tensor a, Tensor b, Tensor scale) {
        return module.tensor("add_scaled", a, b, scale);
    }

    /** The sum of all elements, weighted by one number: a scalar. */
    public Tensor scaledSum(Tensor x, double scale) {
        return module.tensor("scaled_sum", x, scale);
    }

    /** Concatenates along the last dimension. */
    public Tensor concatLast(List<Tensor> parts) {
        return module.tensor("concat_last", parts);
    }

    /** The scalar whose backward pass hands {@code gradients} to {@code results}. */
    public Tensor weightedSum(List<Tensor> results, List<Tensor> gradients) {
        return module.tensor("weighted_sum", results, gradients);
    }

    /** Classifier-free guidance of the first channels of a doubled batch. */
    public Tensor guide(Tensor out, double scale, int channels) {
        return module.tensor("guide", out, scale, (long) channels);
    }

    /** Frames of {@code a} where {@code chosen} [n, 1, T, 1, 1] is not 0, else of {@code b}. */
    public Tensor chooseFrames(Tensor chosen, Tensor a, Tensor b) {
        return module.tensor("choose_frames", chosen, a, b);
    }

    /** A copy of the first rows. */
    public Tensor firstRows(Tensor x, int rows) {
        return module.tensor("first_rows", x, (long) rows);
    }

    /** A view of some rows. */
    public Tensor rows(Tensor x, int begin, int count) {
        return module.tensor("rows", x, (long) begin, (long) count);
    }

    /** A view of some columns of [B, D]. */
    public Tensor columns(Tensor x, int begin, int count) {
        return module.tensor("columns", x, (long) begin, (long) count);
    }

    /** The batch, followed by itself. */
    public Tensor repeatTwice(Tensor x) {
        return module.tensor("repeat_twice", x);
    }

    /** One AdamW update of some vectors in place; {@code steps} has a scalar for each, that counts from 1. */
    public void adamw(
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<Tensor> first,
            List<Tensor> second,
            List<Tensor> steps,
            double learningRate,
            double beta1,
            double beta2,
            double epsilon,
            double weightDecay) {
        module.run(
                "adamw", parameters, gradients, first, second, steps, learningRate, beta1, beta2, epsilon, weightDecay);
    }

    /** target += weight * (source - target) */
    public void lerpInto(Tensor target, Tensor source, double weight) {
        module.run("lerp_into", target, source, weight);
    }

    /** The Euclidean norm. */
    public double norm(Tensor x) {
        return module.number("norm", x);
    }

    /** The Euclidean norm of each. */
    public float[] norms(List<Tensor> vectors) {
        try (TensorScope scope = TensorScope.open()) {
            return module.tensor("norms", vectors).floats();
        }
    }

    /** x *= factor */
    public void scaleInPlace(Tensor x, double factor) {
        module.run("scale_in_place", x, factor);
    }
}
