// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.denoiser.Linear;
import io.sparkreel.model.denoiser.Parameters;
import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.Tensors;
import java.util.List;

/** Embeds one number of each sample, such as its timestep or its height: sinusoids, Linear, SiLU, Linear. */
final class ScalarEmbedder {
    private final Tensors tensors;
    private final Linear first;
    private final Linear second;

    /** @param name of the embedder whose parameters these are */
    ScalarEmbedder(String name, Parameters parameters, Tensors tensors) {
        this.tensors = tensors;
        first = Linear.of(parameters, name + ".mlp.0");
        second = Linear.of(parameters, name + ".mlp.2");
    }

    boolean isTrained() {
        return first.trained() || second.trained();
    }

    /** [B] to [B, D] */
    Tensor embed(float[] values) {
        return Stdit2Kernels.instance().siluMlp(features(values), Linear.tensors(first, second));
    }

    /**
     * Adds to the gradients of the parameters what follows from the gradient [B, D] of the embedded values; nothing if
     * they are frozen.
     */
    void addGradients(float[] values, Tensor gradient) {
        if (isTrained()) {
            List<Tensor> weights = Linear.tensors(first, second);
            Stdit2Kernels.instance()
                    .addSiluMlpGradients(features(values), gradient, weights, Autograd.gradients(weights));
        }
    }

    private Tensor features(float[] values) {
        return tensors.of(ScalarFeatures.of(values), values.length, ScalarFeatures.WIDTH);
    }
}
