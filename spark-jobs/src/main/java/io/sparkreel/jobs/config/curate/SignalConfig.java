// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * What is measured of every frame.
 *
 * @param signalSize whether brightness, stillness and motion are taken of pictures of at most 256 pixels, or of full size
 * @param soft whether the likeness that {@code detectors.soft} needs is measured
 * @param blackLevel share of the way from black to white up to which a pixel is black, in [0, 1]
 * @param noise share of 256 up to which two frames count as the same, in [0, 1]
 * @param barLimit mean luma up to which a row or column belongs to a bar, 0 to 255
 * @param part seconds; a longer video in a container with an index is measured in parts by several tasks, to the same
 *     result; null: never
 */
public record SignalConfig(
        @Default("256") SignalSize signalSize,
        @Default("true") boolean soft,
        @Default("0.10") double blackLevel,
        @Default("0.001") double noise,
        @Default("24") int barLimit,
        @Default("600.0") Double part)
        implements Section {
    public SignalConfig {
        Check.fraction("black_level", blackLevel);
        Check.fraction("noise", noise);
        Check.that(barLimit >= 0 && barLimit <= 255, "bar_limit", barLimit, "a whole number from 0 to 255");
        Check.that(part == null || part > 0, "part", part, "a number above 0, or null");
    }
}
