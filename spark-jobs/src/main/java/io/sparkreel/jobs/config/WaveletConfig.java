// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import io.sparkreel.jobs.config.reader.Check;
import io.sparkreel.jobs.config.reader.Default;
import io.sparkreel.jobs.config.reader.Variant;
import java.util.List;

/**
 * A Haar wavelet codec, which needs no weights: sizes shrink by 2 to the power of {@code levels}.
 *
 * @param levels how often the picture is halved
 * @param bands the bands of the coarsest level that become latent channels, such as "Y-LL"
 * @param scales what each band is divided by, so that latents vary by about 1
 */
@Variant("wavelet")
public record WaveletConfig(
        @Default("3") int levels,
        @Default("[Y-LL, Y-LH, Y-HL, Y-HH, Cb-LL, Cr-LL]") List<String> bands,
        @Default("[3.3, 0.75, 0.8, 0.38, 0.53, 0.43]") List<Double> scales)
        implements CodecConfig {
    public WaveletConfig {
        Check.atLeast("levels", levels, 1);
        Check.that(!bands.isEmpty(), "bands", bands, "at least one band, such as [Y-LL]");
        Check.that(
                scales.size() == bands.size(),
                "scales",
                scales,
                "one number for each of the " + bands.size() + " bands");
        scales.forEach(scale -> Check.positive("scales", scale));
    }
}
