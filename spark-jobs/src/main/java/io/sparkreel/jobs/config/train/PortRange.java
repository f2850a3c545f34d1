// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.train;

import io.sparkreel.model.settings.Check;
import io.sparkreel.model.settings.Section;
import io.sparkreel.model.settings.Tuple;

/** Ports to listen on, both ends included, read from {@code [40000, 40063]}. */
@Tuple("the first and the last port, such as [40000, 40063]")
public record PortRange(int first, int last) implements Section {
    public PortRange {
        Check.that(first >= 1 && first <= 65535, "first", first, "a port of 1 to 65535");
        Check.that(last >= first && last <= 65535, "last", last, "a port of " + first + " to 65535");
    }
}
