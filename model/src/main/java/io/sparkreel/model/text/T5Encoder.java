// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.text;

import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.checkpoint.DeviceWeights;
import io.sparkreel.model.checkpoint.WeightsFolder;
import io.sparkreel.model.checkpoint.safetensors.TensorCheck;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensor;
import io.sparkreel.model.torch.TensorScope;
import io.sparkreel.model.torch.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The encoder of T5 v1.1 (Raffel et al. 2020; Shazeer 2020), with the weights and names that the Hugging Face hub has.
 *
 * <p>Every text fills all slots and is computed by itself, so that its features are the same bits whatever is encoded
 * with it. Slots of padding hold what the encoder makes of them, as in the reference; the mask tells them apart.
 */
public final class T5Encoder implements TextEncoder {

    private static final String TABLE = "shared.weight";
    private static final String TABLE_ALIAS = "encoder.embed_tokens.weight";
    private static final String POSITIONS = "encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight";
    private static final String FINAL_NORM = "encoder.final_layer_norm.weight";

    private final TextKernels kernels = TextKernels.instance();
    private final T5Config config;
    private final T5Tokenizer tokenizer;
    private final DeviceWeights weights;
    private final Precision precision;
    private final Tensors tensors;
    private final int slots;
    private final float[] positionBias; // [h, L, L]
    private final List<Layer> layers = new ArrayList<>();

    /**
     * @param attention norm, q, k, v, o
     * @param feedForward norm, gate, up, down
     */
    private record Layer(List<Tensor> attention, List<Tensor> feedForward) {}

    private T5Encoder(
            T5Config config,
            T5Tokenizer tokenizer,
            DeviceWeights weights,
            float[] positionTable,
            Precision precision,
            Tensors tensors,
            int slots) {
        this.config = config;
        this.tokenizer = tokenizer;
        this.weights = weights;
        this.precision = precision;
        this.tensors = tensors;
        this.slots = slots;
        this.positionBias =
                RelativePositions.bias(positionTable, config.buckets(), config.heads(), config.maxDistance(), slots);
        for (int i = 0; i < config.layers(); i++) {
            layers.add(new Layer(
                    attentionNames(i).stream().map(weights::tensor).toList(),
                    feedForwardNames(i).stream().map(weights::tensor).toList()));
        }
    }

    /**
     * Loads a folder of the Hugging Face hub: {@code config.json}, weights as safetensors in one file or several, and
     * {@code tokenizer.json} or {@code spiece.model}. Weights of a decoder are passed over.
     *
     * @param slots tokens of each text, the end sign included
     * @param precision what matrices are multiplied in; the residual stream and the norms are fp32 in any case
     * @throws InvalidInputException if something is missing, damaged or does not fit
     */
    public static T5Encoder load(Path folder, int slots, Precision precision, Tensors tensors) throws IOException {
        if (slots < 1) {
            throw new InvalidInputException(
                    "Cannot load a T5 encoder: model_max_length is " + slots + ". Set it to at least 1.");
        }
        T5Config config = T5Config.read(folder);
        T5Tokenizer tokenizer = T5Tokenizer.load(folder, slots);
        DeviceWeights weights = null;
        try (WeightsFolder stored = WeightsFolder.open(folder)) {
            Map<String, String> names = check(config, stored);
            weights = DeviceWeights.read(
                    stored, names, name -> name.endsWith("norm.weight") ? Precision.FP32 : precision, tensors);
            return new T5Encoder(config, tokenizer, weights, stored.floats(POSITIONS), precision, tensors, slots);
        } catch (IOException | RuntimeException | Error e) {
            tokenizer.close();
            if (weights != null) {
                weights.close();
            }
            throw e;
        }
    }

    /** Width of the features that the encoder of a published folder makes; its {@code config.json} alone is read. */
    public static int width(Path folder) throws IOException {
        return T5Config.read(folder).width();
    }

    /** Names in the file by name wanted, once all are found there. */
    private static Map<String, String> check(T5Config config, WeightsFolder stored) {
        Map<String, long[]> wanted = shapes(config, stored.tensors().containsKey(TABLE) ? TABLE : TABLE_ALIAS);
        TensorCheck.require(
                "a T5 encoder",
                wanted,
                stored.tensors(),
                name -> name.startsWith("decoder.")
                        || name.equals("lm_head.weight")
                        || name.equals(TABLE)
                        || name.equals(TABLE_ALIAS));
        Map<String, String> names = new LinkedHashMap<>();
        wanted.keySet().forEach(name -> names.put(name.equals(TABLE_ALIAS) ? TABLE : name, name));
        names.remove(POSITIONS);
        return names;
    }

    private static Map<String, long[]> shapes(T5Config config, String table) {
        long width = config.width();
        long inner = (long) config.heads() * config.headSize();
        long[] norm = {width};
        Map<String, long[]> shapes = new LinkedHashMap<>();
        shapes.put(table, new long[] {config.vocabularySize(), width});
        shapes.put(POSITIONS, new long[] {config.buckets(), config.heads()});
        for (int i = 0; i < config.layers(); i++) {
            List<String> attention = attentionNames(i);
            shapes.put(attention.get(0), norm);
            attention.subList(1, 4).forEach(name -> shapes.put(name, new long[] {inner, width}));
            shapes.put(attention.get(4), new long[] {width, inner});
            List<String> feedForward = feedForwardNames(i);
            shapes.put(feedForward.get(0), norm);
            feedForward.subList(1, 3).forEach(name -> shapes.put(name, new long[] {config.hiddenSize(), width}));
            shapes.put(feedForward.get(3), new long[] {width, config.hiddenSize()});
        }
        shapes.put(FINAL_NORM, norm);
        return shapes;
    }

    private static List<String> attentionNames(int layer) {
        String prefix = "encoder.block." + layer + ".layer.0.";
        return List.of(
                prefix + "layer_norm.weight",
                prefix + "SelfAttention.q.weight",
                prefix + "SelfAttention.k.weight",
                prefix + "SelfAttention.v.weight",
                prefix + "SelfAttention.o.weight");
    }

    private static List<String> feedForwardNames(int layer) {
        String prefix = "encoder.block." + layer + ".layer.1.";
        return List.of(
                prefix + "layer_norm.weight",
                prefix + "DenseReluDense.wi_0.weight",
                prefix + "DenseReluDense.wi_1.weight",
                prefix + "DenseReluDense.wo.weight");
    }

    @Override
    public int width() {
        return config.width();
    }

    @Override
    public int slots() {
        return slots;
    }

    @Override
    public TextFeatures encode(List<String> texts) {
        float[] values = new float[Math.multiplyExact(Math.multiplyExact(texts.size(), slots), width())]; // [B, L, D]
        boolean[] mask = new boolean[texts.size() * slots]; // [B, L]
        for (int row = 0; row < texts.size(); row++) {
            T5Tokenizer.Tokens tokens = tokenizer.tokenize(texts.get(row));
            float[] features = features(tokens.ids(), tokens.mask());
            System.arraycopy(features, 0, values, row * features.length, features.length);
            for (int slot = 0; slot < slots; slot++) {
                mask[row * slots + slot] = tokens.mask()[slot] != 0;
            }
        }
        return new TextFeatures(values, mask, texts.size(), slots, width());
    }

    /** The last hidden state of one text, [L, D]. */
    float[] features(long[] tokens, int[] mask) {
        try (TensorScope scope = TensorScope.open()) {
            float[] kept = new float[slots];
            for (int slot = 0; slot < slots; slot++) {
                kept[slot] = mask[slot];
            }
            Tensor positions = tensors.of(positionBias, 1, config.heads(), slots, slots);
            Tensor bias = kernels.attentionBias(positions, tensors.of(kept, 1, 1, 1, slots), precision); // [1, h, L, L]
            Tensor x = kernels.tokenEmbedding(weights.tensor(TABLE), tokens); // [1, L, D]
            for (Layer layer : layers) {
                Tensor attended = kernels.textAttention(x, bias, config.heads(), config.epsilon(), layer.attention());
                x.close();
                x = kernels.textFeedForward(attended, config.epsilon(), layer.feedForward()); // [1, L, D]
                attended.close();
            }
            return kernels.rmsNorm(x, weights.tensor(FINAL_NORM), config.epsilon())
                    .floats();
        }
    }

    @Override
    public void close() {
        weights.close();
        tokenizer.close();
    }
}
