// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.denoiser.ParameterSpec;
import io.sparkreel.model.denoiser.ParameterSpec.Initialiser;
import java.util.ArrayList;
import java.util.List;

/** The parameters of an STDiT2: embedders, the captions' projection, blocks, final layer. */
final class Stdit2Layout {
    /** Index of the embedders' group. */
    static final int EMBEDDERS = 0;
    /** Index of the group of the captions' projection. */
    static final int CAPTIONS = 1;
    /** Groups before those of the blocks. */
    static final int STEM_GROUPS = 2;

    private static final Initialiser NORMAL = Initialiser.normal(0.02);

    private Stdit2Layout() {}

    static ParameterLayout of(Stdit2Config config) {
        ParameterLayout layout = new ParameterLayout();
        layout.group("embedders", embedders(config));
        layout.group("captions", captions(config));
        for (int i = 0; i < config.depth(); i++) {
            layout.group("blocks." + i, block(config, "blocks." + i + "."));
        }
        return layout.group("final_layer", finalLayer(config));
    }

    private static List<ParameterSpec> embedders(Stdit2Config c) {
        int d = c.hiddenSize();
        List<Integer> patch = c.patchSize();
        double inputs = (double) c.inChannels() * c.patchVolume(); // of one output of the patch convolution
        List<ParameterSpec> specs = new ArrayList<>();
        specs.add(new ParameterSpec(
                "x_embedder.proj.weight",
                new long[] {d, c.inChannels(), patch.get(0), patch.get(1), patch.get(2)},
                Initialiser.XAVIER_UNIFORM));
        specs.add(
                new ParameterSpec("x_embedder.proj.bias", new long[] {d}, Initialiser.uniform(1 / Math.sqrt(inputs))));
        mlp(specs, "t_embedder.mlp.0", "t_embedder.mlp.2", ScalarFeatures.WIDTH, d, NORMAL);
        linear(specs, "t_block.1", d, 6 * d, NORMAL);
        linear(specs, "t_block_temp.1", d, 3 * d, NORMAL);
        mlp(
                specs,
                "csize_embedder.mlp.0",
                "csize_embedder.mlp.2",
                ScalarFeatures.WIDTH,
                d / 3,
                Initialiser.XAVIER_UNIFORM);
        mlp(specs, "ar_embedder.mlp.0", "ar_embedder.mlp.2", ScalarFeatures.WIDTH, d / 3, Initialiser.XAVIER_UNIFORM);
        mlp(specs, "fl_embedder.mlp.0", "fl_embedder.mlp.2", ScalarFeatures.WIDTH, d, Initialiser.XAVIER_UNIFORM);
        mlp(specs, "fps_embedder.mlp.0", "fps_embedder.mlp.2", ScalarFeatures.WIDTH, d, Initialiser.XAVIER_UNIFORM);
        return specs;
    }

    private static List<ParameterSpec> captions(Stdit2Config c) {
        List<ParameterSpec> specs = new ArrayList<>();
        cast(specs, "y_embedder.y_proj.fc1", c.captionChannels(), c.hiddenSize(), NORMAL);
        cast(specs, "y_embedder.y_proj.fc2", c.hiddenSize(), c.hiddenSize(), NORMAL);
        return specs;
    }

    private static List<ParameterSpec> block(Stdit2Config c, String prefix) {
        int d = c.hiddenSize();
        List<ParameterSpec> specs = new ArrayList<>();
        specs.add(
                new ParameterSpec(prefix + "scale_shift_table", new long[] {6, d}, Initialiser.NORMAL_OVER_ROOT_WIDTH));
        specs.add(new ParameterSpec(
                prefix + "scale_shift_table_temporal", new long[] {3, d}, Initialiser.NORMAL_OVER_ROOT_WIDTH));
        selfAttention(specs, c, prefix + "attn.", Initialiser.XAVIER_UNIFORM);
        selfAttention(specs, c, prefix + "attn_temp.", Initialiser.ZERO);
        cast(specs, prefix + "cross_attn.q_linear", d, d, Initialiser.XAVIER_UNIFORM);
        cast(specs, prefix + "cross_attn.kv_linear", d, 2 * d, Initialiser.XAVIER_UNIFORM);
        cast(specs, prefix + "cross_attn.proj", d, d, Initialiser.ZERO);
        cast(specs, prefix + "mlp.fc1", d, c.mlpSize(), Initialiser.XAVIER_UNIFORM);
        cast(specs, prefix + "mlp.fc2", c.mlpSize(), d, Initialiser.XAVIER_UNIFORM);
        return specs;
    }

    private static void selfAttention(
            List<ParameterSpec> specs, Stdit2Config c, String prefix, Initialiser projection) {
        int d = c.hiddenSize();
        cast(specs, prefix + "qkv", d, 3 * d, Initialiser.XAVIER_UNIFORM);
        cast(specs, prefix + "proj", d, d, projection);
        if (c.qkNorm()) {
            specs.add(new ParameterSpec(prefix + "q_norm.weight", new long[] {c.headSize()}, Initialiser.ONE));
            specs.add(new ParameterSpec(prefix + "k_norm.weight", new long[] {c.headSize()}, Initialiser.ONE));
        }
    }

    private static List<ParameterSpec> finalLayer(Stdit2Config c) {
        List<ParameterSpec> specs = new ArrayList<>();
        specs.add(new ParameterSpec(
                "final_layer.scale_shift_table", new long[] {2, c.hiddenSize()}, Initialiser.NORMAL_OVER_ROOT_WIDTH));
        linear(specs, "final_layer.linear", c.hiddenSize(), c.patchVolume() * c.outChannels(), Initialiser.ZERO);
        return specs;
    }

    private static void mlp(
            List<ParameterSpec> specs, String first, String second, int in, int out, Initialiser weights) {
        linear(specs, first, in, out, weights);
        linear(specs, second, out, out, weights);
    }

    /** A linear map that the blocks cast to what they compute in. */
    private static void cast(List<ParameterSpec> specs, String name, int in, int out, Initialiser weights) {
        specs.add(new ParameterSpec(name + ".weight", new long[] {out, in}, weights, true));
        specs.add(new ParameterSpec(name + ".bias", new long[] {out}, Initialiser.ZERO, true));
    }

    private static void linear(List<ParameterSpec> specs, String name, int in, int out, Initialiser weights) {
        specs.add(new ParameterSpec(name + ".weight", new long[] {out, in}, weights));
        specs.add(new ParameterSpec(name + ".bias", new long[] {out}, Initialiser.ZERO));
    }
}
