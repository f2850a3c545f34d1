// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.bucketing;

import io.sparkreel.jobs.config.ImageSize;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Section;
import java.util.Map;

/**
 * A resolution of one's own under {@code resolutions}.
 *
 * @param pixels nominal number of pixels, which decides how large a clip must be
 * @param ratios aspect label (height / width, such as "0.56") to target size, in the order in which ties are decided
 */
public record ResolutionConfig(int pixels, Map<String, ImageSize> ratios) implements Section {
    public ResolutionConfig {
        Check.atLeast("pixels", pixels, 1);
    }
}
