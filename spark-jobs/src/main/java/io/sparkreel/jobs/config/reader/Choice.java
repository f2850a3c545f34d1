// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs.config.reader;

import java.util.Locale;

/** An enum whose constants are words of the configuration; {@link #word()} is the YAML spelling. */
public interface Choice {
    String name();

    default String word() {
        return name().toLowerCase(Locale.ROOT);
    }
}
