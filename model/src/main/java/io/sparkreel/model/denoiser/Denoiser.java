// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.function.IntConsumer;

/**
 * A denoiser as a stem, blocks and a head: what block-wise backward and sampling need, and no more. It owns none of its
 * parameters, and is stateless.
 *
 * <p>Its parameters come in groups, in the order of the forward pass: those of the stem, one for each block, that of
 * the head.
 */
public interface Denoiser {
    /** The number of blocks. */
    int blocks();

    /** The number of parameter groups before those of the blocks. */
    int stemGroups();

    /** Where it computes. */
    Tensors tensors();

    /** What of a forward pass depends on neither the values of the latent nor the time. */
    interface Prepared {}

    /**
     * Computes what all steps of a sampler share; the current scope owns it.
     *
     * @param input of the captions, facts and shape of those steps
     */
    Prepared prepare(DenoiserInput input);

    /**
     * The whole model, [B, C', T, H, W] in fp32.
     *
     * @param prepared of an input that differs in latent, time and conditioning frames alone
     */
    Tensor forward(DenoiserInput input, Prepared prepared);

    /** The whole model, for one input. */
    default Tensor forward(DenoiserInput input) {
        try (TensorScope scope = TensorScope.open()) {
            return scope.release(forward(input, prepare(input)));
        }
    }

    /** Computes what comes before the blocks, with a graph of its own; the current scope owns its tensors. */
    Stem stem(DenoiserInput input);

    /** What comes before the blocks, as leaves of new graphs, and what is computed from it. */
    interface Stem {
        /** Tokens that enter the first block: a leaf, which the caller may close when no block needs it any more. */
        Tensor hidden();

        /** A block; it records a graph if the thread does. */
        Tensor block(int index, Tensor hidden);

        /** The head, [B, C', T, H, W]. */
        Tensor head(Tensor hidden);

        /**
         * Takes the gradients of the leaves back to the parameters of the stem.
         *
         * @param hiddenGradient of {@link #hidden}
         * @param freed called whenever something was freed, before more is allocated
         * @param groupFinal called with the index of each group of the stem once its gradient is final, from the last
         *     group to the first
         */
        void backward(Tensor hiddenGradient, Runnable freed, IntConsumer groupFinal);
    }
}
