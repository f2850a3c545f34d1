// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.BatchShape;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.denoiser.ParameterSpec;
import io.sparkreel.model.family.Cost;
import io.sparkreel.model.torch.Precision;
import java.util.function.Predicate;

/**
 * What an STDiT2 costs. Its memory is the state of the optimizer, and what autograd keeps from the forward pass for the
 * backward pass. {@code submit/bench search-batch-size} measures it on one's own machine.
 */
final class Stdit2Cost implements Cost {
    private static final int FP32 = 4;

    // Values of the width of a token that one block keeps for each token, of which bf16 halves the first kind; norms,
    // rotations and gates are fp32 in any case. Fitted to peaks of resident memory in training steps of 6 blocks.
    private static final double KEPT_IN_COMPUTE_TYPE = 11;
    private static final double KEPT_IN_FP32 = 29;

    private final Stdit2Config config;
    private final Stdit2Flops flops;
    private final int computeBytes;
    private final boolean checkpoint;
    private final State state;

    Stdit2Cost(Stdit2Config config, Precision precision, boolean checkpoint, Predicate<String> frozen) {
        this.config = config;
        this.checkpoint = checkpoint;
        flops = new Stdit2Flops(config);
        computeBytes = precision.bytes();
        state = state(config.layout(), precision, frozen);
    }

    private static State state(ParameterLayout layout, Precision precision, Predicate<String> frozen) {
        long trained = 0;
        long frozenBytes = 0;
        for (ParameterLayout.Slot slot : layout.slots().values()) {
            ParameterSpec spec = slot.spec();
            if (frozen.test(spec.name())) {
                frozenBytes += spec.elements() * (spec.inComputeType() ? precision.bytes() : FP32);
            } else {
                trained += spec.elements();
            }
        }
        return new State(trained, frozenBytes);
    }

    @Override
    public long tokens(BatchShape shape) {
        return flops.tokens(shape);
    }

    @Override
    public double forward(BatchShape shape) {
        return flops.forward(shape);
    }

    @Override
    public double trainingStep(BatchShape shape) {
        return flops.trainingStep(shape);
    }

    @Override
    public State state() {
        return state;
    }

    @Override
    public double peakBytes(BatchShape shape) {
        double tokens = flops.tokens(shape);
        double block = tokens * config.hiddenSize() * (KEPT_IN_COMPUTE_TYPE * computeBytes + KEPT_IN_FP32 * FP32);
        double inputs = tokens * config.hiddenSize() * computeBytes;
        double kept = checkpoint ? config.depth() * inputs + block : config.depth() * block;
        double text = (double) shape.clips()
                * shape.textTokens()
                * (config.captionChannels() * 2.0 * FP32
                        + config.hiddenSize() * computeBytes * (checkpoint ? 4.0 : 2.0 * config.depth()));
        return state.bytes() + kept + text;
    }
}
