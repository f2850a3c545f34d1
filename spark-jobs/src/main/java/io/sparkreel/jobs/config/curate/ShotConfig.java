// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.clip.ClipRules;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * How shots become clips.
 *
 * @param trim seconds taken off where a shot begins or ends, but at the ends of the video
 * @param longest seconds; longer shots are split evenly; null: never
 * @param snap a clip begins at a keyframe that lies up to so many frames behind its beginning, which saves the decoding of
 *     those before
 * @param black seconds of black frames from which they are cut out of a shot; null: they stay in it
 * @param frozen seconds of frozen frames from which they are cut out of a shot; null: they stay in it
 */
public record ShotConfig(
        @Default("0.0") double trim,
        @Default("20.0") Double longest,
        @Default("0") int snap,
        @Default("0.2") Double black,
        @Default("0.5") Double frozen)
        implements Section {
    public ShotConfig {
        Check.notNegative("trim", trim);
        Check.that(longest == null || longest > 0, "longest", longest, "a number above 0, or null");
        Check.atLeast("snap", snap, 0);
        Check.that(black == null || black > 0, "black", black, "a number above 0, or null");
        Check.that(frozen == null || frozen > 0, "frozen", frozen, "a number above 0, or null");
    }

    /** What of a shot becomes a clip. */
    public ClipRules clipRules() {
        return new ClipRules(trim, longest == null ? Double.POSITIVE_INFINITY : longest, snap);
    }
}
