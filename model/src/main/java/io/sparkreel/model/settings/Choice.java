// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.settings;

import java.util.Locale;

/**
 * An enum whose words in the configuration have hyphens, or are not its names at all. The word of any other enum is
 * its text in lower case.
 */
public interface Choice {
    String name();

    default String word() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The word of a constant of any enum. */
    static String word(Enum<?> constant) {
        return constant instanceof Choice choice
                ? choice.word()
                : constant.toString().toLowerCase(Locale.ROOT);
    }
}
