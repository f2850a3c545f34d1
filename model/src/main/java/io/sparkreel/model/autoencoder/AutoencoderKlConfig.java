// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.autoencoder;

import io.sparkreel.model.CodecGeometry;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.NoEffect;
import io.sparkreel.model.settings.Variant;
import io.sparkreel.model.torch.Tensors;
import java.io.IOException;

/**
 * The autoencoder of Stable Diffusion, frame by frame.
 *
 * @param fromPretrained folder of its weights, or hub id
 * @param localFilesOnly a hub id is only looked up in the cache, and never downloaded
 * @param microBatchSize frames at a time; null: all at once
 */
@NoEffect(key = "cache_dir", instead = "HF_HOME says where downloads are kept")
@Variant("VideoAutoencoderKL")
public record AutoencoderKlConfig(
        String fromPretrained,
        @Default("true") boolean localFilesOnly,
        @Default("null") Integer microBatchSize) implements CodecConfig {
    public AutoencoderKlConfig {
        Check.notBlank("from_pretrained", fromPretrained);
        Check.atLeast("micro_batch_size", microBatchSize, 1);
    }

    @Override
    public CodecGeometry geometry(PublishedFolders weights) throws IOException {
        return AutoencoderKl.geometry(weights.find(fromPretrained, localFilesOnly, true));
    }

    @Override
    public LatentCodec load(PublishedFolders weights, Tensors tensors) throws IOException {
        int frames = microBatchSize == null ? Integer.MAX_VALUE : microBatchSize;
        return AutoencoderKl.load(weights.find(fromPretrained, localFilesOnly, false), frames, tensors);
    }
}
