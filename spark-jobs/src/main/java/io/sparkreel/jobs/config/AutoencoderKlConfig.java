// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import io.sparkreel.jobs.config.reader.Check;
import io.sparkreel.jobs.config.reader.Default;
import io.sparkreel.jobs.config.reader.Variant;

/**
 * The autoencoder of Stable Diffusion, frame by frame.
 *
 * @param fromPretrained folder of its weights, or hub id
 * @param localFilesOnly a hub id is only looked up in the cache, and never downloaded
 * @param microBatchSize frames at a time; null: all at once
 */
@Variant("VideoAutoencoderKL")
public record AutoencoderKlConfig(
        String fromPretrained,
        @Default("true") boolean localFilesOnly,
        @Default("null") Integer microBatchSize) implements CodecConfig {
    public AutoencoderKlConfig {
        Check.notBlank("from_pretrained", fromPretrained);
        Check.atLeast("micro_batch_size", microBatchSize, 1);
    }
}
