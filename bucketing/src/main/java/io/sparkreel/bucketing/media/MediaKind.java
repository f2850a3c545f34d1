// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.bucketing.media;

import java.util.Locale;

/** Moving or still. */
public enum MediaKind {
    VIDEO,
    IMAGE;

    /** The value of the column {@code kind}. */
    public String tableValue() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Reads the column {@code kind}. */
    public static MediaKind fromTableValue(String value) {
        return valueOf(value.toUpperCase(Locale.ROOT));
    }
}
