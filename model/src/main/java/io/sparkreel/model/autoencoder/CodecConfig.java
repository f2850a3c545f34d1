// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.settings.Chosen;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.torch.Tensors;
import java.io.IOException;

/** {@code vae}: the codec between pixels and latents, chosen by {@code type}. */
@Chosen
public interface CodecConfig extends Section {
    /** Folder of its weights, or hub id; null for a codec without weights. */
    default String fromPretrained() {
        return null;
    }

    /** Whether a hub id is only looked up in the cache, and never downloaded. */
    default boolean localFilesOnly() {
        return true;
    }

    /** The geometry of the codec, which takes no weights. */
    CodecGeometry geometry(PublishedFolders weights) throws IOException;

    /** The codec. */
    LatentCodec load(PublishedFolders weights, Tensors tensors) throws IOException;
}
