// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.denoiser.Linear;
import io.sparkreel.model.denoiser.Parameters;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import java.util.List;

/**
 * One block: attention in space, attention in time, attention to the caption, MLP. All but the third are
 * normalised, shifted, scaled and gated by timestep and size.
 */
final class Stdit2Block {
    private final Stdit2Kernels kernels = Stdit2Kernels.instance();
    private final int heads;
    private final Tensor table;
    private final Tensor temporalTable;
    private final SelfAttention spatial;
    private final SelfAttention temporal;
    private final Linear crossQueries;
    private final Linear crossKeysAndValues;
    private final Linear crossProjection;
    private final Linear mlpFirst;
    private final Linear mlpSecond;

    /** @param norms weights of the norms of queries and keys, or none */
    private record SelfAttention(Linear qkv, Linear projection, List<Tensor> norms) {
        static SelfAttention of(Stdit2Config config, String prefix, Parameters parameters) {
            List<Tensor> norms = config.qkNorm()
                    ? List.of(parameters.tensor(prefix + "q_norm.weight"), parameters.tensor(prefix + "k_norm.weight"))
                    : List.of();
            return new SelfAttention(
                    Linear.of(parameters, prefix + "qkv"), Linear.of(parameters, prefix + "proj"), norms);
        }

        List<Tensor> tensors() {
            List<Tensor> tensors = Linear.tensors(qkv, projection);
            tensors.addAll(norms);
            return tensors;
        }
    }

    Stdit2Block(Stdit2Config config, int index, Parameters parameters) {
        String prefix = "blocks." + index + ".";
        heads = config.numHeads();
        table = parameters.tensor(prefix + "scale_shift_table");
        temporalTable = parameters.tensor(prefix + "scale_shift_table_temporal");
        spatial = SelfAttention.of(config, prefix + "attn.", parameters);
        temporal = SelfAttention.of(config, prefix + "attn_temp.", parameters);
        crossQueries = Linear.of(parameters, prefix + "cross_attn.q_linear");
        crossKeysAndValues = Linear.of(parameters, prefix + "cross_attn.kv_linear");
        crossProjection = Linear.of(parameters, prefix + "cross_attn.proj");
        mlpFirst = Linear.of(parameters, prefix + "mlp.fc1");
        mlpSecond = Linear.of(parameters, prefix + "mlp.fc2");
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
            Tensor h = kernels.spatialAttention(x, m.get(0), m.get(1), m.get(2), heads, spatial.tensors());
            h = kernels.temporalAttention(h, mt.get(0), mt.get(1), mt.get(2), angles, heads, temporal.tensors());
            h = kernels.crossAttention(
                    h, text, captionBias, heads, Linear.tensors(crossQueries, crossKeysAndValues, crossProjection));
            h = kernels.gatedMlp(h, m.get(3), m.get(4), m.get(5), Linear.tensors(mlpFirst, mlpSecond));
            return scope.release(h); // [B, T, S, D]
        }
    }

    private List<Tensor> rows(Tensor modulation, Tensor atZero, Tensor ownTable, Tensor noised) {
        return noised == null
                ? kernels.modulationRows(modulation, ownTable)
                : kernels.modulationRowsByFrame(modulation, atZero, ownTable, noised);
    }
}
