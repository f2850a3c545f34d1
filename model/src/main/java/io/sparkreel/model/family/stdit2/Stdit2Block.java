// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;

/**
 * One block: attention in space, attention in time, attention to the caption, MLP. All but the third are
 * normalised, shifted, scaled and gated by timestep and size.
 */
final class Stdit2Block {
    private final Kernels kernels = Kernels.instance();
    private final int heads;
    private final Tensor table;
    private final Tensor temporalTable;
    private final List<Tensor> spatialAttention;
    private final List<Tensor> temporalAttention;
    private final List<Tensor> crossAttention;
    private final List<Tensor> mlp;

    Stdit2Block(Stdit2Config config, int index, Function<String, Tensor> parameters) {
        String prefix = "blocks." + index + ".";
        heads = config.numHeads();
        table = parameters.apply(prefix + "scale_shift_table");
        temporalTable = parameters.apply(prefix + "scale_shift_table_temporal");
        spatialAttention = selfAttention(config, prefix + "attn.", parameters);
        temporalAttention = selfAttention(config, prefix + "attn_temp.", parameters);
        crossAttention = Stdit2.linears(
                parameters,
                prefix + "cross_attn.q_linear",
                prefix + "cross_attn.kv_linear",
                prefix + "cross_attn.proj");
        mlp = Stdit2.linears(parameters, prefix + "mlp.fc1", prefix + "mlp.fc2");
    }

    private static List<Tensor> selfAttention(Stdit2Config config, String prefix, Function<String, Tensor> parameters) {
        List<Tensor> weights = new ArrayList<>(Stdit2.linears(parameters, prefix + "qkv", prefix + "proj"));
        if (config.qkNorm()) {
            weights.add(parameters.apply(prefix + "q_norm.weight"));
            weights.add(parameters.apply(prefix + "k_norm.weight"));
        }
        return List.copyOf(weights);
    }

    /**
     * @param x tokens [B, T, S, D]
     * @param text projected captions [B, L, D]
     * @param noised [B, T, 1, 1] or null
     * @param angles rotary angles [T, head size / 2]
     */
    Tensor forward(Tensor x, Tensor text, Tensor captionBias, Conditioning condition, Tensor noised, Tensor angles) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> m = rows(condition.spatial(), condition.spatialAtZero(), table, noised);
            List<Tensor> mt = rows(condition.temporal(), condition.temporalAtZero(), temporalTable, noised);
            Tensor h = kernels.spatialAttention(x, m.get(0), m.get(1), m.get(2), heads, spatialAttention);
            h = kernels.temporalAttention(h, mt.get(0), mt.get(1), mt.get(2), angles, heads, temporalAttention);
            h = kernels.crossAttention(h, text, captionBias, heads, crossAttention);
            h = kernels.gatedMlp(h, m.get(3), m.get(4), m.get(5), mlp);
            return scope.release(h); // [B, T, S, D]
        }
    }

    private List<Tensor> rows(Tensor modulation, Tensor atZero, Tensor ownTable, Tensor noised) {
        return noised == null
                ? kernels.modulationRows(modulation, ownTable)
                : kernels.modulationRowsByFrame(modulation, atZero, ownTable, noised);
    }
}
