// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.settings.Tuple;

/** Decay rates of Adam's first and second moment, read from {@code [0.9, 0.999]}. */
@Tuple("the two decay rates of Adam, such as [0.9, 0.999]")
public record AdamBetas(double first, double second) implements Section {
    public AdamBetas {
        Check.that(first >= 0 && first < 1, "first", first, "a number from 0 to below 1");
        Check.that(second >= 0 && second < 1, "second", second, "a number from 0 to below 1");
    }
}
