// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.torch.ScriptModule;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Torch;
import java.util.List;

/**
 * The leaf functions of {@code autoencoder.py}, typed; shapes stand beside each function there. Results belong to the calling
 * thread's current {@link TensorScope}. Functions record a graph where the thread does. All threads share the instance.
 */
final class AutoencoderKernels {
    private static final class Holder {
        static final AutoencoderKernels INSTANCE = new AutoencoderKernels();
    }

    private final ScriptModule module = ScriptModule.load(AutoencoderKernels.class, "autoencoder.py", false);

    private AutoencoderKernels() {}

    /** The kernels of this process; {@link Torch#start()} comes first. */
    static AutoencoderKernels instance() {
        return Holder.INSTANCE;
    }

    /** A convolution of stride 1 that keeps the size. */
    Tensor convolve(Tensor x, List<Tensor> weights) {
        return module.tensor("convolve", x, weights);
    }

    /** Group norm, SiLU and a convolution that keeps the size. */
    Tensor normConvolve(Tensor x, int groups, List<Tensor> weights) {
        return module.tensor("norm_convolve", x, (long) groups, weights);
    }

    /** x, or a projection of it, + two convolutions. */
    Tensor residual(Tensor x, int groups, List<Tensor> weights) {
        return module.tensor("residual", x, (long) groups, weights);
    }

    /** x + attention among its pixels, one head. */
    Tensor pixelAttention(Tensor x, int groups, List<Tensor> weights) {
        return module.tensor("pixel_attention", x, (long) groups, weights);
    }

    /** Half the height and width, rounded down. */
    Tensor downsample(Tensor x, List<Tensor> weights) {
        return module.tensor("downsample", x, weights);
    }

    /** Twice the height and width. */
    Tensor upsample(Tensor x, List<Tensor> weights) {
        return module.tensor("upsample", x, weights);
    }
}
