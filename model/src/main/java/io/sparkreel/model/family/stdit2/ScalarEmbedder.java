// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.List;
import java.util.function.Function;

/** Embeds one number of each sample, such as its timestep or its height: sinusoids, Linear, SiLU, Linear. */
final class ScalarEmbedder {
    private final Tensors tensors;
    private final List<Tensor> weights;

    /** @param name of the embedder whose parameters these are */
    ScalarEmbedder(String name, Function<String, Tensor> parameters, Tensors tensors) {
        this.tensors = tensors;
        weights = Stdit2.linears(parameters, name + ".mlp.0", name + ".mlp.2");
    }

    /** [B] to [B, D] */
    Tensor embed(float[] values) {
        return Kernels.instance().siluMlp(features(values), weights);
    }

    /** Adds to the gradients of the parameters what the gradient [B, D] of the embedded values makes of them. */
    void addGradients(float[] values, Tensor gradient) {
        Kernels.instance().addSiluMlpGradients(features(values), gradient, weights, Autograd.gradients(weights));
    }

    private Tensor features(float[] values) {
        return tensors.of(ScalarFeatures.of(values), values.length, ScalarFeatures.WIDTH);
    }
}
