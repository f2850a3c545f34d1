// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.jobs;

import io.sparkreel.jobs.config.reader.ConfigOverride;
import java.util.List;

/**
 * A command line option that sets one key of the configuration.
 *
 * @param name without dashes, with dashes between words; underscores are read as dashes
 * @param kind how many values follow, and how they read
 * @param key dotted path it sets
 * @param values what the usage calls its values, such as "DIR"
 * @param help one line
 */
record JobFlag(String name, Kind kind, String key, String values, String help) {
    enum Kind {
        /** No value: sets true. */
        SWITCH,
        /** One text, taken as it is. */
        TEXT,
        /** One or more texts, up to the next option. */
        TEXTS,
        /** One value, read as YAML. */
        VALUE,
        /** Two values, read as a YAML list. */
        PAIR
    }

    /** How many values follow, as picocli writes it; a pair may come too short, to be told so. */
    String arity() {
        return switch (kind) {
            case SWITCH -> "0";
            case TEXT, VALUE -> "1";
            case TEXTS -> "1..*";
            case PAIR -> "1..2";
        };
    }

    ConfigOverride override(List<String> given) {
        String origin = ("--" + name + " " + String.join(" ", given)).strip();
        return switch (kind) {
            case SWITCH -> ConfigOverride.yaml(key, "true", origin);
            case TEXT -> ConfigOverride.text(key, given.get(0), origin);
            case TEXTS -> ConfigOverride.texts(key, given, origin);
            case VALUE -> ConfigOverride.yaml(key, given.get(0), origin);
            case PAIR -> ConfigOverride.yaml(key, "[" + given.get(0) + ", " + given.get(1) + "]", origin);
        };
    }
}
