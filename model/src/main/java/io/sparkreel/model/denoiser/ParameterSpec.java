// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

/**
 * One parameter tensor: its published name, shape and first values.
 *
 * @param name the name under which weights are published, such as {@code blocks.0.attn.qkv.weight}
 * @param shape row-major; weights of linear layers are [out, in]
 * @param initialiser how it starts
 * @param inComputeType whether the model casts it to the compute type wherever it is used, so that it can be kept in
 *     that type while it is not trained
 */
public record ParameterSpec(String name, long[] shape, Initialiser initialiser, boolean inComputeType) {
    /**
     * How a parameter starts.
     *
     * @param scale a bound, a deviation, or nothing, by kind
     */
    public record Initialiser(Kind kind, double scale) {
        /** The distributions. */
        public enum Kind {
            CONSTANT,
            XAVIER_UNIFORM,
            UNIFORM,
            NORMAL,
            NORMAL_OVER_ROOT_WIDTH
        }

        public static final Initialiser ZERO = new Initialiser(Kind.CONSTANT, 0);
        public static final Initialiser ONE = new Initialiser(Kind.CONSTANT, 1);
        /** Uniform in +-sqrt(6 / (in + out)), everything after the first dimension counting as in. */
        public static final Initialiser XAVIER_UNIFORM = new Initialiser(Kind.XAVIER_UNIFORM, 0);
        /** Standard normal divided by sqrt(D), the last dimension. */
        public static final Initialiser NORMAL_OVER_ROOT_WIDTH = new Initialiser(Kind.NORMAL_OVER_ROOT_WIDTH, 0);

        /** Uniform in +-bound. */
        public static Initialiser uniform(double bound) {
            return new Initialiser(Kind.UNIFORM, bound);
        }

        /** Normal around 0. */
        public static Initialiser normal(double deviation) {
            return new Initialiser(Kind.NORMAL, deviation);
        }
    }

    /** A parameter that is used in fp32. */
    public ParameterSpec(String name, long[] shape, Initialiser initialiser) {
        this(name, shape, initialiser, false);
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
