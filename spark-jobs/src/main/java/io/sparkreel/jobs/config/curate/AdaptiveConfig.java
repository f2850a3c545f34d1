// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.shot.AdaptiveDetector;
import io.sparkreel.bucketing.curate.shot.ContentDetector.Weights;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * Cuts where the picture changes much faster than around.
 *
 * @param adaptiveThreshold how many times the mean change around it a change must be
 * @param minContentVal least change, in levels of 0 to 255
 * @param windowWidth frames on each side that are compared
 * @param weights of the changes
 * @param lumaOnly whether brightness alone counts
 * @param minSceneLen least length of a shot, in frames
 */
public record AdaptiveConfig(
        @Default("3.0") double adaptiveThreshold,
        @Default("15.0") double minContentVal,
        @Default("2") int windowWidth,
        WeightConfig weights,
        @Default("false") boolean lumaOnly,
        @Default("15") int minSceneLen)
        implements Section {
    public AdaptiveConfig {
        Check.notNegative("adaptive_threshold", adaptiveThreshold);
        Check.notNegative("min_content_val", minContentVal);
        Check.atLeast("window_width", windowWidth, 1);
        Check.atLeast("min_scene_len", minSceneLen, 0);
    }

    AdaptiveDetector detector() {
        return new AdaptiveDetector(
                adaptiveThreshold,
                minContentVal,
                windowWidth,
                lumaOnly ? Weights.LUMA : weights.weights(),
                minSceneLen);
    }

    boolean weighsEdges() {
        return !lumaOnly && weights.edges() != 0;
    }
}
