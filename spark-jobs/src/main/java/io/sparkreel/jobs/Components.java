// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.config.AutoencoderKlConfig;
import io.sparkreel.jobs.config.CodecConfig;
import io.sparkreel.jobs.config.HashTextConfig;
import io.sparkreel.jobs.config.ModelConfig;
import io.sparkreel.jobs.config.T5Config;
import io.sparkreel.jobs.config.TextEncoderConfig;
import io.sparkreel.jobs.config.WaveletConfig;
import io.sparkreel.model.autoencoder.LatentCodec;
import io.sparkreel.model.autoencoder.WaveletCodec;
import io.sparkreel.model.stdit.Stdit2Config;
import io.sparkreel.model.text.HashTextEncoder;
import io.sparkreel.model.text.TextEncoder;
import java.util.List;

/** Makes the parts of a model that a configuration names. */
public final class Components {
    private Components() {}

    /** The latent codec. */
    public static LatentCodec codec(CodecConfig config) {
        if (config instanceof WaveletConfig wavelet) {
            return new WaveletCodec(wavelet.levels(), wavelet.bands(), wavelet.scales());
        }
        AutoencoderKlConfig autoencoder = (AutoencoderKlConfig) config;
        throw new UserError("Cannot load the autoencoder " + autoencoder.fromPretrained() + ".");
    }

    /** The text encoder. */
    public static TextEncoder textEncoder(TextEncoderConfig config) {
        if (config instanceof HashTextConfig hash) {
            return new HashTextEncoder(hash.width(), hash.modelMaxLength());
        }
        T5Config t5 = (T5Config) config;
        throw new UserError("Cannot load the text encoder " + t5.fromPretrained() + ".");
    }

    /** The sizes of a model that works between this codec and this text encoder. */
    public static Stdit2Config model(ModelConfig config, LatentCodec codec, TextEncoder text) {
        return new Stdit2Config(
                config.inputSqSize(),
                config.inChannels() == null ? codec.channels() : config.inChannels(),
                List.of(config.patchSize().frames(), config.patchSize().rows(), config.patchSize().columns()),
                config.hiddenSize(), config.depth(), config.numHeads(), config.mlpRatio(),
                config.classDropoutProb(), true,
                config.captionChannels() == null ? text.width() : config.captionChannels(),
                config.modelMaxLength() == null ? text.slots() : config.modelMaxLength(),
                config.qkNorm());
    }
}
