// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.settings.Tuple;

/** A size in pixels, read from {@code [height, width]}. */
@Tuple("a height and a width in pixels, such as [240, 426]")
public record ImageSize(int height, int width) implements Section {
    public ImageSize {
        Check.atLeast("height", height, 1);
        Check.atLeast("width", width, 1);
    }
}
