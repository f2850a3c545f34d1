// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import java.util.Collections;
import java.util.List;

/**
 * The leaf functions of {@code kernels.py}, typed. Shapes stand beside each function there.
 *
 * <p>Results belong to the calling thread's current {@link TensorScope}. Functions record a graph when the
 * thread is inside {@link Autograd#withGradients}. The instance is shared by all threads.
 */
public final class Kernels {
    private final ScriptModule module = ScriptModule.load("kernels.py", "Kernels");

    private Kernels() {}

    /** The kernels of this process; {@link Torch#start()} comes first. */
    public static Kernels instance() {
        return Holder.INSTANCE;
    }

    private static final class Holder {
        static final Kernels INSTANCE = new Kernels();
    }

    // ---- memory

    Tensor selfTest(long[] shape) {
        return module.tensor("self_test", shape);
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

    // ---- embedders

    /** Linear, SiLU, Linear. */
    public Tensor siluMlp(Tensor features, List<Tensor> weights) {
        return module.tensor("silu_mlp", features, weights);
    }

    /**
     * Adds to the gradients of a {@link #siluMlp}'s weights, in place, what the gradient of its result [B, D] makes of them.
     *
     * @param weightGradients in the order of {@code weights}
     */
    public void addSiluMlpGradients(
            Tensor features, Tensor gradient, List<Tensor> weights, List<Tensor> weightGradients) {
        module.run("add_silu_mlp_gradients", features, gradient, weights, weightGradients);
    }

    /** SiLU, Linear: [B, D] to [B, n, D]. */
    public Tensor modulation(Tensor condition, int n, List<Tensor> weights) {
        return module.tensor("modulation", condition, (long) n, weights);
    }

    /**
     * Adds to the gradients of a {@link #modulation}'s weights, in place, what the gradient of its result makes of them.
     *
     * @param parts the gradient's rows [B', n, D], one after the other as many as {@code condition} has
     */
    public void addModulationGradients(Tensor condition, List<Tensor> parts, List<Tensor> weightGradients) {
        module.run("add_modulation_gradients", condition, parts, weightGradients);
    }

    /** [B, L, W] to [B, L, D], in the precision of the blocks. */
    public Tensor captionMlp(Tensor captions, Precision precision, List<Tensor> weights) {
        return module.tensor("caption_mlp", captions, precision.code(), weights);
    }

    /** [B, C, T, H, W] to [B, T', S, D], with the position embedding [S, D] added, in the precision of the blocks. */
    public Tensor patchEmbed(Tensor latent, Tensor position, long[] patch, Precision precision, List<Tensor> weights) {
        return module.tensor("patch_embed", latent, position, patch, precision.code(), weights);
    }

    // ---- blocks

    /** [B, n, D] + [n, D] to n times [B, 1, 1, D]. */
    public List<Tensor> modulationRows(Tensor modulation, Tensor table) {
        return module.tensors("modulation_rows", modulation, table);
    }

    /** n times [B, T, 1, D]: by frame from {@code modulation} where {@code noised} [B, T, 1, 1] is set, else from {@code atZero}. */
    public List<Tensor> modulationRowsByFrame(Tensor modulation, Tensor atZero, Tensor table, Tensor noised) {
        return module.tensors("modulation_rows_by_frame", modulation, atZero, table, noised);
    }

    /** x + gate * attention among the tokens of each frame. */
    public Tensor spatialAttention(Tensor x, Tensor shift, Tensor scale, Tensor gate, int heads, List<Tensor> weights) {
        return module.tensor("spatial_attention", x, shift, scale, gate, (long) heads, weights);
    }

    /** x + gate * attention among the frames at each position; {@code angles} is [T, head size / 2]. */
    public Tensor temporalAttention(
            Tensor x, Tensor shift, Tensor scale, Tensor gate, Tensor angles, int heads, List<Tensor> weights) {
        return module.tensor("temporal_attention", x, shift, scale, gate, angles, (long) heads, weights);
    }

    /** x + attention to the caption. */
    public Tensor crossAttention(Tensor x, Tensor text, Tensor bias, int heads, List<Tensor> weights) {
        return module.tensor("cross_attention", x, text, bias, (long) heads, weights);
    }

    /** x + gate * MLP. */
    public Tensor gatedMlp(Tensor x, Tensor shift, Tensor scale, Tensor gate, List<Tensor> weights) {
        return module.tensor("gated_mlp", x, shift, scale, gate, weights);
    }

    /** The last norm and modulation. */
    public Tensor finalModulation(Tensor x, Tensor t, Tensor table) {
        return module.tensor("final_modulation", x, t, table);
    }

    /** The last norm and modulation of a clip in which some frames are given. */
    public Tensor finalModulationByFrame(Tensor x, Tensor t, Tensor t0, Tensor table, Tensor noised) {
        return module.tensor("final_modulation_by_frame", x, t, t0, table, noised);
    }

    /** [B, T', S, D] to [B, C, T, H, W]. */
    public Tensor unpatchify(Tensor x, long[] grid, long[] patch, long[] size, List<Tensor> weights) {
        return module.tensor("unpatchify", x, grid, patch, size, weights);
    }

    // ---- diffusion

    /** signal * x0 + sigma * noise */
    public Tensor noised(Tensor x0, Tensor noise, Tensor signal, Tensor sigma) {
        return module.tensor("noised", x0, noise, signal, sigma);
    }

    /** Squared error of each sample, [B]. */
    public Tensor squaredError(Tensor out, Tensor target, Tensor frameWeight) {
        return module.tensor("squared_error", out, target, frameWeight);
    }

    /** Variational bound term of each sample in bits, [B]. */
    public Tensor variationalBound(
            Tensor out,
            Tensor x0,
            Tensor xt,
            List<Tensor> coefficients,
            Tensor atZero,
            boolean anyZero,
            boolean predictXstart,
            Tensor frameWeight) {
        return module.tensor(
                "variational_bound", out, x0, xt, coefficients, atZero, anyZero, predictXstart, frameWeight);
    }

    /** x_{t-1} from the model's output and x_t. */
    public Tensor ancestralStep(
            Tensor out, Tensor xt, Tensor noise, double[] coefficients, boolean addNoise, boolean predictXstart) {
        return module.tensor("ancestral_step", out, xt, noise, coefficients, addNoise ? 1.0 : 0.0, predictXstart);
    }

    /** x_{t-1} of DDIM. */
    public Tensor ddimStep(Tensor out, Tensor xt, double[] coefficients, boolean predictXstart) {
        return module.tensor("ddim_step", out, xt, coefficients, predictXstart);
    }

    /** x_{t-1} of DPM-Solver++ (2M), and the prediction of x0; {@code before} and {@code begun} may be null. */
    public List<Tensor> dpmSolverStep(
            Tensor out, Tensor xt, Tensor before, Tensor begun, double[] coefficients, boolean predictXstart) {
        return module.tensors(
                "dpm_solver_step", out, xt, optional(before), optional(begun), coefficients, predictXstart);
    }

    private static List<Tensor> optional(Tensor tensor) {
        return tensor == null ? List.of() : List.of(tensor);
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

    // ---- optimizer

    /** One AdamW update of some vectors in place; {@code step} is a scalar that counts from 1. */
    public void adamw(
            List<Tensor> parameters,
            List<Tensor> gradients,
            List<Tensor> first,
            List<Tensor> second,
            Tensor step,
            double learningRate,
            double beta1,
            double beta2,
            double epsilon,
            double weightDecay) {
        module.run(
                "adamw",
                parameters,
                gradients,
                first,
                second,
                Collections.nCopies(parameters.size(), step),
                learningRate,
                beta1,
                beta2,
                epsilon,
                weightDecay);
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
