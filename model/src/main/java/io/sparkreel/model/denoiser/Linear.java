// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

import io.sparkreel.model.torch.Tensor;
import java.util.ArrayList;
import java.util.List;

/**
 * A linear map of a denoiser.
 *
 * @param weight [out, in], or what flattens to it
 * @param bias [out]
 * @param trained whether gradients of the two are collected
 */
public record Linear(Tensor weight, Tensor bias, boolean trained) {
    /** The map whose parameters are {@code name.weight} and {@code name.bias}. */
    public static Linear of(Parameters parameters, String name) {
        String weight = name + ".weight";
        return new Linear(parameters.tensor(weight), parameters.tensor(name + ".bias"), parameters.isTrained(weight));
    }

    /** Weight and bias of each, as kernels take them. */
    public static List<Tensor> tensors(Linear... maps) {
        List<Tensor> tensors = new ArrayList<>(2 * maps.length);
        for (Linear map : maps) {
            tensors.add(map.weight);
            tensors.add(map.bias);
        }
        return tensors;
    }
}
