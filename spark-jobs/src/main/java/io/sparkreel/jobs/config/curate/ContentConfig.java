// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.shot.ContentDetector;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Filter;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Weights;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * Cuts where the picture changes fast.
 *
 * @param threshold of the weighted change, in levels of 0 to 255
 * @param weights of the changes
 * @param lumaOnly whether brightness alone counts
 * @param minSceneLen least length of a shot, in frames
 * @param filterMode whether cuts that come sooner are merged or suppressed
 */
public record ContentConfig(
        @Default("27.0") double threshold,
        WeightConfig weights,
        @Default("false") boolean lumaOnly,
        @Default("15") int minSceneLen,
        @Default("merge") Filter filterMode)
        implements Section {
    public ContentConfig {
        Check.notNegative("threshold", threshold);
        Check.atLeast("min_scene_len", minSceneLen, 0);
    }

    ContentDetector detector() {
        return new ContentDetector(threshold, lumaOnly ? Weights.LUMA : weights.weights(), minSceneLen, filterMode);
    }

    boolean weighsEdges() {
        return !lumaOnly && weights.edges() != 0;
    }
}
