// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family.stdit2;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.InvalidInputException;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.ModelSection;
import io.sparkreel.model.optim.Freeze;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.InvalidValueException;
import io.sparkreel.model.settings.NoEffect;
import io.sparkreel.model.text.TextSizes;
import java.util.List;

/**
 * {@code model}: the sizes of STDiT2 and where its first weights come from. A folder of weights that holds a
 * configuration of its own decides the sizes; these serve where it holds none.
 *
 * @param type {@code STDiT2} with sizes of one's own, those of the published model by default; or a named size such as
 *     {@code STDiT2-XL/2}, which the sizes must not contradict
 * @param fromPretrained checkpoint, run, folder or file of first weights, or hub id; null: initialised afresh
 * @param localFilesOnly a hub id is only looked up in the cache, and never downloaded
 * @param hiddenSize width of the tokens, a multiple of 12 and of twice {@code numHeads}
 * @param depth number of blocks
 * @param numHeads attention heads
 * @param mlpRatio width of the MLP over {@code hiddenSize}
 * @param patchSize extent of a token in the latent
 * @param inChannels latent channels; null ({@code auto}): those of the codec
 * @param captionChannels width of the text features; null ({@code auto}): that of the text encoder
 * @param modelMaxLength text token slots; null ({@code auto}): those of the text encoder
 * @param inputSqSize side in pixels at which the scale of the position embedding is 1
 * @param qkNorm RMS norm of queries and keys
 * @param classDropoutProb how often training replaces the text by the null embedding, in [0, 1]
 * @param freeze what is left untrained; null: nothing
 */
@NoEffect(key = "enable_flashattn", instead = "attention is always the fused kernel of libtorch")
@NoEffect(key = "enable_flash_attn", instead = "attention is always the fused kernel of libtorch")
@NoEffect(key = "enable_layernorm_kernel", instead = "layer norm and modulation are always one compiled kernel")
public record Stdit2Section(
        @Default("STDiT2") String type,
        @Default("null") String fromPretrained,
        @Default("true") boolean localFilesOnly,
        @Default("null") Integer hiddenSize,
        @Default("null") Integer depth,
        @Default("null") Integer numHeads,
        @Default("4.0") double mlpRatio,
        @Default("[1, 2, 2]") PatchSize patchSize,
        @Default("auto") Integer inChannels,
        @Default("auto") Integer captionChannels,
        @Default("auto") Integer modelMaxLength,
        @Default("32") int inputSqSize,
        @Default("false") boolean qkNorm,
        @Default("0.1") double classDropoutProb,
        @Default("null") Freeze freeze)
        implements ModelSection {
    private static final String FREE = "STDiT2";
    private static final String PUBLISHED = "STDiT2-XL/2";

    public Stdit2Section {
        int[] named = preset(type.equals(FREE) ? PUBLISHED : type); // depth, hidden size, heads
        depth = sized("depth", depth, named[0], type);
        hiddenSize = sized("hidden_size", hiddenSize, named[1], type);
        numHeads = sized("num_heads", numHeads, named[2], type);
        Check.notBlank("from_pretrained", fromPretrained);
        Check.atLeast("depth", depth, 1);
        Check.atLeast("num_heads", numHeads, 1);
        Check.that(hiddenSize >= 1 && hiddenSize % 12 == 0, "hidden_size", hiddenSize, "a multiple of 12");
        Check.that(
                hiddenSize % (2 * numHeads) == 0,
                "num_heads",
                numHeads,
                "a number of heads that cuts hidden_size " + hiddenSize + " into even widths");
        Check.positive("mlp_ratio", mlpRatio);
        Check.atLeast("in_channels", inChannels, 1);
        Check.atLeast("caption_channels", captionChannels, 1);
        Check.atLeast("model_max_length", modelMaxLength, 1);
        Check.atLeast("input_sq_size", inputSqSize, 1);
        Check.fraction("class_dropout_prob", classDropoutProb);
    }

    private static int[] preset(String type) {
        try {
            return Stdit2Config.preset(type);
        } catch (InvalidInputException e) {
            throw new InvalidValueException("type", e);
        }
    }

    private static int sized(String key, Integer given, int named, String type) {
        Check.that(
                given == null || given == named || type.equals(FREE),
                key,
                given,
                named + ", which " + type + " has, or 'type: STDiT2' for sizes of your own");
        return given == null ? named : given;
    }

    @Override
    public DenoiserConfig sizes(CodecGeometry codec, TextSizes text) {
        return new Stdit2Config(
                inputSqSize,
                inChannels == null ? codec.channels() : inChannels,
                List.of(patchSize.frames(), patchSize.rows(), patchSize.columns()),
                hiddenSize,
                depth,
                numHeads,
                mlpRatio,
                classDropoutProb,
                true,
                captionChannels == null ? text.width() : captionChannels,
                modelMaxLength == null ? text.slots() : modelMaxLength,
                qkNorm);
    }
}
