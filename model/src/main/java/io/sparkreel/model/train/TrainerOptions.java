// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.optim.OptimizerOptions;
import io.sparkreel.model.process.DiffusionProcess;
import io.sparkreel.model.torch.Precision;

/**
 * How a {@link Trainer} trains.
 *
 * @param process what noise is added and what the loss is
 * @param frameMask which frames the model is conditioned on, null for none
 * @param optimizer how gradients become an update
 * @param computation what the model computes in
 * @param seed of every draw
 */
public record TrainerOptions(
        DiffusionProcess process, FrameMask frameMask, OptimizerOptions optimizer, Computation computation, long seed) {
    /**
     * @param precision what blocks compute in; trained weights, gradients and moments are fp32 in any case
     * @param checkpointActivations recompute blocks in the backward pass
     */
    public record Computation(Precision precision, boolean checkpointActivations) {
        /** In fp32, activations kept. */
        public static final Computation FP32 = new Computation(Precision.FP32, false);
    }

    /** A process with the reference's optimizer, in fp32, without conditioning frames. */
    public static TrainerOptions of(DiffusionProcess process, long seed) {
        return new TrainerOptions(process, null, OptimizerOptions.REFERENCE, Computation.FP32, seed);
    }

    public TrainerOptions withFrameMask(FrameMask other) {
        return new TrainerOptions(process, other, optimizer, computation, seed);
    }

    public TrainerOptions withOptimizer(OptimizerOptions other) {
        return new TrainerOptions(process, frameMask, other, computation, seed);
    }

    public TrainerOptions withComputation(Precision precision, boolean checkpointActivations) {
        return new TrainerOptions(
                process, frameMask, optimizer, new Computation(precision, checkpointActivations), seed);
    }
}
