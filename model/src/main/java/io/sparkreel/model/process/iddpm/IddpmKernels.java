// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.process.iddpm;

import io.sparkreel.model.torch.ScriptModule;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Torch;
import java.util.List;

/**
 * The leaf functions of {@code iddpm.py}, typed; shapes stand beside each function there. Results belong to the calling
 * thread's current {@link TensorScope}. Functions record a graph where the thread does. All threads share the instance.
 */
final class IddpmKernels {
    private static final class Holder {
        static final IddpmKernels INSTANCE = new IddpmKernels();
    }

    private final ScriptModule module = ScriptModule.load(IddpmKernels.class, "iddpm.py", false);

    private IddpmKernels() {}

    /** The kernels of this process; {@link Torch#start()} comes first. */
    static IddpmKernels instance() {
        return Holder.INSTANCE;
    }

    /** signal * x0 + sigma * noise */
    Tensor noised(Tensor x0, Tensor noise, Tensor signal, Tensor sigma) {
        return module.tensor("noised", x0, noise, signal, sigma);
    }

    /** Squared error of each sample, [B]. */
    Tensor squaredError(Tensor out, Tensor target, Tensor frameWeight) {
        return module.tensor("squared_error", out, target, frameWeight);
    }

    /** Variational bound term of each sample in bits, [B]. */
    Tensor variationalBound(
            Tensor out,
            Tensor x0,
            Tensor xt,
            List<Tensor> coefficients,
            Tensor atZero,
            boolean anyZero,
            boolean predictXstart,
            Tensor frameWeight) {
        return module.tensor(
                "variational_bound", out, x0, xt, coefficients, atZero, anyZero, predictXstart, frameWeight);
    }

    /** x_{t-1} from the model's output and x_t; the noise counts 1, or 0 in the last step. */
    Tensor ancestralStep(
            Tensor out, Tensor xt, Tensor noise, double[] coefficients, double noiseWeight, boolean predictXstart) {
        return module.tensor("ancestral_step", out, xt, noise, coefficients, noiseWeight, predictXstart);
    }

    /** x_{t-1} of DDIM. */
    Tensor ddimStep(Tensor out, Tensor xt, double[] coefficients, boolean predictXstart) {
        return module.tensor("ddim_step", out, xt, coefficients, predictXstart);
    }

    /** x_{t-1} of DPM-Solver++ (2M), and the prediction of x0; {@code before} and {@code begun} have one tensor or none. */
    List<Tensor> dpmSolverStep(
            Tensor out,
            Tensor xt,
            List<Tensor> before,
            List<Tensor> begun,
            double[] coefficients,
            boolean predictXstart) {
        return module.tensors("dpm_solver_step", out, xt, before, begun, coefficients, predictXstart);
    }
}
