// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

import io.sparkreel.model.torch.Tensor;

/** The parameters that a denoiser computes with, by their published names. */
public interface Parameters {
    /**
     * The tensor of a name, which lives longer than the denoiser. In fp32, or in the compute type where it is not
     * trained and its {@link ParameterSpec} allows it.
     */
    Tensor tensor(String name);

    /** Whether gradients of this parameter are collected. */
    boolean isTrained(String name);
}
