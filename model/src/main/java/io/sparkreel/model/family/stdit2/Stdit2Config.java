// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.denoiser.Denoiser;
import io.sparkreel.model.denoiser.ParameterLayout;
import io.sparkreel.model.denoiser.Parameters;
import io.sparkreel.model.family.Cost;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.PublishedNames;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Stream;

/**
 * The hyper-parameters of an STDiT2, under the names of the {@code config.json} that is stored with its
 * weights.
 *
 * @param inputSquareSize side in pixels of the square for which the position embedding has scale 1
 * @param inChannels channels of the latent
 * @param patchSize latent frames, rows and columns of one token
 * @param hiddenSize width D of a token; divisible by 3, by 4 and by the number of heads
 * @param depth number of blocks
 * @param numHeads attention heads; the size of a head must be even
 * @param mlpRatio width of the MLP's hidden layer divided by D
 * @param classDropoutProbability share of training samples whose caption is replaced by the null caption
 * @param predictSigma whether the output has a variance half
 * @param captionChannels width of the text features
 * @param modelMaxLength caption slots
 * @param qkNorm whether queries and keys of self-attention are RMS-normalised per head
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record Stdit2Config(
        @JsonProperty("input_sq_size") int inputSquareSize,
        @JsonProperty("in_channels") int inChannels,
        @JsonProperty("patch_size") List<Integer> patchSize,
        @JsonProperty("hidden_size") int hiddenSize,
        @JsonProperty("depth") int depth,
        @JsonProperty("num_heads") int numHeads,
        @JsonProperty("mlp_ratio") double mlpRatio,
        @JsonProperty("class_dropout_prob") double classDropoutProbability,
        @JsonProperty("pred_sigma") boolean predictSigma,
        @JsonProperty("caption_channels") int captionChannels,
        @JsonProperty("model_max_length") int modelMaxLength,
        @JsonProperty("qk_norm") boolean qkNorm)
        implements DenoiserConfig {

    private static final JsonMapper JSON = new JsonMapper();

    /** What the reference's class takes where a {@code config.json} is silent. */
    private static final Map<String, Object> DEFAULTS = Map.ofEntries(
            Map.entry("input_sq_size", 32),
            Map.entry("in_channels", 4),
            Map.entry("patch_size", List.of(1, 2, 2)),
            Map.entry("hidden_size", 1152),
            Map.entry("depth", 28),
            Map.entry("num_heads", 16),
            Map.entry("mlp_ratio", 4.0),
            Map.entry("class_dropout_prob", 0.1),
            Map.entry("pred_sigma", true),
            Map.entry("caption_channels", 4096),
            Map.entry("model_max_length", 120),
            Map.entry("qk_norm", false));

    /** Depth, hidden size and heads of the published size, and of smaller ones of the same proportions. */
    private static final Map<String, int[]> PRESETS = Map.of(
            "STDiT2-XL/2", new int[] {28, 1152, 16},
            "STDiT2-L/2", new int[] {24, 1008, 14},
            "STDiT2-B/2", new int[] {12, 768, 12},
            "STDiT2-S/2", new int[] {12, 384, 6});

    public Stdit2Config {
        patchSize = patchSize == null ? List.of(1, 2, 2) : List.copyOf(patchSize);
        require(inputSquareSize > 0, "input_sq_size", inputSquareSize, "a positive number of pixels");
        require(inChannels > 0, "in_channels", inChannels, "at least 1");
        require(
                patchSize.size() == 3 && patchSize.stream().allMatch(side -> side > 0),
                "patch_size",
                patchSize,
                "three positive numbers");
        require(depth > 0, "depth", depth, "at least 1");
        require(numHeads > 0, "num_heads", numHeads, "at least 1");
        require(
                hiddenSize > 0 && hiddenSize % 12 == 0 && hiddenSize % numHeads == 0 && hiddenSize / numHeads % 2 == 0,
                "hidden_size",
                hiddenSize,
                "a multiple of 12 and of twice num_heads (" + numHeads + ")");
        require(mlpRatio > 0, "mlp_ratio", mlpRatio, "a positive number");
        require(
                classDropoutProbability >= 0 && classDropoutProbability <= 1,
                "class_dropout_prob",
                classDropoutProbability,
                "a number between 0 and 1");
        require(captionChannels > 0, "caption_channels", captionChannels, "at least 1");
        require(modelMaxLength > 0, "model_max_length", modelMaxLength, "at least 1");
    }

    private static void require(boolean holds, String key, Object value, String expected) {
        if (!holds) {
            throw new InvalidInputException(
                    "Cannot build an STDiT2: " + key + " is " + value + ". Set it to " + expected + ".");
        }
    }

    /**
     * Reads a {@code config.json}. What it does not say is as the reference's class has it.
     *
     * @throws InvalidInputException if it is not that of an STDiT2
     */
    static Stdit2Config of(JsonNode stored) {
        ObjectNode sizes = JSON.valueToTree(DEFAULTS);
        for (Map.Entry<String, JsonNode> field : stored.properties()) {
            if (!field.getValue().isNull()) {
                sizes.set(field.getKey(), field.getValue());
            }
        }
        try {
            return JSON.treeToValue(sizes, Stdit2Config.class);
        } catch (JsonProcessingException e) {
            if (e.getCause() instanceof InvalidInputException invalid) {
                throw invalid;
            }
            throw new InvalidInputException(e.getOriginalMessage() + ". Give the config.json of an STDiT2.");
        }
    }

    /** The model of Open-Sora 1.1 with the depth, hidden size and heads of a named size; empty if there is none. */
    public static Optional<Stdit2Config> published(String name) {
        return Optional.ofNullable(PRESETS.get(name))
                .map(size -> new Stdit2Config(
                        512, 4, List.of(1, 2, 2), size[1], size[0], size[2], 4, 0.1, true, 4096, 200, true));
    }

    /** The type, and the names of all sizes. */
    static List<String> typeAndSizes(String type) {
        return Stream.concat(Stream.of(type), PRESETS.keySet().stream().sorted())
                .toList();
    }

    /** Depth, hidden size and heads of a named size, such as {@code STDiT2-XL/2}. */
    static int[] preset(String name) {
        int[] preset = PRESETS.get(name);
        if (preset == null) {
            throw new InvalidInputException("Cannot build model '" + name + "': no such size. Use one of "
                    + PRESETS.keySet().stream().sorted().toList() + ", or give hidden_size, depth and num_heads.");
        }
        return preset.clone();
    }

    /** Width of one attention head. */
    public int headSize() {
        return hiddenSize / numHeads;
    }

    /** Channels of the output: noise, and variance if it is predicted. */
    public int outChannels() {
        return predictSigma ? 2 * inChannels : inChannels;
    }

    /** Width of the MLP's hidden layer. */
    public int mlpSize() {
        return (int) (hiddenSize * mlpRatio);
    }

    public int patchVolume() {
        return patchSize.get(0) * patchSize.get(1) * patchSize.get(2);
    }

    @Override
    public String type() {
        return Stdit2Family.TYPE;
    }

    @Override
    public Stdit2Config with(double otherDropout, int otherLength) {
        return new Stdit2Config(
                inputSquareSize,
                inChannels,
                patchSize,
                hiddenSize,
                depth,
                numHeads,
                mlpRatio,
                otherDropout,
                predictSigma,
                captionChannels,
                otherLength,
                qkNorm);
    }

    @Override
    public ParameterLayout layout() {
        return Stdit2Layout.of(this);
    }

    @Override
    public PublishedNames names() {
        return new PublishedNames(
                "an STDiT2",
                "y_embedder.y_embedding",
                Map.of("rope.freqs", rotaryFrequencies()),
                Set.of("rope.freqs", "pos_embed", "pos_embed_temporal"), // positions are computed here
                Stdit2Config::isStoredAs);
    }

    private float[] rotaryFrequencies() {
        float[] frequencies = new float[headSize() / 2];
        for (int i = 0; i < frequencies.length; i++) {
            frequencies[i] = (float) Math.pow(10_000, -2.0 * i / headSize());
        }
        return frequencies;
    }

    /** The patch projection of an image model has no time axis. */
    private static boolean isStoredAs(String name, long[] found, long[] wanted) {
        return name.equals("x_embedder.proj.weight")
                && found.length == 4
                && wanted[2] == 1
                && Arrays.equals(found, new long[] {wanted[0], wanted[1], wanted[3], wanted[4]});
    }

    @Override
    public Map<String, Predicate<String>> parameterGroups() {
        return Map.of(
                "temporal", name -> name.contains(".attn_temp."),
                "text", name -> name.contains(".cross_attn."));
    }

    @Override
    public Denoiser build(Parameters parameters, Tensors tensors, Precision precision) {
        return new Stdit2(this, parameters, tensors, precision);
    }

    @Override
    public Cost cost(Precision precision, boolean checkpoint, Predicate<String> frozen) {
        return new Stdit2Cost(this, precision, checkpoint, frozen);
    }
}
