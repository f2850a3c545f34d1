// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.shot.HashDetector;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * Cuts where the perceptual hash changes.
 *
 * @param threshold share of the bits that must differ, in [0, 1]
 * @param minSceneLen least length of a shot, in frames
 */
public record HashConfig(
        @Default("0.395") double threshold, @Default("15") int minSceneLen) implements Section {
    public HashConfig {
        Check.fraction("threshold", threshold);
        Check.atLeast("min_scene_len", minSceneLen, 0);
    }

    HashDetector detector() {
        return new HashDetector(threshold, minSceneLen);
    }
}
