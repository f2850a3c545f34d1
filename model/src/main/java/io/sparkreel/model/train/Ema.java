// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensors;

/** An exponential moving average of the parameters, in fp32. It starts as a copy of them. */
public final class Ema implements AutoCloseable {
    private final double decay;
    private final boolean warmup;
    private final FlatBuffer values;

    /**
     * @param warmup use min(decay, (1 + n) / (10 + n)) after n updates, so that the average is not ruled by
     *     the random first weights for 1 / (1 - decay) steps
     */
    public Ema(FlatParameters parameters, Tensors tensors, double decay, boolean warmup) {
        this.decay = decay;
        this.warmup = warmup;
        values = new FlatBuffer(tensors, parameters.layout().elements());
        Kernels.instance().copyInto(values.tensor(), parameters.values().tensor());
    }

    /** Follows the parameters after update number {@code updates}, counted from 1. */
    public void update(FlatParameters parameters, long updates) {
        double effective = warmup ? Math.min(decay, (1.0 + updates) / (10.0 + updates)) : decay;
        Kernels.instance().lerpInto(values.tensor(), parameters.values().tensor(), 1 - effective);
    }

    /** The averaged parameters, in the parameters' layout. */
    public FlatBuffer values() {
        return values;
    }

    @Override
    public void close() {
        values.close();
    }
}
