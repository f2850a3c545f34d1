// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.settings.Tuple;

/**
 * What {@code bucket_config} says of one resolution and number of frames, read from {@code [1.0, 8]}.
 *
 * @param keepProbability that a clip which fits is taken, in [0, 1]; 0 closes the level
 * @param batchSize clips in a micro-batch, or null where the level is closed
 */
@Tuple("keep_prob and batch size, such as [1.0, 8], or [0.0, null] to close it")
public record BucketLevel(double keepProbability, Integer batchSize) implements Section {
    public BucketLevel {
        Check.fraction("keep_prob", keepProbability);
        Check.atLeast("batch_size", batchSize, 1);
        Check.that(
                batchSize != null || keepProbability == 0,
                "batch_size",
                null,
                "a whole number of at least 1: only a level with keep_prob 0 goes without");
    }
}
