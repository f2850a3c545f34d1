// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family;

import io.sparkreel.model.BatchShape;

/**
 * What batches of a model cost: operations, tokens and memory. Operations are the multiplications and additions of matrix
 * products, two for each product; what is linear in the number of tokens beside them is not counted.
 */
public interface Cost {
    /** Tokens of all clips. */
    long tokens(BatchShape shape);

    /** Operations of one forward pass without conditioning frames. */
    double forward(BatchShape shape);

    /** Operations of a forward and a backward pass; recomputed activations are not counted. */
    double trainingStep(BatchShape shape);

    /** The memory of parameters and of what training keeps of each. */
    State state();

    /** Bytes of a training step at its peak, those of {@link #state} included. */
    double peakBytes(BatchShape shape);

    /**
     * Bytes that do not depend on the batch, on one rank without sharding.
     *
     * @param trained elements that are trained
     * @param frozenBytes of what is not trained
     */
    record State(long trained, long frozenBytes) {
        private static final int FP32 = 4;
        /** Parameters, gradients, two moments and the EMA. */
        private static final int COPIES = 5;
        /** Of those both moments and the EMA, which ranks may share. */
        private static final int SHARED_COPIES = 3;

        /** All of it. */
        public double bytes() {
            return (double) FP32 * COPIES * trained + frozenBytes;
        }

        /** What ranks share with optimizer sharding. */
        public double sharedBytes() {
            return (double) FP32 * SHARED_COPIES * trained;
        }

        /** The EMA alone. */
        public double emaBytes() {
            return (double) FP32 * trained;
        }

        /** What a checkpoint is written from: copies of parameters, EMA and both moments, over all ranks. */
        public long savedBytes() {
            return (COPIES - 1L) * FP32 * trained;
        }
    }
}
