// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.Collections;
import java.util.List;

/** AdamW (Loshchilov and Hutter 2019) with bias correction, on flat buffers. */
public final class AdamW implements AutoCloseable {
    /** The settings that do not change from step to step. */
    public record Options(double beta1, double beta2, double epsilon, double weightDecay) {
        /** What the reference trains with. */
        public static final Options REFERENCE = new Options(0.9, 0.999, 1e-8, 0);
    }

    private final Options options;
    private final Tensors tensors;
    private final Shard shard;
    private final FlatBuffer firstMoment;
    private final FlatBuffer secondMoment;
    private long steps;

    /** An optimizer of this many parameters that has not taken a step yet. */
    public AdamW(Options options, Tensors tensors, long elements) {
        this(options, tensors, Shard.whole(elements));
    }

    /** An optimizer of some of the parameters. */
    public AdamW(Options options, Tensors tensors, Shard shard) {
        this.options = options;
        this.tensors = tensors;
        this.shard = shard;
        firstMoment = new FlatBuffer(tensors, shard.elements());
        secondMoment = new FlatBuffer(tensors, shard.elements());
    }

    /** Updates the parameters in place. */
    public void update(FlatParameters parameters, FlatGradients gradients, double learningRate) {
        steps++;
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> parts = shard.ofWhole(parameters.values());
            Kernels.instance()
                    .adamw(
                            parts,
                            shard.ofWhole(gradients.values()),
                            shard.ofKept(firstMoment),
                            shard.ofKept(secondMoment),
                            Collections.nCopies(parts.size(), tensors.scalar((float) steps)),
                            learningRate,
                            options.beta1(),
                            options.beta2(),
                            options.epsilon(),
                            options.weightDecay());
        }
    }

    /** What the moments are kept of. */
    public Shard shard() {
        return shard;
    }

    /** Running mean of gradients, of the parameters that this optimizer updates. */
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
