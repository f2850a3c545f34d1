// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.ScriptModule;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Torch;
import java.util.List;

/**
 * The leaf functions of {@code text.py}, typed; shapes stand beside each function there. Results belong to the calling
 * thread's current {@link TensorScope}. Functions record a graph where the thread does. All threads share the instance.
 */
final class TextKernels {
    private static final class Holder {
        static final TextKernels INSTANCE = new TextKernels();
    }

    private final ScriptModule module = ScriptModule.load(TextKernels.class, "text.py", false);

    private TextKernels() {}

    /** The kernels of this process; {@link Torch#start()} comes first. */
    static TextKernels instance() {
        return Holder.INSTANCE;
    }

    /** Rows of a table [V, D], in fp32: [1, L, D]. */
    Tensor tokenEmbedding(Tensor table, long[] tokens) {
        return module.tensor("token_embedding", table, tokens);
    }

    /** Scores added to attention: the bias of positions [1, h, L, L], and next to nothing where a mask [1, 1, 1, L] is 0. */
    Tensor attentionBias(Tensor positions, Tensor mask, Precision precision) {
        return module.tensor("attention_bias", positions, mask, precision.code());
    }

    /** x + attention of its norm, [1, L, D]. */
    Tensor textAttention(Tensor x, Tensor bias, int heads, double epsilon, List<Tensor> weights) {
        return module.tensor("text_attention", x, bias, (long) heads, epsilon, weights);
    }

    /** x + gated MLP of its norm, [1, L, D]. */
    Tensor textFeedForward(Tensor x, double epsilon, List<Tensor> weights) {
        return module.tensor("text_feed_forward", x, epsilon, weights);
    }

    /** The norm alone. */
    Tensor rmsNorm(Tensor x, Tensor weight, double epsilon) {
        return module.tensor("rms_norm", x, weight, epsilon);
    }
}
