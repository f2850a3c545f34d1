// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.denoiser.ParameterLayout;

/**
 * How much memory a training step of an STDiT2 takes at its peak: the state of the optimizer, and what autograd keeps
 * from the forward pass for the backward pass. {@code submit/bench search-batch-size} measures it on one's own machine.
 */
public final class Stdit2Memory {
    private static final int FP32 = 4;
    /** Parameters, gradients, two moments and the average. */
    private static final int COPIES_OF_PARAMETERS = 5;

    // Values of the width of a token that one block keeps for each token, of which bf16 halves the first kind; norms,
    // rotations and gates are fp32 in any case. Fitted to peaks of resident memory in training steps of 6 blocks.
    private static final double KEPT_IN_COMPUTE_TYPE = 11;
    private static final double KEPT_IN_FP32 = 29;

    private final Stdit2Config config;
    private final int computeBytes;
    private final boolean checkpoint;

    /**
     * @param computeBytes of a value in the blocks: 4 for fp32, 2 for bf16
     * @param checkpoint whether blocks are computed again in the backward pass
     */
    public Stdit2Memory(Stdit2Config config, int computeBytes, boolean checkpoint) {
        this.config = config;
        this.computeBytes = computeBytes;
        this.checkpoint = checkpoint;
    }

    /** Bytes of parameters, gradients, moments and average. */
    public double fixedBytes() {
        return (double) FP32 * COPIES_OF_PARAMETERS * ParameterLayout.of(config).elements();
    }

    /** Bytes of a training step at its peak, those of {@link #fixedBytes} included. */
    public double peakBytes(BatchShape shape) {
        double tokens = new Stdit2Flops(config).tokens(shape);
        double block = tokens * config.hiddenSize() * (KEPT_IN_COMPUTE_TYPE * computeBytes + KEPT_IN_FP32 * FP32);
        double inputs = tokens * config.hiddenSize() * computeBytes;
        double kept = checkpoint ? config.depth() * inputs + block : config.depth() * block;
        double text = (double) shape.clips()
                * shape.textTokens()
                * (config.captionChannels() * 2.0 * FP32
                        + config.hiddenSize() * computeBytes * (checkpoint ? 4.0 : 2.0 * config.depth()));
        return fixedBytes() + kept + text;
    }
}
