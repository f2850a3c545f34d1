// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.shot.HistogramDetector;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * Cuts where the histogram of brightness changes.
 *
 * @param threshold by how much the correlation with the frame before must fall short of 1, in [0, 1]
 * @param minSceneLen least length of a shot, in frames
 */
public record HistogramConfig(
        @Default("0.05") double threshold, @Default("15") int minSceneLen) implements Section {
    public HistogramConfig {
        Check.fraction("threshold", threshold);
        Check.atLeast("min_scene_len", minSceneLen, 0);
    }

    HistogramDetector detector() {
        return new HistogramDetector(threshold, minSceneLen);
    }
}
