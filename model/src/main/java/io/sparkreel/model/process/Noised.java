// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process;

import io.sparkreel.model.torch.Tensor;

/** A batch with noise added. */
public interface Noised {
    /** The mixture that the model gets, [B, C, T, H, W]. */
    Tensor latent();

    /** The times that the model is conditioned on, [B]. */
    float[] modelTimes();

    /** The terms of the loss of the model's output. */
    Terms terms(Tensor output);
}
