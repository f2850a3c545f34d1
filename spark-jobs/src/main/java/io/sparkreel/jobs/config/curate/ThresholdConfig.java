// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.shot.ThresholdDetector;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * Cuts within fades to black.
 *
 * @param threshold mean of red, green and blue below which the picture is out
 * @param fadeBias where between out and in the cut lies: -1 where it went out, 0 in the middle, 1 where it came in
 * @param addFinalScene whether a video that ends out is cut where it went out
 * @param minSceneLen least length of a shot, in frames
 */
public record ThresholdConfig(
        @Default("12") int threshold,
        @Default("0.0") double fadeBias,
        @Default("false") boolean addFinalScene,
        @Default("15") int minSceneLen)
        implements Section {
    public ThresholdConfig {
        Check.that(threshold >= 0 && threshold <= 255, "threshold", threshold, "a whole number from 0 to 255");
        Check.that(fadeBias >= -1 && fadeBias <= 1, "fade_bias", fadeBias, "a number from -1 to 1");
        Check.atLeast("min_scene_len", minSceneLen, 0);
    }

    ThresholdDetector detector() {
        return new ThresholdDetector(threshold, fadeBias, addFinalScene, minSceneLen);
    }
}
