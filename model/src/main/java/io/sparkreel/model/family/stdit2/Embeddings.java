// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Tensor;
import java.util.List;

/**
 * Embeddings of timestep and sizes, from which modulations follow. When some frames are given instead of noised, each
 * has a second half of rows for those, at timestep 0.
 *
 * @param timestep [B or 2B, D]
 * @param spatial the same with size and aspect ratio added
 * @param temporal the same with frame count and fps added
 */
record Embeddings(Tensor timestep, Tensor spatial, Tensor temporal) {
    /** The same values as leaves of a new graph. */
    Embeddings leaves() {
        return new Embeddings(Autograd.leaf(timestep), Autograd.leaf(spatial), Autograd.leaf(temporal));
    }

    List<Tensor> tensors() {
        return List.of(timestep, spatial, temporal);
    }
}
