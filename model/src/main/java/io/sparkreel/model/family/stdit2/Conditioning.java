// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * What timestep and sizes come to, once for all blocks. The last three are null unless some frames are given
 * instead of noised; they are the same at timestep 0, for those frames.
 *
 * @param timestep [B, D]
 * @param spatial [B, 6, D]: shift, scale and gate of spatial attention and of the MLP
 * @param temporal [B, 3, D]: shift, scale and gate of temporal attention
 * @param timestepAtZero [B, D], with the size information added: a quirk of the reference's final layer
 * @param spatialAtZero [B, 6, D]
 * @param temporalAtZero [B, 3, D]
 */
record Conditioning(
        Tensor timestep,
        Tensor spatial,
        Tensor temporal,
        Tensor timestepAtZero,
        Tensor spatialAtZero,
        Tensor temporalAtZero) {

    boolean hasGivenFrames() {
        return timestepAtZero != null;
    }

    /** The same values as leaves of a new graph. */
    Conditioning leaves() {
        return new Conditioning(
                Autograd.leaf(timestep),
                Autograd.leaf(spatial),
                Autograd.leaf(temporal),
                hasGivenFrames() ? Autograd.leaf(timestepAtZero) : null,
                hasGivenFrames() ? Autograd.leaf(spatialAtZero) : null,
                hasGivenFrames() ? Autograd.leaf(temporalAtZero) : null);
    }

    List<Tensor> tensors() {
        List<Tensor> all = new ArrayList<>(List.of(timestep, spatial, temporal));
        if (hasGivenFrames()) {
            all.addAll(List.of(timestepAtZero, spatialAtZero, temporalAtZero));
        }
        return all;
    }
}
