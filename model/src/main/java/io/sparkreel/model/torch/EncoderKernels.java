// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.torch;

import java.util.List;

/**
 * The leaf functions of {@code encoders.py}, typed: what the pretrained text encoder and autoencoder consist of. Shapes
 * stand beside each function there. Results belong to the calling thread's current {@link TensorScope}.
 */
public final class EncoderKernels {
    private final ScriptModule module = ScriptModule.load("encoders.py", "EncoderKernels");

    private EncoderKernels() {}

    /** The kernels of this process; {@link Torch#start()} comes first. */
    public static EncoderKernels instance() {
        return Holder.INSTANCE;
    }

    private static final class Holder {
        static final EncoderKernels INSTANCE = new EncoderKernels();
    }

    // ---- text

    /** Rows of a table [V, D], in fp32: [1, L, D]. */
    public Tensor tokenEmbedding(Tensor table, long[] tokens) {
        return module.tensor("token_embedding", table, tokens);
    }

    /** Scores added to attention: the bias of positions [1, h, L, L], and next to nothing where a mask [1, 1, 1, L] is 0. */
    public Tensor attentionBias(Tensor positions, Tensor mask, Precision precision) {
        return module.tensor("attention_bias", positions, mask, precision.code());
    }

    /** x + attention of its norm, [1, L, D]. */
    public Tensor textAttention(Tensor x, Tensor bias, int heads, double epsilon, List<Tensor> weights) {
        return module.tensor("text_attention", x, bias, (long) heads, epsilon, weights);
    }

    /** x + gated MLP of its norm, [1, L, D]. */
    public Tensor textFeedForward(Tensor x, double epsilon, List<Tensor> weights) {
        return module.tensor("text_feed_forward", x, epsilon, weights);
    }

    /** The norm alone. */
    public Tensor rmsNorm(Tensor x, Tensor weight, double epsilon) {
        return module.tensor("rms_norm", x, weight, epsilon);
    }

    // ---- pictures

    /** A convolution of stride 1 that keeps the size. */
    public Tensor convolve(Tensor x, List<Tensor> weights) {
        return module.tensor("convolve", x, weights);
    }

    /** Group norm, SiLU and a convolution that keeps the size. */
    public Tensor normConvolve(Tensor x, int groups, List<Tensor> weights) {
        return module.tensor("norm_convolve", x, (long) groups, weights);
    }

    /** x, or a projection of it, + two convolutions. */
    public Tensor residual(Tensor x, int groups, List<Tensor> weights) {
        return module.tensor("residual", x, (long) groups, weights);
    }

    /** x + attention among its pixels, one head. */
    public Tensor pixelAttention(Tensor x, int groups, List<Tensor> weights) {
        return module.tensor("pixel_attention", x, (long) groups, weights);
    }

    /** Half the height and width, rounded down. */
    public Tensor downsample(Tensor x, List<Tensor> weights) {
        return module.tensor("downsample", x, weights);
    }

    /** Twice the height and width. */
    public Tensor upsample(Tensor x, List<Tensor> weights) {
        return module.tensor("upsample", x, weights);
    }
}
