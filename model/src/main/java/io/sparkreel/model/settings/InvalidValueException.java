// SPDX-License-Identifier: Apache-2.0
package io.sparkreel.model.settings;

/** Thrown by a section's constructor; the reader adds file and full path of the key. */
public final class InvalidValueException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String key;
    private final String value;
    private final String expected;

    /** A value that another module refuses, with its message. */
    public InvalidValueException(String key, RuntimeException refusal) {
        super(refusal);
        this.key = key;
        this.value = null;
        this.expected = null;
    }

    public InvalidValueException(String key, Object value, String expected) {
        super("'" + key + "' is " + value + ". Give " + expected + ".");
        this.key = key;
        this.value = value instanceof CharSequence ? "\"" + value + "\"" : String.valueOf(value);
        this.expected = expected;
    }

    /** In snake_case, relative to the section. */
    public String key() {
        return key;
    }

    /** The value as the refusal shows it; null where another refusal is the cause. */
    public String value() {
        return value;
    }

    /** What to give instead; null where another refusal is the cause. */
    public String expected() {
        return expected;
    }
}
