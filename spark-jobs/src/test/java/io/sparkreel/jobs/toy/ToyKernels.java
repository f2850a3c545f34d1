// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.toy;

import io.sparkreel.model.torch.ScriptModule;
import io.sparkreel.model.torch.Tensor;
import java.util.List;

/** The functions of {@code toy.py}, typed. */
final class ToyKernels {
    private static final class Holder {
        static final ToyKernels INSTANCE = new ToyKernels();
    }

    private final ScriptModule module = ScriptModule.load(ToyKernels.class, "toy.py", false);

    private ToyKernels() {}

    static ToyKernels instance() {
        return Holder.INSTANCE;
    }

    Tensor embed(Tensor x, List<Tensor> weights) {
        return module.tensor("embed", x, weights);
    }

    Tensor caption(Tensor features, List<Tensor> weights) {
        return module.tensor("caption", features, weights);
    }

    Tensor block(Tensor x, Tensor caption, Tensor time, List<Tensor> weights) {
        return module.tensor("block", x, caption, time, weights);
    }

    Tensor head(Tensor x, List<Tensor> weights) {
        return module.tensor("head", x, weights);
    }

    Tensor mix(Tensor start, Tensor noise, Tensor time) {
        return module.tensor("mix", start, noise, time);
    }

    Tensor velocityError(Tensor out, Tensor start, Tensor noise, Tensor weight) {
        return module.tensor("velocity_error", out, start, noise, weight);
    }

    Tensor move(Tensor x, Tensor velocity, double step) {
        return module.tensor("move", x, velocity, step);
    }
}
