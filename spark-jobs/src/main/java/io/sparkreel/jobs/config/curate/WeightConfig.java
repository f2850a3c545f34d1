// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.shot.ContentDetector.Weights;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * How much each change counts.
 *
 * @param hue weight of changes of hue
 * @param saturation weight of changes of saturation
 * @param luma weight of changes of brightness
 * @param edges weight of changes of edges, which are measured only where this is not 0
 */
public record WeightConfig(
        @Default("1.0") double hue,
        @Default("1.0") double saturation,
        @Default("1.0") double luma,
        @Default("0.0") double edges)
        implements Section {
    public WeightConfig {
        Check.that(
                hue != 0 || saturation != 0 || luma != 0 || edges != 0,
                "hue",
                hue,
                "a weight that is not 0, or" + " another one");
    }

    Weights weights() {
        return new Weights(hue, saturation, luma, edges);
    }
}
