// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.family;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.optim.Freeze;
import io.sparkreel.model.settings.Chosen;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.text.TextSizes;

/** {@code model} of a configuration: the sizes of a model and where its first weights come from. */
@Chosen(otherwise = "STDiT2")
public interface ModelSection extends Section {
    /** Checkpoint, run, folder or file of first weights, or hub id; null: initialised afresh. */
    String fromPretrained();

    /** Whether a hub id is only looked up in the cache, and never downloaded. */
    boolean localFilesOnly();

    /** How often training replaces the text by the null caption. */
    double classDropoutProb();

    /** What is left untrained; null: nothing. */
    Freeze freeze();

    /** The model that it describes, between a codec and a text encoder. */
    DenoiserConfig sizes(CodecGeometry codec, TextSizes text);
}
