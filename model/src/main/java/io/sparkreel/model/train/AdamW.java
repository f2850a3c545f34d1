// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;

/** AdamW (Loshchilov and Hutter 2019) with bias correction, on flat buffers. */
public final class AdamW implements AutoCloseable {
    /** The settings that do not change from step to step. */
    public record Options(double beta1, double beta2, double epsilon, double weightDecay) {
        /** What the reference trains with. */
        public static final Options REFERENCE = new Options(0.9, 0.999, 1e-8, 0);
    }

    private final Options options;
    private final Tensors tensors;
    private final FlatBuffer firstMoment;
    private final FlatBuffer secondMoment;
    private long steps;

    /** An optimizer that has not taken a step yet. */
    public AdamW(Options options, Tensors tensors, long elements) {
        this.options = options;
        this.tensors = tensors;
        firstMoment = new FlatBuffer(tensors, elements);
        secondMoment = new FlatBuffer(tensors, elements);
    }

    /** Updates the parameters in place. */
    public void update(FlatParameters parameters, FlatGradients gradients, double learningRate) {
        steps++;
        try (TensorScope scope = TensorScope.open()) {
            Kernels.instance().adamw(parameters.values().tensor(), gradients.values().tensor(),
                    firstMoment.tensor(), secondMoment.tensor(), tensors.scalar(steps),
                    learningRate, options.beta1(), options.beta2(), options.epsilon(), options.weightDecay());
        }
    }

    /** Running mean of gradients. */
    public FlatBuffer firstMoment() {
        return firstMoment;
    }

    /** Running mean of squared gradients. */
    public FlatBuffer secondMoment() {
        return secondMoment;
    }

    /** Updates so far. */
    public long steps() {
        return steps;
    }

    /** Continues after this many updates; the moments are restored through their buffers. */
    public void resumeAt(long stepsTaken) {
        steps = stepsTaken;
    }

    @Override
    public void close() {
        firstMoment.close();
        secondMoment.close();
    }
}
