// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

/**
 * One trainable tensor: its published name, shape and first values.
 *
 * @param name the name under which weights are published, such as {@code blocks.0.attn.qkv.weight}
 * @param shape row-major; weights of linear layers are [out, in]
 * @param initialiser how it starts
 */
public record ParameterSpec(String name, long[] shape, Initialiser initialiser) {
    /** How a parameter starts; the numbers are those of the reference. */
    public enum Initialiser {
        ZERO,
        ONE,
        /** Uniform in +-sqrt(6 / (in + out)), everything after the first dimension counting as in. */
        XAVIER_UNIFORM,
        /** Uniform in +-1 / sqrt(in): the bias of the patch convolution keeps the framework's default. */
        PATCH_BIAS,
        /** Normal with standard deviation 0.02. */
        NORMAL_0_02,
        /** Standard normal divided by sqrt(D). */
        NORMAL_OVER_ROOT_WIDTH
    }

    public ParameterSpec {
        shape = shape.clone();
    }

    @Override
    public long[] shape() {
        return shape.clone();
    }

    /** The number of elements. */
    public long elements() {
        long count = 1;
        for (long size : shape) {
            count *= size;
        }
        return count;
    }
}
