// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.train;

import io.sparkreel.model.collective.Collective;
import io.sparkreel.model.collective.FlatRange;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.denoiser.Parameters;
import io.sparkreel.model.optim.Ema;
import io.sparkreel.model.optim.FlatParameters;
import io.sparkreel.model.optim.Shard;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.util.List;

/** The EMA of all trained parameters, gathered from the ranks where each keeps that of its part alone. */
public final class GatheredEma implements AutoCloseable {
    private final ModelWeights weights;
    private final Tensors tensors;
    private final Precision precision;
    private final Ema ema;
    private final Shard own;
    private final Collective sharedWith; // null where this rank has it all
    private Denoiser model; // made when it is first asked for
    private FlatBuffer values; // what that computes with

    /** @param sharedWith the ranks that keep a part each, null if this one keeps all */
    GatheredEma(ModelWeights weights, Tensors tensors, Precision precision, Ema ema, Shard own, Collective sharedWith) {
        this.weights = weights;
        this.tensors = tensors;
        this.precision = precision;
        this.ema = ema;
        this.own = own;
        this.sharedWith = sharedWith;
    }

    /** Takes consecutive values of the EMA, of which the first is element {@code begin}. */
    public interface Reader {
        void accept(long begin, Tensor values);
    }

    /** The averages of what is trained, and what is frozen. */
    private record Averaged(FlatBuffer values, FlatParameters parameters) implements Parameters {
        @Override
        public Tensor tensor(String name) {
            ParameterLayout.Slot slot = parameters.layout().slots().get(name);
            return slot == null
                    ? parameters.tensor(name)
                    : values.view(slot.begin(), slot.spec().shape());
        }

        @Override
        public boolean isTrained(String name) {
            return false;
        }
    }

    /** A model that computes with the present EMA; all ranks that share it call this together. */
    Denoiser model() {
        if (model == null) {
            values = sharedWith == null
                    ? ema.values()
                    : new FlatBuffer(tensors, weights.parameters().layout().elements());
            model = weights.config().build(new Averaged(values, weights.parameters()), tensors, precision);
        }
        if (sharedWith != null) {
            read((begin, piece) -> Kernels.instance().copyInto(Shard.view(values, begin, piece.elements()), piece));
        }
        return model;
    }

    /** What {@link #model} computes with. */
    FlatBuffer values() {
        return values;
    }

    /** Hands out the whole EMA, piece by piece; all ranks that share it call this together. */
    public void read(Reader reader) {
        if (sharedWith == null) {
            reader.accept(0, ema.values().tensor());
            return;
        }
        List<ParameterLayout.Group> groups = weights.parameters().layout().groups();
        long largest =
                groups.stream().mapToLong(ParameterLayout.Group::elements).max().orElseThrow();
        try (FlatBuffer gathered = new FlatBuffer(tensors, largest)) {
            for (ParameterLayout.Group group : groups) {
                if (group.elements() == 0) {
                    continue; // all of it is frozen
                }
                try (TensorScope scope = TensorScope.open()) {
                    for (Shard.Part part : own.parts()) {
                        if (part.begin() >= group.begin() && part.begin() < group.end()) {
                            Kernels.instance()
                                    .copyInto(
                                            Shard.view(gathered, part.begin() - group.begin(), part.elements()),
                                            Shard.view(ema.values(), part.local(), part.elements()));
                        }
                    }
                    sharedWith
                            .allGatherParts(FlatRange.of(gathered, 0, group.elements()))
                            .await();
                    reader.accept(group.begin(), Shard.view(gathered, 0, group.elements()));
                }
            }
        }
    }

    @Override
    public void close() {
        if (sharedWith != null && values != null) {
            values.close();
        }
    }
}
