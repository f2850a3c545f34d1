// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.optim;

import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.torch.Autograd;
import io.sparkreel.model.torch.FlatBuffer;
import io.sparkreel.model.torch.HostMemory;
import io.sparkreel.model.torch.Kernels;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;

/**
 * The gradients of {@link FlatParameters}: one vector of the same layout, into which autograd accumulates.
 *
 * <p>A tensor's gradient cannot be assigned from Java. But autograd keeps, instead of copying, a first
 * gradient that nobody else holds; the backward pass of a view makes such an alias of whatever it is given.
 * So each parameter is sent a slice of this vector once, and from then on adds to it. Nothing may reset the
 * gradients to none afterwards; {@link #clear()} writes zeros.
 */
public final class FlatGradients implements AutoCloseable {
    private final FlatBuffer values;
    private final boolean large;

    /**
     * @throws IllegalStateException if autograd did not adopt the memory, which a changed libtorch could cause
     */
    public FlatGradients(FlatParameters parameters, Tensors tensors) {
        ParameterLayout layout = parameters.layout();
        large = HostMemory.isLarge(layout.elements());
        values = new FlatBuffer(tensors, layout.elements());
        Kernels kernels = Kernels.instance();
        layout.slots().forEach((name, slot) -> {
            try (TensorScope scope = TensorScope.open()) {
                long count = slot.spec().elements();
                Tensor parameter = parameters.tensor(name);
                Autograd.requireGradient(parameter);
                Tensor view = Autograd.withGradients(() -> kernels.flattenView(parameter));
                Autograd.backward(view, kernels.sliceFlat(values.tensor(), slot.begin(), count, count));
            }
        });
        verify(parameters);
    }

    private void verify(FlatParameters parameters) {
        Kernels kernels = Kernels.instance();
        double mark = 3;
        kernels.fill(values.tensor(), mark);
        parameters.layout().slots().forEach((name, slot) -> {
            try (TensorScope scope = TensorScope.open()) {
                double norm = kernels.norm(Autograd.gradient(parameters.tensor(name)));
                double expected = mark * Math.sqrt((double) slot.spec().elements());
                if (Math.abs(norm - expected) > 1e-3 * expected) {
                    throw new IllegalStateException(
                            "Cannot train: the gradient of " + name
                                    + " does not lie in the flat buffer. This libtorch is not the one Sparkreel was built for.");
                }
            }
        });
        clear();
    }

    /** All gradients. */
    public FlatBuffer values() {
        return values;
    }

    /**
     * Sets all gradients to zero. Those of a large model take no memory on the host until the backward pass comes to
     * them: until then there is room for activations.
     */
    public void clear() {
        if (large) {
            values.clearAndGiveBack();
        } else {
            values.clear();
        }
    }

    @Override
    public void close() {
        values.close();
    }
}
