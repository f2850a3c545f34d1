// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.curate;

import io.sparkreel.bucketing.curate.shot.SoftTransitions;
import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Default;
import io.sparkreel.model.settings.Section;

/**
 * Takes dissolves and wipes out of shots.
 *
 * @param margin frames that are taken off beside a transition
 */
public record SoftConfig(@Default("4") int margin) implements Section {
    public SoftConfig {
        Check.atLeast("margin", margin, 0);
    }

    SoftTransitions transitions() {
        return new SoftTransitions(margin);
    }
}
