// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.parts;

import io.sparkreel.jobs.config.HashTextConfig;
import io.sparkreel.jobs.config.T5Config;
import io.sparkreel.jobs.config.TextEncoderConfig;
import io.sparkreel.jobs.error.UserError;
import io.sparkreel.jobs.weights.WeightsCache;
import io.sparkreel.jobs.weights.WeightsPart;
import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.autoencoder.CodecConfig;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.autoencoder.PublishedFolders;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.ModelSection;
import io.sparkreel.model.text.HashTextEncoder;
import io.sparkreel.model.text.T5Encoder;
import io.sparkreel.model.text.TextEncoder;
import io.sparkreel.model.text.TextSizes;
import io.sparkreel.model.torch.Precision;
import io.sparkreel.model.torch.Tensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Makes the parts of a model that a configuration names. Executors load them; the driver asks for their sizes, which
 * takes no weights.
 */
public final class Components {
    private static final Set<WeightsPart> SIZES = EnumSet.of(WeightsPart.CONFIG);
    private static final Set<WeightsPart> MODEL = EnumSet.of(WeightsPart.CONFIG, WeightsPart.WEIGHTS);

    private Components() {}

    /** The geometry of the latent codec, without loading it. */
    public static CodecGeometry codecGeometry(CodecConfig config, WeightsCache cache) throws IOException {
        return config.geometry(folders(cache));
    }

    /** The latent codec. */
    public static LatentCodec codec(CodecConfig config, WeightsCache cache, Tensors tensors) throws IOException {
        return config.load(folders(cache), tensors);
    }

    private static PublishedFolders folders(WeightsCache cache) {
        return (name, localFilesOnly, sizesOnly) -> cache.resolve(name, localFilesOnly, sizesOnly ? SIZES : MODEL);
    }

    /** What the text encoder makes of a caption, without loading it. */
    public static TextSizes textSizes(TextEncoderConfig config, WeightsCache cache) throws IOException {
        if (config instanceof T5Config t5) {
            Path folder = cache.resolve(t5.fromPretrained(), t5.localFilesOnly(), SIZES);
            return new TextSizes(T5Encoder.width(folder), t5.modelMaxLength());
        }
        HashTextConfig hash = (HashTextConfig) config;
        return new TextSizes(hash.width(), hash.modelMaxLength());
    }

    /** The text encoder. */
    public static TextEncoder textEncoder(TextEncoderConfig config, WeightsCache cache, Tensors tensors)
            throws IOException {
        if (config instanceof T5Config t5) {
            Path folder = cache.resolve(t5.fromPretrained(), t5.localFilesOnly(), EnumSet.allOf(WeightsPart.class));
            Precision precision = t5.shardformer() ? Precision.BF16 : Precision.FP32;
            return T5Encoder.load(folder, t5.modelMaxLength(), precision, tensors);
        }
        HashTextConfig hash = (HashTextConfig) config;
        return new HashTextEncoder(hash.width(), hash.modelMaxLength());
    }

    /** Which parameters a configuration leaves untrained. */
    public static Predicate<String> frozen(ModelSection config, DenoiserConfig model) {
        return config.freeze() == null ? name -> false : config.freeze().in(model.parameterGroups());
    }

    /**
     * The sizes of a model that works between this codec and this text encoder.
     *
     * @param stored the sizes that come with the first weights; where there are some, those of the configuration do not
     *     count, except for what training alone decides
     * @throws UserError if the model cannot work between the two
     */
    public static DenoiserConfig model(
            ModelSection config, Optional<DenoiserConfig> stored, CodecGeometry latent, TextSizes text) {
        DenoiserConfig model = stored.map(sizes -> sizes.with(config.classDropoutProb(), text.slots()))
                .orElseGet(() -> config.sizes(latent, text));
        if (model.inChannels() != latent.channels()) {
            throw new UserError(
                    "Cannot use this model: it takes latents of " + model.inChannels() + " channels, the codec makes "
                            + latent.channels() + ". Configure the vae that it was trained with.");
        }
        if (model.captionChannels() != text.width()) {
            throw new UserError("Cannot use this model: it takes text features of width " + model.captionChannels()
                    + ", the text encoder makes " + text.width()
                    + ". Configure the text_encoder that it was trained with.");
        }
        if (model.modelMaxLength() != text.slots()) {
            throw new UserError("Cannot use this model: it takes captions of " + model.modelMaxLength()
                    + " tokens, the text encoder makes " + text.slots() + ". Leave model.model_max_length at auto.");
        }
        return model;
    }
}
