// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.denoiser;

import io.sparkreel.model.denoiser.ParameterSpec.Initialiser;
import io.sparkreel.model.family.stdit2.ScalarFeatures;
import io.sparkreel.model.family.stdit2.Stdit2Config;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Where every trainable tensor of an STDiT2 lies in one flat buffer.
 *
 * <p>The tensors of one block are contiguous, so that a block is one range to reduce and to update. The
 * order is: embedders, the captions' projection, blocks, final layer.
 */
public final class ParameterLayout {
    /** A tensor's place: {@code [begin, begin + elements)}. */
    public record Slot(ParameterSpec spec, long begin) {}

    /** A contiguous range of tensors that become final at the same moment of the backward pass. */
    public record Group(String name, long begin, long end) {
        /** The number of elements. */
        public long elements() {
            return end - begin;
        }
    }

    /** Index of the embedders in {@link #groups()}. */
    static final int EMBEDDERS = 0;
    /** Index of the captions' projection in {@link #groups()}. */
    static final int CAPTIONS = 1;

    private static final long LARGE = 1L << 28;

    private final Map<String, Slot> slots = new LinkedHashMap<>();
    private final List<Group> groups = new ArrayList<>();
    private long elements;

    private ParameterLayout() {}

    /** The layout of a model of this size. */
    public static ParameterLayout of(Stdit2Config config) {
        ParameterLayout layout = new ParameterLayout();
        layout.group("embedders", embedders(config));
        layout.group("captions", captions(config));
        for (int i = 0; i < config.depth(); i++) {
            layout.group("blocks." + i, block(config, "blocks." + i + "."));
        }
        layout.group("final_layer", finalLayer(config));
        return layout;
    }

    /** Every tensor by name, in the order of the buffer. */
    public Map<String, Slot> slots() {
        return java.util.Collections.unmodifiableMap(slots);
    }

    /** The tensor of this name. */
    public Slot slot(String name) {
        Slot slot = slots.get(name);
        if (slot == null) {
            throw new IllegalArgumentException("Cannot find parameter " + name + " in the layout");
        }
        return slot;
    }

    /**
     * Embedders, the captions' projection, then one group for each block, then the final layer. The backward pass leaves
     * them from the last to the first.
     */
    public List<Group> groups() {
        return List.copyOf(groups);
    }

    /** Index of block {@code i} in {@link #groups()}. */
    static int ofBlock(int i) {
        return CAPTIONS + 1 + i;
    }

    /** The number of trainable parameters. */
    public long elements() {
        return elements;
    }

    /** Whether a step takes so long that it does not count what giving back memory in its midst costs. */
    public boolean isLarge() {
        return elements >= LARGE;
    }

    private void group(String name, List<ParameterSpec> specs) {
        long begin = elements;
        for (ParameterSpec spec : specs) {
            slots.put(spec.name(), new Slot(spec, elements));
            elements += spec.elements();
        }
        groups.add(new Group(name, begin, elements));
    }

    private static List<ParameterSpec> embedders(Stdit2Config c) {
        int d = c.hiddenSize();
        List<Integer> patch = c.patchSize();
        List<ParameterSpec> specs = new ArrayList<>();
        specs.add(new ParameterSpec(
                "x_embedder.proj.weight",
                new long[] {d, c.inChannels(), patch.get(0), patch.get(1), patch.get(2)},
                Initialiser.XAVIER_UNIFORM));
        specs.add(new ParameterSpec("x_embedder.proj.bias", new long[] {d}, Initialiser.PATCH_BIAS));
        mlp(specs, "t_embedder.mlp.0", "t_embedder.mlp.2", ScalarFeatures.WIDTH, d, Initialiser.NORMAL_0_02);
        linear(specs, "t_block.1", d, 6 * d, Initialiser.NORMAL_0_02);
        linear(specs, "t_block_temp.1", d, 3 * d, Initialiser.NORMAL_0_02);
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
        mlp(
                specs,
                "y_embedder.y_proj.fc1",
                "y_embedder.y_proj.fc2",
                c.captionChannels(),
                c.hiddenSize(),
                Initialiser.NORMAL_0_02);
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
        linear(specs, prefix + "cross_attn.q_linear", d, d, Initialiser.XAVIER_UNIFORM);
        linear(specs, prefix + "cross_attn.kv_linear", d, 2 * d, Initialiser.XAVIER_UNIFORM);
        linear(specs, prefix + "cross_attn.proj", d, d, Initialiser.ZERO);
        linear(specs, prefix + "mlp.fc1", d, c.mlpSize(), Initialiser.XAVIER_UNIFORM);
        linear(specs, prefix + "mlp.fc2", c.mlpSize(), d, Initialiser.XAVIER_UNIFORM);
        return specs;
    }

    private static void selfAttention(
            List<ParameterSpec> specs, Stdit2Config c, String prefix, Initialiser projection) {
        int d = c.hiddenSize();
        linear(specs, prefix + "qkv", d, 3 * d, Initialiser.XAVIER_UNIFORM);
        linear(specs, prefix + "proj", d, d, projection);
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

    private static void linear(List<ParameterSpec> specs, String name, int in, int out, Initialiser weights) {
        specs.add(new ParameterSpec(name + ".weight", new long[] {out, in}, weights));
        specs.add(new ParameterSpec(name + ".bias", new long[] {out}, Initialiser.ZERO));
    }
}
