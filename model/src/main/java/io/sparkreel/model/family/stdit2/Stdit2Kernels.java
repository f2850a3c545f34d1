// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.ScriptModule;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Torch;
import java.util.List;

/**
 * The leaf functions of {@code stdit2.py}, typed; shapes stand beside each function there. Results belong to the calling
 * thread's current {@link TensorScope}. Functions record a graph where the thread does. All threads share the instance.
 */
final class Stdit2Kernels {
    private static final class Holder {
        static final Stdit2Kernels INSTANCE = new Stdit2Kernels();
    }

    private final ScriptModule module = ScriptModule.load(Stdit2Kernels.class, "stdit2.py", true);

    private Stdit2Kernels() {}

    /** The kernels of this process; {@link Torch#start()} comes first. */
    static Stdit2Kernels instance() {
        return Holder.INSTANCE;
    }

    /** Linear, SiLU, Linear. */
    Tensor siluMlp(Tensor features, List<Tensor> weights) {
        return module.tensor("silu_mlp", features, weights);
    }

    /**
     * Adds to the gradients of a {@link #siluMlp}'s weights, in place, what the gradient of its result [B, D] makes of them.
     *
     * @param weightGradients in the order of {@code weights}
     */
    void addSiluMlpGradients(Tensor features, Tensor gradient, List<Tensor> weights, List<Tensor> weightGradients) {
        module.run("add_silu_mlp_gradients", features, gradient, weights, weightGradients);
    }

    /** SiLU, Linear: [B, D] to [B, n, D]. */
    Tensor modulation(Tensor condition, int n, List<Tensor> weights) {
        return module.tensor("modulation", condition, (long) n, weights);
    }

    /**
     * Adds to the gradients of a {@link #modulation}'s weights, in place, what the gradient of its result makes of them.
     *
     * @param parts the gradient's rows [B', n, D], one after the other as many as {@code condition} has
     */
    void addModulationGradients(Tensor condition, List<Tensor> parts, List<Tensor> weightGradients) {
        module.run("add_modulation_gradients", condition, parts, weightGradients);
    }

    /** [B, L, W] to [B, L, D], in the precision of the blocks. */
    Tensor captionMlp(Tensor captions, Precision precision, List<Tensor> weights) {
        return module.tensor("caption_mlp", captions, precision.code(), weights);
    }

    /** [B, C, T, H, W] to [B, T', S, D], with the position embedding [S, D] added, in the precision of the blocks. */
    Tensor patchEmbed(Tensor latent, Tensor position, long[] patch, Precision precision, List<Tensor> weights) {
        return module.tensor("patch_embed", latent, position, patch, precision.code(), weights);
    }

    /** [B, n, D] + [n, D] to n times [B, 1, 1, D]. */
    List<Tensor> modulationRows(Tensor modulation, Tensor table) {
        return module.tensors("modulation_rows", modulation, table);
    }

    /** n times [B, T, 1, D]: by frame from {@code modulation} where {@code noised} [B, T, 1, 1] is set, else from {@code atZero}. */
    List<Tensor> modulationRowsByFrame(Tensor modulation, Tensor atZero, Tensor table, Tensor noised) {
        return module.tensors("modulation_rows_by_frame", modulation, atZero, table, noised);
    }

    /** x + gate * attention among the tokens of each frame. */
    Tensor spatialAttention(Tensor x, Tensor shift, Tensor scale, Tensor gate, int heads, List<Tensor> weights) {
        return module.tensor("spatial_attention", x, shift, scale, gate, (long) heads, weights);
    }

    /** x + gate * attention among the frames at each position; {@code angles} is [T, head size / 2]. */
    Tensor temporalAttention(
            Tensor x, Tensor shift, Tensor scale, Tensor gate, Tensor angles, int heads, List<Tensor> weights) {
        return module.tensor("temporal_attention", x, shift, scale, gate, angles, (long) heads, weights);
    }

    /** x + attention to the caption. */
    Tensor crossAttention(Tensor x, Tensor text, Tensor bias, int heads, List<Tensor> weights) {
        return module.tensor("cross_attention", x, text, bias, (long) heads, weights);
    }

    /** x + gate * MLP. */
    Tensor gatedMlp(Tensor x, Tensor shift, Tensor scale, Tensor gate, List<Tensor> weights) {
        return module.tensor("gated_mlp", x, shift, scale, gate, weights);
    }

    /** The last norm and modulation. */
    Tensor finalModulation(Tensor x, Tensor t, Tensor table) {
        return module.tensor("final_modulation", x, t, table);
    }

    /** The last norm and modulation of a clip in which some frames are given. */
    Tensor finalModulationByFrame(Tensor x, Tensor t, Tensor t0, Tensor table, Tensor noised) {
        return module.tensor("final_modulation_by_frame", x, t, t0, table, noised);
    }

    /** [B, T', S, D] to [B, C, T, H, W]. */
    Tensor unpatchify(Tensor x, long[] grid, long[] patch, long[] size, List<Tensor> weights) {
        return module.tensor("unpatchify", x, grid, patch, size, weights);
    }
}
