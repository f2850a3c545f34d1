// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.List;

/** An exponential moving average of the parameters, in fp32. It starts as a copy of them. */
public final class Ema implements AutoCloseable {
    /**
     * @param warmup use min(decay, (1 + n) / (10 + n)) after n updates, so that the EMA is not dominated by
     *     the random first weights for 1 / (1 - decay) steps
     */
    public record Options(double decay, boolean warmup) {}

    private final Options options;
    private final Shard shard;
    private final FlatBuffer values;

    /** The EMA of some of the parameters. */
    public Ema(FlatParameters parameters, Tensors tensors, Options options, Shard shard) {
        this.options = options;
        this.shard = shard;
        values = new FlatBuffer(tensors, shard.elements());
        restart(parameters);
    }

    /** Takes over the parameters as they are now. */
    public void restart(FlatParameters parameters) {
        follow(parameters, 1);
    }

    /** Follows the parameters after update number {@code updates}, counted from 1. */
    public void update(FlatParameters parameters, long updates) {
        double effective =
                options.warmup() ? Math.min(options.decay(), (1.0 + updates) / (10.0 + updates)) : options.decay();
        follow(parameters, 1 - effective);
    }

    private void follow(FlatParameters parameters, double weight) {
        try (TensorScope scope = TensorScope.open()) {
            List<Tensor> averages = shard.ofKept(values);
            List<Tensor> sources = shard.ofWhole(parameters.values());
            for (int part = 0; part < averages.size(); part++) {
                Kernels.instance().lerpInto(averages.get(part), sources.get(part), weight);
            }
        }
    }

    /** The parameters whose EMA is kept. */
    public Shard shard() {
        return shard;
    }

    /** The averaged parameters, in the parameters' layout; with optimizer sharding this rank's alone. */
    public FlatBuffer values() {
        return values;
    }

    @Override
    public void close() {
        values.close();
    }
}
