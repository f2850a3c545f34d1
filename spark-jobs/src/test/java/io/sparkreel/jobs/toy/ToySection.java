// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.toy;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.family.DenoiserConfig;
import io.sparkreel.model.family.ModelSection;
import io.sparkreel.model.optim.Freeze;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.text.TextSizes;

/** {@code model} of a toy. */
public record ToySection(
        @Default("Toy") String type,
        @Default("null") String fromPretrained,
        @Default("true") boolean localFilesOnly,
        @Default("12") int toyWidth,
        @Default("0.1") double classDropoutProb,
        @Default("null") Freeze freeze)
        implements ModelSection {
    public ToySection {
        Check.atLeast("toy_width", toyWidth, 1);
    }

    @Override
    public DenoiserConfig sizes(CodecGeometry codec, TextSizes text) {
        return new ToyConfig(codec.channels(), toyWidth, text.width(), text.slots(), classDropoutProb);
    }
}
