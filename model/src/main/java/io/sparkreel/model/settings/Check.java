// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.settings;

/** What sections demand of their values. */
public final class Check {
    private Check() {}

    public static void that(boolean holds, String key, Object value, String expected) {
        if (!holds) {
            throw new InvalidValueException(key, value, expected);
        }
    }

    public static void atLeast(String key, Integer value, int least) {
        that(value == null || value >= least, key, value, "a whole number of at least " + least);
    }

    public static void positive(String key, double value) {
        that(value > 0, key, value, "a number above 0");
    }

    public static void notNegative(String key, double value) {
        that(value >= 0, key, value, "a number of at least 0");
    }

    public static void fraction(String key, double value) {
        that(value >= 0 && value <= 1, key, value, "a number between 0 and 1");
    }

    public static void notBlank(String key, String value) {
        that(value == null || !value.isBlank(), key, value, "a text that is not empty");
    }
}
