// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.NoEffect;
import io.sparkreel.model.settings.Variant;
import io.sparkreel.model.torch.Tensors;
import java.util.List;

/**
 * A Haar wavelet codec, which needs no weights: sizes shrink by 2 to the power of {@code levels}.
 *
 * @param levels how often the picture is halved
 * @param temporalFactor frames of a latent frame: 1, or 4 after a first one that is alone, for clips of 1 + 4n frames
 * @param bands the bands of the coarsest level that become latent channels, such as "Y-LL"; where time is compressed also
 *     such as "Y-LL-T1", a difference in time
 * @param scales what each band is divided by, so that latents vary by about 1
 */
@NoEffect(key = "cache_dir", instead = "HF_HOME says where downloads are kept")
@Variant("wavelet")
public record WaveletConfig(
        @Default("3") int levels,
        @Default("1") int temporalFactor,
        @Default("[Y-LL, Y-LH, Y-HL, Y-HH, Cb-LL, Cr-LL]") List<String> bands,
        @Default("[3.3, 0.75, 0.8, 0.38, 0.53, 0.43]") List<Double> scales)
        implements CodecConfig {
    public WaveletConfig {
        Check.atLeast("levels", levels, 1);
        Check.that(temporalFactor == 1 || temporalFactor == 4, "temporal_factor", temporalFactor, "1 or 4");
        Check.that(!bands.isEmpty(), "bands", bands, "at least one band, such as [Y-LL]");
        Check.that(
                scales.size() == bands.size(),
                "scales",
                scales,
                "one number for each of the " + bands.size() + " bands");
        scales.forEach(scale -> Check.positive("scales", scale));
    }

    @Override
    public CodecGeometry geometry(PublishedFolders weights) {
        return codec().geometry();
    }

    @Override
    public LatentCodec load(PublishedFolders weights, Tensors tensors) {
        return codec();
    }

    private WaveletCodec codec() {
        return new WaveletCodec(levels, temporalFactor, bands, scales);
    }

    /** Stored features and results are known by this; those made before time could be compressed keep their name. */
    @Override
    public String toString() {
        String time = temporalFactor == 1 ? "" : "temporalFactor=" + temporalFactor + ", ";
        return "WaveletConfig[levels=" + levels + ", " + time + "bands=" + bands + ", scales=" + scales + "]";
    }
}
