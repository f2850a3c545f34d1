// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.Extension;
import io.sparkreel.model.settings.SectionRecord;
import java.util.List;

/** The codecs of this library. */
public final class Codecs implements Extension {
    @Override
    public List<?> parts() {
        return List.of(
                new SectionRecord(CodecConfig.class, List.of("VideoAutoencoderKL"), AutoencoderKlConfig.class),
                new SectionRecord(CodecConfig.class, List.of("wavelet"), WaveletConfig.class));
    }
}
